#include "feed/connection.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>

namespace feed {
namespace {

using net::ip::tcp;

// A socket that waits for something to read, and a limit of time in the past.
class TimeLimitTest : public testing::Test {
 protected:
  TimeLimitTest() {
    socket.connect(acceptor.local_endpoint());
    socket.async_wait(tcp::socket::wait_read,
                      [this](const boost::system::error_code& error) { ended = error; });
  }

  net::io_context io{1};
  tcp::acceptor acceptor{io, {net::ip::address_v4::loopback(), 0}};
  tcp::socket socket{io};
  std::optional<boost::system::error_code> ended;  // the wait
};

TEST_F(TimeLimitTest, EndsWhatTheSocketWaitsForWhenTimeIsUp) {
  const TimeLimit limit(socket, std::chrono::milliseconds(-1));
  while (!ended) io.run_one();
  EXPECT_EQ(ended, net::error::operation_aborted);
  EXPECT_TRUE(limit.expired());
}

TEST_F(TimeLimitTest, ThatIsOverEndsNothingAlthoughItsTimeIsUpAtTheSameMoment) {
  std::optional<TimeLimit> limit(std::in_place, socket, std::chrono::milliseconds(-1));
  // Both are due when the loop looks, so both handlers are called, one after the other.
  net::steady_timer earlier(io, std::chrono::minutes(-1));  // however long this took since
  earlier.async_wait([&](const boost::system::error_code&) { limit.reset(); });

  io.poll();

  EXPECT_FALSE(limit);
  EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace feed
