#include "bench/bare.hpp"

#include "bench/interrupt.hpp"
#include "bench/publisher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace bench {
namespace {

constexpr std::chrono::seconds patience{10};
constexpr std::array<char, 4> mask{'\x1b', '\x3e', '\x0d', '\x0c'};

unsigned byte(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

}  // namespace

unsigned BareFrame::close_code() const {
  return opcode == close_opcode && payload.size() >= 2 ? byte(payload, 0) << 8 | byte(payload, 1) : 0;
}

void Bare::write(std::string_view bytes) {
  socket_.write_all(bytes);
  bytes_out_ += bytes.size();
}

bool Bare::read(std::chrono::milliseconds how_long) {
  if (how_long.count() > 0 && !socket_.wait(how_long)) return false;
  std::array<char, 65536> piece;
  const std::size_t got = socket_.read_some(piece.data(), piece.size());
  read_.append(piece.data(), got);
  bytes_in_ += got;
  return got > 0;
}

void Bare::need(std::size_t bytes) {
  const auto deadline = Clock::now() + patience;
  while (read_.size() < bytes) {
    check_interrupt();
    if (Clock::now() > deadline)
      throw std::runtime_error(fmt::format("{} bytes came within 10 s, expected {}", read_.size(), bytes));
    read(std::chrono::milliseconds(50));
  }
}

std::string Bare::read_until(std::string_view mark) {
  std::size_t at = 0;
  while ((at = read_.find(mark)) == std::string::npos) need(read_.size() + 1);
  std::string found = read_.substr(0, at + mark.size());
  read_.erase(0, found.size());
  return found;
}

BareAnswer Bare::read_head() {
  BareAnswer answer;
  answer.head = read_until("\r\n\r\n");
  if (!answer.head.starts_with("HTTP/1.1 "))
    throw std::runtime_error("the answer begins with \"" + answer.head.substr(0, 20) +
                             "\", expected HTTP/1.1");
  std::from_chars(answer.head.data() + 9, answer.head.data() + answer.head.size(), answer.status);
  return answer;
}

BareAnswer Bare::ask(std::string_view method, std::string_view path, std::string_view fields,
                     std::string_view body) {
  std::string request =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n{}", method, path, server_.authority, fields);
  if (!body.empty()) request += fmt::format("Content-Length: {}\r\n", body.size());
  request += "\r\n";
  request += body;
  write(request);
  BareAnswer answer = read_head();
  constexpr std::string_view field = "\r\nContent-Length: ";
  const std::size_t at = answer.head.find(field);
  if (at == std::string::npos) return answer;  // 101, 204 and 304 have no body
  std::size_t length = 0;
  std::from_chars(answer.head.data() + at + field.size(), answer.head.data() + answer.head.size(), length);
  need(length);
  answer.body = read_.substr(0, length);
  read_.erase(0, length);
  return answer;
}

BareAnswer Bare::upgrade(std::string_view path, std::string_view fields) {
  return ask(
      "GET", path,
      fmt::format(
          "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat.v1\r\n{}",
          fields));
}

BareAnswer Bare::begin(std::string_view path, std::string_view fields) {
  write(fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", path, server_.authority, fields));
  return read_head();
}

std::string Bare::frame(unsigned opcode, std::string_view payload) {
  constexpr unsigned final_frame = 0x80, masked = 0x80;
  std::string bytes(1, static_cast<char>(final_frame | opcode));
  const auto add = [&bytes, &payload](unsigned size, int octets) {
    bytes += static_cast<char>(masked | size);
    for (int i = octets; i-- > 0;) bytes += static_cast<char>(payload.size() >> 8 * i & 0xff);
  };
  if (payload.size() < 126) {
    add(static_cast<unsigned>(payload.size()), 0);
  } else if (payload.size() < 65536) {
    add(126, 2);
  } else {
    add(127, 8);
  }
  bytes.append(mask.data(), mask.size());
  for (std::size_t i = 0; i < payload.size(); ++i)
    bytes += static_cast<char>(payload[i] ^ mask[i % mask.size()]);
  return bytes;
}

void Bare::send(unsigned opcode, std::string_view payload) { write(frame(opcode, payload)); }

std::size_t Bare::frame_size() const {
  if (read_.size() < 2) return 0;
  const unsigned size = byte(read_, 1) & 0x7f;
  const std::size_t octets = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (read_.size() < 2 + octets) return 0;
  std::size_t length = octets == 0 ? size : 0;
  for (std::size_t i = 0; i < octets; ++i) length = length << 8 | byte(read_, 2 + i);
  return 2 + octets + length;
}

bool Bare::has_frame(std::chrono::milliseconds how_long) {
  const auto there = [this] {
    const std::size_t size = frame_size();
    return size > 0 && read_.size() >= size;
  };
  const auto deadline = Clock::now() + how_long;
  while (!there()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (!read(std::max(left, std::chrono::milliseconds(0)))) return there();
  }
  return true;
}

BareFrame Bare::receive() {
  while (frame_size() == 0) need(read_.size() + 1);
  const std::size_t size = frame_size();
  need(size);
  const unsigned length = byte(read_, 1) & 0x7f;
  const std::size_t head = 2 + (length == 126 ? 2 : length == 127 ? 8 : 0);
  BareFrame frame{byte(read_, 0) & 0x0f, read_.substr(head, size - head)};
  read_.erase(0, size);
  return frame;
}

}  // namespace bench
