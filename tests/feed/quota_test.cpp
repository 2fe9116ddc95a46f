#include "feed/quota.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace feed {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const net::ip::address ada = net::ip::make_address("10.0.0.1");
const net::ip::address bob = net::ip::make_address("2001:db8::1");

TEST(AddressQuota, GivesEachAddressSoMany) {
  Quota quota(2);
  EXPECT_TRUE(quota.take(ada));
  EXPECT_TRUE(quota.take(ada));
  EXPECT_FALSE(quota.take(ada));
  EXPECT_TRUE(quota.take(bob));
  quota.give_back(ada);
  EXPECT_TRUE(quota.take(ada));
  EXPECT_FALSE(quota.take(ada));
}

TEST(AddressQuota, OfNoneIsNoLimit) {
  Quota quota(0);
  for (int n = 0; n < 1000; ++n) EXPECT_TRUE(quota.take(ada));
  quota.give_back(bob);
  EXPECT_TRUE(quota.take(bob));
}

class TokenBucketTest : public testing::Test {
 protected:
  // How many are to be had at once.
  int burst(double a_second) {
    int taken = 0;
    while (taken < 10'000 && bucket.take(a_second, now) == Clock::duration::zero()) ++taken;
    return taken;
  }
  TokenBucket bucket;
  Clock::time_point now = Clock::time_point(std::chrono::hours(1000));
};

TEST_F(TokenBucketTest, HasAtOnceWhatASecondBrings) {
  EXPECT_EQ(burst(20), 20);
  now += seconds(1);
  EXPECT_EQ(burst(20), 20);
}

TEST_F(TokenBucketTest, SavesUpNoMoreThanASecondBrings) {
  EXPECT_EQ(burst(20), 20);
  now += std::chrono::hours(1);
  EXPECT_EQ(burst(20), 20);
}

TEST_F(TokenBucketTest, FillsAtItsRate) {
  burst(20);
  now += milliseconds(500);
  EXPECT_EQ(burst(20), 10);
}

TEST_F(TokenBucketTest, SaysHowLongToWait) {
  burst(20);
  EXPECT_EQ(bucket.take(20, now), milliseconds(50));
  now += milliseconds(20);
  EXPECT_EQ(bucket.take(20, now), milliseconds(30));
  now += milliseconds(30);
  EXPECT_EQ(bucket.take(20, now), Clock::duration::zero());
  EXPECT_EQ(bucket.take(20, now), milliseconds(50));
}

TEST_F(TokenBucketTest, OfLessThanOneASecondHasOne) {
  EXPECT_EQ(burst(0.5), 1);
  EXPECT_EQ(bucket.take(0.5, now), seconds(2));
}

TEST_F(TokenBucketTest, OfNoRateIsNoLimit) { EXPECT_EQ(burst(0), 10'000); }

}  // namespace
}  // namespace feed
