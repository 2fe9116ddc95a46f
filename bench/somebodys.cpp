#include "bench/somebodys.hpp"

#include "bench/socket.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string_view>

namespace bench {
namespace {

// The status that the server gives to a GET; 0 where it does not answer with HTTP.
int status_of(const feed::Address& server, std::string_view path) {
  const Socket socket = Socket::connect(server);
  socket.write_all(
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", path, server.authority));
  constexpr std::string_view version = "HTTP/1.1 ";
  std::string answer;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (answer.size() < version.size() + 3) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("it did not answer within 5 s");
    std::array<char, 64> piece;
    if (socket.wait(std::chrono::milliseconds(100)))
      answer.append(piece.data(), socket.read_some(piece.data(), piece.size()));
  }
  if (!answer.starts_with(version)) return 0;
  return std::stoi(answer.substr(version.size(), 3));
}

}  // namespace

std::map<std::string, feed::Address, std::less<>> arms_of(const std::vector<std::string>& urls) {
  std::map<std::string, feed::Address, std::less<>> arms;
  for (std::string url : urls) {
    while (url.ends_with('/')) url.pop_back();
    const auto address = feed::parse_address(url + "/rooms/bench");
    if (!address)
      throw std::runtime_error(
          fmt::format("--server got \"{}\", expected one like http://192.0.2.1:8083", url));
    bool any = false;
    try {
      const auto speaks = [&](const char* arm, const char* what, int expected) {
        const int status = status_of(*address, address->path + what);
        if (status != expected && !(expected == 200 && status == 204)) return;
        any = true;
        arms.emplace(arm, *address);
      };
      speaks("poll", "/messages", 200);
      speaks("longpoll", "/messages", 200);
      speaks("sse", "/events", 200);
      speaks("ws", "/socket", 426);
    } catch (const std::exception& error) {
      throw std::runtime_error(
          fmt::format("no server to measure at {}: {}; start one there, like websocket/run --host 0.0.0.0",
                      url, error.what()));
    }
    if (!any)
      throw std::runtime_error(fmt::format(
          "the server at {} is none of the feed's: it knows neither /rooms/bench/messages, nor /events, nor /socket",
          url));
  }
  return arms;
}

}  // namespace bench
