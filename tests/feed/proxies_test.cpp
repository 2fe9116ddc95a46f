// Who is believed about whom they stand for.
#include "feed/proxies.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace feed {
namespace {

const Proxies proxies({"127.0.0.1", "10.0.0.2", "2001:db8::1"});

std::string client(std::string_view peer, std::string_view forwarded_for) {
  return proxies.client(boost::asio::ip::make_address(std::string(peer)), forwarded_for).to_string();
}

bool secure(std::string_view peer, std::string_view forwarded_proto) {
  return proxies.secure(boost::asio::ip::make_address(std::string(peer)), forwarded_proto);
}

TEST(Proxies, AreBelievedWhereTheyAreTrusted) {
  EXPECT_EQ(client("127.0.0.1", "192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client("2001:db8::1", "2001:db8::7"), "2001:db8::7");
  EXPECT_EQ(client("192.0.2.1", "192.0.2.7"), "192.0.2.1") << "anybody can send the field";
  EXPECT_EQ(Proxies().client(boost::asio::ip::make_address("127.0.0.1"), "192.0.2.7").to_string(),
            "127.0.0.1");
}

TEST(Proxies, AreNotBelievedAboutWhatOthersToldThem) {
  EXPECT_EQ(client("127.0.0.1", "203.0.113.9, 192.0.2.7"), "192.0.2.7")
      << "the left one was sent by the client";
  EXPECT_EQ(client("127.0.0.1", "203.0.113.9, 192.0.2.7, 10.0.0.2"), "192.0.2.7") << "through two proxies";
  EXPECT_EQ(client("127.0.0.1", "10.0.0.2"), "10.0.0.2") << "a proxy that asks for itself";
}

TEST(Proxies, SayWhatIsNoAddress) {
  EXPECT_EQ(client("127.0.0.1", ""), "127.0.0.1");
  EXPECT_EQ(client("127.0.0.1", "unknown"), "127.0.0.1");
  EXPECT_EQ(client("127.0.0.1", "192.0.2.7, _hidden"), "127.0.0.1");
  EXPECT_EQ(client("127.0.0.1", "192.0.2.7, not an address, 10.0.0.2"), "10.0.0.2");
  EXPECT_EQ(client("127.0.0.1", ",,,"), "127.0.0.1");
  std::string long_one(8000, ',');
  long_one += "192.0.2.7";
  EXPECT_EQ(client("127.0.0.1", long_one), "192.0.2.7");
}

TEST(Proxies, AreTheSameAsMappedAddresses) {
  EXPECT_EQ(client("::ffff:127.0.0.1", "::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_TRUE(Proxies({"::ffff:10.0.0.9"}).contain(boost::asio::ip::make_address("10.0.0.9")));
}

TEST(Proxies, SayHowTheClientCame) {
  EXPECT_TRUE(secure("127.0.0.1", "https"));
  EXPECT_TRUE(secure("127.0.0.1", "HTTPS"));
  EXPECT_TRUE(secure("127.0.0.1", "http, https")) << "the last is the proxy's own";
  EXPECT_FALSE(secure("127.0.0.1", "https, http"));
  EXPECT_FALSE(secure("127.0.0.1", "http"));
  EXPECT_FALSE(secure("127.0.0.1", ""));
  EXPECT_FALSE(secure("127.0.0.1", "httpsx"));
  EXPECT_FALSE(secure("192.0.2.1", "https")) << "not a trusted one";
}

TEST(Proxies, AreAddresses) {
  for (const std::string wrong : {"", "localhost", "10.0.0.0/8", "127.0.0.1:80", "1.2.3"}) {
    EXPECT_THROW(Proxies({wrong}), std::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace feed
