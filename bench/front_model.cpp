#include "bench/front_model.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace bench {
namespace {

constexpr std::size_t date_field = std::string_view("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n").size();

// Of the code for that character, in bits (RFC 7541, B): space to tilde.
std::size_t huffman_bits(char c) {
  constexpr std::array<unsigned char, 95> bits{
      6,  10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8,  6,  6,  6,   //   ! " # $ % & ' ( ) * + , - . /
      5,  5,  5,  6,  6,  6, 6, 6,  6,  6,  7, 8,  15, 6,  12, 10,  // 0 to 9 : ; < = > ?
      13, 6,  7,  7,  7,  7, 7, 7,  7,  7,  7, 7,  7,  7,  7,  7,   // @ A to O
      7,  7,  7,  7,  7,  7, 7, 7,  8,  7,  8, 13, 19, 13, 14, 6,   // P to Z [ \\ ] ^ _
      15, 5,  6,  5,  6,  5, 6, 6,  6,  5,  7, 7,  6,  6,  6,  5,   // ` a to o
      6,  7,  6,  5,  5,  6, 7, 7,  7,  7,  7, 15, 11, 14, 13};     // p to z { | } ~
  if (c < ' ' || c > '~') throw std::invalid_argument("a header field is printable ASCII here");
  return bits[static_cast<std::size_t>(c - ' ')];
}

// With a prefix of 7 bits (RFC 7541, 5.1).
std::size_t hpack_integer_bytes(std::size_t value) {
  std::size_t bytes = 1;
  if (value < 127) return bytes;
  for (value -= 127; value >= 128; value /= 128) ++bytes;
  return bytes + 1;
}

}  // namespace

unsigned tls_round_trips(Tls tls, bool resumed) {
  if (tls == Tls::none) return 0;
  return tls == Tls::v1_2 && !resumed ? 2 : 1;
}

Seconds cold_start(Tls tls, Seconds one_way, bool resumed) {
  return 2 * one_way * (2 + tls_round_trips(tls, resumed));
}

double polls_per_second_at_most(unsigned ports) { return ports / 60.0; }

std::uint64_t packets_of_fresh_exchange() { return 3 + 2 + 2 + 3; }

std::uint64_t ip_bytes_of_fresh_exchange(std::uint64_t payload) {
  constexpr std::uint64_t more = 8;  // MSS, window scale, SACK permitted: 20 bytes of options, and not 12
  return ip_bytes(payload, packets_of_fresh_exchange()) + 2 * more;
}

// --- a proxy that gathers ---

std::vector<std::optional<Seconds>> kept_by_proxy(std::span<const Seconds> said,
                                                  std::span<const std::size_t> bytes, std::size_t head,
                                                  std::size_t buffer) {
  std::vector<std::optional<Seconds>> kept(said.size());
  std::size_t sent = head, first = 0;  // of those that are kept
  for (std::size_t i = 0; i < said.size(); ++i) {
    sent += bytes[i];
    const std::size_t passed_on = sent / buffer * buffer;
    std::size_t end = sent;  // of message i, then of those before it
    std::size_t whole = i + 1;
    while (whole > first && end > passed_on) end -= bytes[--whole];
    for (; first < whole; ++first) kept[first] = said[i] - said[first];
  }
  return kept;
}

std::size_t nginx_stream_head_bytes() {
  return std::string_view(
             "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
             "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n\r\n")
             .size() +
         date_field;
}

// --- TLS and HTTP/2 ---

std::size_t tls_record_bytes(std::size_t payload) { return 5 + payload + 1 + 16; }

std::size_t hpack_string_bytes(std::string_view text) {
  std::size_t bits = 0;
  for (const char c : text) bits += huffman_bits(c);
  const std::size_t bytes = std::min((bits + 7) / 8, text.size());
  return hpack_integer_bytes(bytes) + bytes;
}

std::size_t http2_request_bytes(std::string_view path, std::size_t fields) {
  constexpr std::size_t frame = 9, reset = frame + 4, indexed = 1, path_by_name = 1;
  return reset + frame + 3 * indexed + path_by_name + hpack_string_bytes(path) + fields * indexed;
}

std::size_t http2_empty_response_bytes(std::string_view date) {
  constexpr std::size_t frame = 9, indexed = 1, by_name = 1;
  return frame + indexed + by_name + hpack_string_bytes("nginx") + by_name + hpack_string_bytes(date);
}

std::size_t nginx_empty_response_bytes() {
  return std::string_view("HTTP/1.1 204 No Content\r\nServer: nginx\r\nConnection: keep-alive\r\n\r\n")
             .size() +
         date_field;
}

}  // namespace bench
