#include "bench/control.hpp"

#include <boost/json.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <string_view>

namespace bench {
namespace {

// The length of an HTTP answer with a sized body, once its head is there.
std::size_t answer_size(std::string_view answer) {
  constexpr std::string_view field = "\r\nContent-Length: ";
  const std::size_t head = answer.find("\r\n\r\n"), at = answer.find(field);
  if (head == std::string_view::npos || at > head) return std::string_view::npos;
  std::size_t length = 0;
  std::from_chars(answer.data() + at + field.size(), answer.data() + head, length);
  return head + 4 + length;
}

}  // namespace

Control::Control(const feed::Address& server)
    : socket_(Socket::connect(server)),
      request_("GET /stats HTTP/1.1\r\nHost: " + server.authority + "\r\n\r\n") {}

Stats Control::stats() {
  socket_.write_all(request_);
  sent_bytes_ += request_.size();
  ++asked_;
  const std::uint64_t answered_before = received_bytes_;
  std::string answer;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (answer.size() < answer_size(answer)) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("the server did not answer GET /stats within 10 s");
    if (!socket_.wait(std::chrono::milliseconds(100))) continue;
    std::array<char, 4096> piece;
    answer.append(piece.data(), socket_.read_some(piece.data(), piece.size()));
  }
  received_bytes_ += answer.size();

  const auto object = boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4)).as_object();
  const auto number = [&object](const char* name) { return object.at(name).to_number<std::uint64_t>(); };
  Stats stats;
  stats.connections = number("connections");
  stats.accepted = number("accepted");
  stats.requests = number("requests") - asked_;
  stats.readers = number("readers");
  stats.delivered = number("delivered");
  stats.bytes_in = number("bytes_in") - sent_bytes_;
  stats.bytes_out = number("bytes_out") - answered_before;
  stats.epoch = std::string(object.at("epoch").as_string());
  return stats;
}

}  // namespace bench
