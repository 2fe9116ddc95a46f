#pragma once
// A server of this program on a thread of its own: any of the transports, or all on one listener.

#include "feed/client.hpp"
#include "feed/server.hpp"

#include <boost/asio/post.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>

namespace support {

enum class Transports { polling, sse, websocket, all };

inline void PrintTo(Transports transports, std::ostream* out) {
  constexpr std::string_view names[] = {"polling", "sse", "websocket", "all"};
  *out << names[static_cast<std::size_t>(transports)];
}

/// Serves from its construction on a free port of 127.0.0.1 to its end, which tells all readers and waits for them.
class TestServer {
 public:
  /// `mount_more` is called before the server starts.
  explicit TestServer(feed::Options options = {}, Transports transports = Transports::all,
                      const std::function<void(feed::Server&)>& mount_more = {});
  ~TestServer() { stop(); }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::uint16_t port() const { return port_; }
  /// Tells all readers and waits for the server's end.
  void stop();

  /// What `ask` returns on the thread of that room.
  template <class Ask>
  auto on_thread(Ask ask, std::string_view room = "lobby") {
    return on_thread(std::move(ask), server_.rooms().thread_of(room));
  }
  template <class Ask>
  auto on_thread(Ask ask, std::size_t thread) {
    std::packaged_task<std::invoke_result_t<Ask, feed::Server&>(feed::Server&)> task(std::move(ask));
    auto result = task.get_future();
    boost::asio::post(server_.rooms().executor(thread), [&task, this] { task(server_); });
    return result.get();
  }

  /// Of all threads.
  feed::Counters counters();
  feed::Cursor publish(const std::string& room, const std::string& author, const std::string& text) {
    const auto say = [&](feed::Server& server) {
      return server.rooms().open(room).publish({author, text}).place().value();
    };
    return on_thread(say, room);
  }

  /// Waits until what the server counts is as `is_so` wants it; throws after `patience`, with `what`. `meanwhile`, where
  /// given, is called again and again: for clients on a loop that must go on.
  void wait_until(std::string_view what, const std::function<bool(const feed::Counters&)>& is_so,
                  const std::function<void()>& meanwhile = {});
  void wait_for_readers(std::uint64_t readers);
  void wait_for_connections(std::uint64_t connections);

 private:
  feed::Server server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// "http://127.0.0.1:port/rooms/room", taken apart.
feed::Address address(std::uint16_t port, std::string_view room = "lobby");

}  // namespace support
