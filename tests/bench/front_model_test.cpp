#include "bench/front_model.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using bench::Seconds;

double ms(Seconds time) { return time.count() * 1e3; }

TEST(ColdStartModel, IsTwoRoundTripsAndThoseOfTls) {
  using bench::Tls;
  EXPECT_DOUBLE_EQ(ms(bench::cold_start(Tls::none, 50ms)), 200);
  EXPECT_DOUBLE_EQ(ms(bench::cold_start(Tls::v1_3, 50ms)), 300);
  EXPECT_DOUBLE_EQ(ms(bench::cold_start(Tls::v1_2, 50ms)), 400);
  EXPECT_DOUBLE_EQ(ms(bench::cold_start(Tls::v1_2, 50ms, true)), 300);
  EXPECT_DOUBLE_EQ(ms(bench::cold_start(Tls::v1_3, 50ms, true)), 300);
  EXPECT_EQ(bench::tls_round_trips(Tls::none, true), 0u);
}

// The usual range of Linux, 32768 to 60999.
TEST(KeepAliveModel, HasAPortBackAfterAMinute) {
  EXPECT_NEAR(bench::polls_per_second_at_most(28'232), 470.5, 0.05);
}

// As a line of packets counted them: 155 bytes of request and answer.
TEST(ExchangeModel, CountsThePacketsOfAFreshConnection) {
  EXPECT_EQ(bench::packets_of_fresh_exchange(), 10u);
  EXPECT_EQ(bench::ip_bytes_of_fresh_exchange(155), 155u + 8 * 52 + 2 * 60);
}

TEST(ProxyModel, KeepsAMessageUntilItsBufferIsFull) {
  const std::vector<Seconds> said{1s, 2s, 3s, 4s, 5s, 6s};
  // A buffer of 100 bytes, 10 of them the head: it is full in the middle of the third message, the next one in the last byte of the
  // fifth, and of the sixth nothing has been passed on.
  const std::vector<std::size_t> bytes{40, 40, 40, 30, 40, 40};
  const auto kept = bench::kept_by_proxy(said, bytes, 10, 100);
  const std::vector<std::optional<Seconds>> expected{2s, 1s, 2s, 1s, 0s, std::nullopt};
  EXPECT_EQ(kept, expected);
}

TEST(ProxyModel, KeepsNothingThatIsLargerThanItsBuffers) {
  const auto kept =
      bench::kept_by_proxy(std::vector<Seconds>{1s, 2s}, std::vector<std::size_t>{250, 60}, 10, 100);
  // 260 bytes fill two buffers; the rest of the first message waits with the second.
  const std::vector<std::optional<Seconds>> expected{1s, std::nullopt};
  EXPECT_EQ(kept, expected);
}

TEST(ProxyModel, CountsTheHeadThatNginxGivesToHttp10) {
  EXPECT_EQ(bench::nginx_stream_head_bytes(),
            "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 08:20:56 GMT\r\n"
            "Content-Type: text/event-stream\r\nConnection: close\r\nCache-Control: no-store\r\n"
            "X-Accel-Buffering: no\r\n\r\n"sv.size());
}

TEST(TlsModel, AddsHeaderTypeAndTagToARecord) { EXPECT_EQ(bench::tls_record_bytes(100), 122u); }

// The examples of RFC 7541, C.4 and C.6: the first byte is the length.
TEST(HpackModel, CountsTheHuffmanCodesOfTheRfc) {
  EXPECT_EQ(bench::hpack_string_bytes("www.example.com"), 1u + 0x0c);
  EXPECT_EQ(bench::hpack_string_bytes("no-cache"), 1u + 0x06);
  EXPECT_EQ(bench::hpack_string_bytes("custom-key"), 1u + 0x08);
  EXPECT_EQ(bench::hpack_string_bytes("custom-value"), 1u + 0x09);
  EXPECT_EQ(bench::hpack_string_bytes("302"), 1u + 0x02);
  EXPECT_EQ(bench::hpack_string_bytes("private"), 1u + 0x05);
  EXPECT_EQ(bench::hpack_string_bytes("Mon, 21 Oct 2013 20:13:21 GMT"), 1u + 0x16);
  EXPECT_EQ(bench::hpack_string_bytes("https://www.example.com"), 1u + 0x11);
  EXPECT_EQ(bench::hpack_string_bytes("gzip"), 1u + 0x03);
  EXPECT_EQ(bench::hpack_string_bytes("foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"), 1u + 0x2d);
}

TEST(HpackModel, TakesThePlainBytesWhereTheCodesAreLonger) {
  EXPECT_EQ(bench::hpack_string_bytes("{}"), 1u + 2);
  EXPECT_EQ(bench::hpack_string_bytes(""), 1u);
}

TEST(HpackModel, SaysALongLengthInMoreBytes) {                            // 5 bits a character; RFC 7541, C.1
  EXPECT_EQ(bench::hpack_string_bytes(std::string(201, 'a')), 1u + 126);  // 1005 bits
  EXPECT_EQ(bench::hpack_string_bytes(std::string(203, 'a')), 2u + 127);
  EXPECT_EQ(bench::hpack_string_bytes(std::string(408, 'a')), 3u + 255);
}

// As nginx 1.22 and libcurl 7.88 said them inside TLS.
TEST(Http2Model, CountsARepeatedRequestAndItsAnswer) {
  constexpr std::string_view path = "/rooms/lobby/messages?after=k3f9.17";
  EXPECT_EQ(bench::http2_request_bytes(path, 1), 13u + 9 + 3 + 1 + bench::hpack_string_bytes(path) + 1);
  EXPECT_EQ(bench::http2_empty_response_bytes("Mon, 21 Oct 2013 20:13:21 GMT"), 9u + 1 + 6 + 24);
  EXPECT_EQ(bench::nginx_empty_response_bytes(),
            "HTTP/1.1 204 No Content\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 08:20:56 GMT\r\n"
            "Connection: keep-alive\r\n\r\n"sv.size());
}

}  // namespace
