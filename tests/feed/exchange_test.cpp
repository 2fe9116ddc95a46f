// The parts of an exchange that need no connection: what is decided about a request before it is answered.
#include "feed/exchange.hpp"

#include "feed/guard.hpp"
#include "feed/routes.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace feed {
namespace {

using testing::HasSubstr;

TEST(Chunk, IsItsSizeInHexadecimalAndItsBytes) {
  // RFC 9112, 7.1
  EXPECT_EQ(chunk("hello"), "5\r\nhello\r\n");
  EXPECT_EQ(chunk("hello, world"), "c\r\nhello, world\r\n");
  EXPECT_EQ(chunk(std::string(16, 'x')), "10\r\n" + std::string(16, 'x') + "\r\n");
  EXPECT_EQ(chunk(std::string(65536, 'x')), "10000\r\n" + std::string(65536, 'x') + "\r\n");
  EXPECT_EQ(chunk("\r\n"), "2\r\n\r\n\r\n");
}

TEST(HttpDate, IsAnImfFixdate) {
  // RFC 9110, 5.6.7
  EXPECT_TRUE(std::regex_match(
      http_date(),
      std::regex("(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d [A-Z][a-z][a-z] \\d{4} \\d\\d:\\d\\d:\\d\\d GMT")))
      << http_date();
}

TEST(Problem, SaysStatusTitleAndDetail) {
  const Response response = problem(http::status::not_found, "got \"x\"");
  EXPECT_EQ(response.status, http::status::not_found);
  EXPECT_EQ(response.type, "application/problem+json");
  EXPECT_EQ(response.body, R"({"status":404,"title":"Not Found","detail":"got \"x\""})");
}

// An exchange over a connection that does not exist: nothing is written.
class ExchangeTest : public testing::Test {
 protected:
  Exchange make(http::verb method, std::string_view target,
                std::vector<std::pair<std::string, std::string>> fields = {}) {
    Request request(method, boost::beast::string_view(target.data(), target.size()), 11);
    for (const auto& [name, value] : fields) request.insert(name, value);
    return {connection, std::move(request), {}};
  }

  net::io_context io;
  Traffic traffic;
  Connection connection{net::ip::tcp::socket(io), traffic};
};

net::awaitable<void> nothing(Exchange&) { co_return; }

class RoutesTest : public ExchangeTest {
 protected:
  RoutesTest() {
    routes.add(http::verb::get, "/", nothing);
    routes.add(http::verb::get, "/stats", nothing);
    routes.add(http::verb::get, "/rooms/{room}/messages", nothing);
    routes.add(http::verb::post, "/rooms/{room}/messages", nothing);
  }
  // The status where it is refused, else 0.
  unsigned status_of(http::verb method, std::string_view target) {
    Exchange exchange = make(method, target);
    const auto found = routes.find(exchange);
    const auto* response = std::get_if<Response>(&found);
    return response ? static_cast<unsigned>(response->status) : 0;
  }

  Routes routes;
};

TEST_F(RoutesTest, FindTheHandlerByMethodAndPath) {
  EXPECT_EQ(status_of(http::verb::get, "/"), 0u);
  EXPECT_EQ(status_of(http::verb::get, "/stats"), 0u);
  EXPECT_EQ(status_of(http::verb::head, "/stats"), 0u);
  EXPECT_EQ(status_of(http::verb::get, "/stats?x=y"), 0u);
  EXPECT_EQ(status_of(http::verb::post, "/rooms/lobby/messages"), 0u);
}

TEST_F(RoutesTest, KnowNoOtherPath) {
  for (const std::string_view target :
       {"/x", "/stats/", "/stats/x", "/Stats", "/rooms", "/rooms/", "/rooms/lobby", "/rooms/lobby/messages/",
        "/rooms/lobby/x", "//stats", "/rooms/a/b/messages", "/x/../stats"}) {
    const unsigned status = status_of(http::verb::get, target);
    EXPECT_TRUE(status == 404 || status == 400) << target << ' ' << status;
  }
}

TEST_F(RoutesTest, RefuseAnotherMethodWithThoseThatAreAllowed) {
  Exchange exchange = make(http::verb::delete_, "/rooms/lobby/messages");
  const Response refusal = std::get<Response>(routes.find(exchange));
  EXPECT_EQ(refusal.status, http::status::method_not_allowed);
  EXPECT_THAT(refusal.fields, HasSubstr("Allow: GET, POST\r\n"));
  EXPECT_THAT(refusal.body, HasSubstr("method is DELETE, expected GET, POST"));
}

TEST_F(RoutesTest, DecodeTheRoomsName) {
  Exchange exchange = make(http::verb::get, "/rooms/%EC%84%9C%EC%9A%B8%20%3F%23%25/messages");
  ASSERT_TRUE(std::holds_alternative<const Handler*>(routes.find(exchange)));
  EXPECT_EQ(exchange.room(), "서울 ?#%");
}

TEST_F(RoutesTest, DecodeTheRoomsNameOnce) {
  Exchange exchange = make(http::verb::get, "/rooms/%2541/messages");
  ASSERT_TRUE(std::holds_alternative<const Handler*>(routes.find(exchange)));
  EXPECT_EQ(exchange.room(), "%41");
}

TEST_F(RoutesTest, TwoHandlersForOneAreAMistake) {
  EXPECT_THROW(routes.add(http::verb::get, "/stats", nothing), std::invalid_argument);
}

TEST_F(RoutesTest, GiveTheQueryDecoded) {
  Exchange exchange = make(http::verb::get, "/stats?after=k3f9.17&x=%EC%84%9C+y&empty=&none&after2=0");
  ASSERT_TRUE(std::holds_alternative<const Handler*>(routes.find(exchange)));
  EXPECT_EQ(exchange.query("after").value(), "k3f9.17");
  EXPECT_EQ(exchange.query("empty").value(), "");
  EXPECT_EQ(exchange.query("none").value(), "");
  EXPECT_EQ(exchange.query("nowhere").value(), std::nullopt);
  EXPECT_EQ(exchange.after().value(), After::at({"k3f9", 17}));
}

TEST_F(RoutesTest, AQueryThatGivesAParameterTwiceIsRefused) {
  Exchange exchange = make(http::verb::get, "/stats?after=0&aft%65r=latest");
  ASSERT_TRUE(std::holds_alternative<const Handler*>(routes.find(exchange)));
  EXPECT_EQ(exchange.query("after").error().detail, "\"after\" is given more than once, expected once");
}

TEST_F(RoutesTest, WithoutAfterAReaderGetsEverything) {
  Exchange exchange = make(http::verb::get, "/stats");
  ASSERT_TRUE(std::holds_alternative<const Handler*>(routes.find(exchange)));
  EXPECT_EQ(exchange.after().value(), After::everything());
}

class GuardTest : public testing::Test {
 protected:
  GuardTest() {
    head.method(http::verb::get);
    head.target("/stats");
    head.version(11);
    head.set(http::field::host, "127.0.0.1:8081");
  }
  // The status of the refusal, or 0.
  int status() const {
    const auto admitted = guard(head, allowed);
    return admitted ? 0 : admitted.error().status;
  }

  http::header<true> head;
  std::vector<std::string> allowed;
};

TEST_F(GuardTest, LetsAProperHeadThrough) { EXPECT_EQ(status(), 0); }

TEST_F(GuardTest, LetsHttp10WithoutAHostThrough) {
  head.version(10);
  head.erase(http::field::host);
  EXPECT_EQ(status(), 0);
}

TEST_F(GuardTest, RefusesAnythingElseThanOneHost) {
  head.erase(http::field::host);
  EXPECT_EQ(status(), 400);
  head.insert(http::field::host, "a");
  head.insert(http::field::host, "a");
  EXPECT_EQ(status(), 400);
}

TEST_F(GuardTest, RefusesAHostThatIsNone) {
  for (const std::string_view host :
       {"a/b", "ada@a", "a b", "a, b", "<a>", "\xc3\xa9", "a\"", "a?b", "a#b"}) {
    head.set(http::field::host, {host.data(), host.size()});
    EXPECT_EQ(status(), 400) << host;
  }
  for (const std::string_view host : {"a", "a.example:80", "[::1]:8080", "xn--9ca.example", "a_b", ""}) {
    head.set(http::field::host, {host.data(), host.size()});
    EXPECT_EQ(status(), 0) << host;
  }
}

TEST_F(GuardTest, RefusesOtherVersions) {
  for (const unsigned version : {9u, 12u, 20u, 30u}) {
    head.version(version);
    EXPECT_EQ(status(), 505) << version;
  }
}

TEST_F(GuardTest, RefusesATargetThatIsNoPath) {
  for (const std::string_view target : {"", "*", "stats", "http://127.0.0.1/stats", "127.0.0.1:80"}) {
    head.target({target.data(), target.size()});
    EXPECT_EQ(status(), 400) << target;
  }
}

TEST_F(GuardTest, RefusesEveryTransferEncoding) {
  for (const std::string_view coding : {"chunked", "gzip", "identity", "gzip, chunked",
                                        "\x0b"
                                        "chunked",
                                        ""}) {
    head.set(http::field::transfer_encoding, {coding.data(), coding.size()});
    EXPECT_EQ(status(), 411) << coding;
  }
  head.set(http::field::content_length, "5");
  EXPECT_EQ(status(), 400);
}

TEST_F(GuardTest, RefusesAPostWithoutALengthOrWithTwo) {
  head.method(http::verb::post);
  EXPECT_EQ(status(), 411);
  head.insert(http::field::content_length, "5");
  EXPECT_EQ(status(), 0);
  head.insert(http::field::content_length, "5");
  EXPECT_EQ(status(), 400);
}

TEST_F(GuardTest, KnowsItsOwnOriginFromForeignOnes) {
  for (const std::string_view origin : {"http://127.0.0.1:8081", "https://127.0.0.1:8081"}) {
    head.set(http::field::origin, {origin.data(), origin.size()});
    EXPECT_EQ(status(), 0) << origin;
  }
  for (const std::string_view origin :
       {"", "null", "http://127.0.0.1", "http://127.0.0.1:80", "http://127.0.0.1:80811",
        "http://127.0.0.1:8081.evil.example", "http://evil.example/127.0.0.1:8081", "http://a@127.0.0.1:8081",
        "ftp://127.0.0.1:8081", "127.0.0.1:8081", "http://127.0.0.1:8081/"}) {
    head.set(http::field::origin, {origin.data(), origin.size()});
    EXPECT_EQ(status(), 403) << origin;
  }
}

TEST_F(GuardTest, LetsAnAllowedOriginThroughAndNoOther) {
  allowed = {"http://localhost:3000", "https://example.org"};
  for (const std::string_view origin : {"http://localhost:3000", "https://example.org"}) {
    head.set(http::field::origin, {origin.data(), origin.size()});
    EXPECT_EQ(status(), 0) << origin;
  }
  for (const std::string_view origin : {"http://localhost:30000", "http://example.org",
                                        "https://example.org.evil.example", "https://sub.example.org"}) {
    head.set(http::field::origin, {origin.data(), origin.size()});
    EXPECT_EQ(status(), 403) << origin;
  }
}

TEST_F(GuardTest, RefusesTwoOrigins) {
  head.insert(http::field::origin, "http://127.0.0.1:8081");
  head.insert(http::field::origin, "http://127.0.0.1:8081");
  EXPECT_EQ(status(), 403);
}

TEST(CountingPolicyTest, CountsForItselfAndForAll) {
  Traffic all;
  CountingPolicy one(all);
  CountingPolicy other(all);
  CountingPolicy alone;
  one.count_in(5);
  one.count_out(7);
  other.count_in(100);
  alone.count_in(1000);
  EXPECT_EQ(one.own().in, 5u);
  EXPECT_EQ(one.own().out, 7u);
  EXPECT_EQ(all.in, 105u);
  EXPECT_EQ(all.out, 7u);
  EXPECT_EQ(alone.own().in, 1000u);
}

}  // namespace
}  // namespace feed
