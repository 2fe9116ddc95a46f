#include "support/test_server.hpp"

#include "polling/server.hpp"
#include "sse/server.hpp"
#include "support/deadline.hpp"
#include "websocket/server.hpp"

#include <stdexcept>
#include <utility>

namespace support {

TestServer::TestServer(feed::Options options, Transports transports,
                       const std::function<void(feed::Server&)>& mount_more)
    : server_(std::move(options)) {
  const auto is_mounted = [&](Transports one) { return transports == one || transports == Transports::all; };
  const feed::Options& o = server_.options();
  if (is_mounted(Transports::polling)) polling::mount(server_.routes(), server_.rooms());
  if (is_mounted(Transports::sse)) sse::mount(server_.routes(), server_.rooms(), o.heartbeat);
  if (is_mounted(Transports::websocket))
    websocket::mount(server_.routes(), server_.rooms(), {o.max_message, o.heartbeat, o.echo_max, o.deflate});
  if (mount_more) mount_more(server_);
  server_.start();
  port_ = server_.port();
  thread_ = std::thread([this] { server_.run(); });
}

void TestServer::stop() {
  if (!thread_.joinable()) return;
  server_.stop();
  thread_.join();
}

feed::Counters TestServer::counters() {
  feed::Counters sum;
  for (std::size_t thread = 0; thread < server_.rooms().threads(); ++thread)
    sum += on_thread([=](feed::Server& server) { return server.rooms().counters(thread); }, thread);
  return sum;
}

void TestServer::wait_until(std::string_view what, const std::function<bool(const feed::Counters&)>& is_so,
                            const std::function<void()>& meanwhile) {
  // Looks again with every turn of the server's loop: what is waited for happens there.
  const auto due = feed::Clock::now() + patience;
  while (!is_so(counters())) {
    if (feed::Clock::now() > due) throw std::runtime_error("waited in vain for " + std::string(what));
    if (meanwhile) meanwhile();
    std::this_thread::yield();
  }
}

void TestServer::wait_for_readers(std::uint64_t readers) {
  wait_until(std::to_string(readers) + " readers",
             [&](const feed::Counters& counters) { return counters.readers == readers; });
}

void TestServer::wait_for_connections(std::uint64_t connections) {
  wait_until(std::to_string(connections) + " connections",
             [&](const feed::Counters& counters) { return counters.connections == connections; });
}

feed::Address address(std::uint16_t port, std::string_view room) {
  return feed::parse_address("http://127.0.0.1:" + std::to_string(port) + "/rooms/" + std::string(room))
      .value();
}

}  // namespace support
