// ws_echo_client: the WebSocket client as the Autobahn test suite wants a client to be: runs every case of a fuzzing server and sends back
// what comes. AB_URL says where the server is (ws://127.0.0.1:9001 where it is not set), AB_AGENT what to call this client in the reports.

#include "websocket/dial.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace net = boost::asio;
namespace beast = boost::beast;

std::string from_environment(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value && *value != '\0' ? value : std::move(otherwise);
}

class Suite {
 public:
  // Throws std::invalid_argument where `url` is none.
  Suite(const std::string& url, const std::string& agent)
      : agent_(boost::urls::encode(agent, boost::urls::unreserved_chars)) {
    const auto parsed = boost::urls::parse_uri(url);
    if (parsed.has_error() || parsed->scheme() != "ws" || parsed->host().empty()) {
      throw std::invalid_argument("AB_URL is \"" + url + "\", expected one like \"ws://127.0.0.1:9001\"");
    }
    to_.host = parsed->host_address();
    to_.port = parsed->has_port() && !parsed->port().empty() ? std::string(parsed->port()) : "80";
    const auto authority = parsed->encoded_host_and_port();
    to_.authority = std::string(authority);
  }

  // Throws std::runtime_error where the server is not what it should be. A case that fails is the server's to report.
  net::awaitable<void> run() {
    const std::string said = co_await ask("/getCaseCount");
    int cases = 0;
    if (std::from_chars(said.data(), said.data() + said.size(), cases).ec != std::errc())
      throw std::runtime_error("/getCaseCount said \"" + said + "\", expected a number");
    for (int number = 1; number <= cases; ++number)
      co_await echo("/runCase?case=" + std::to_string(number) + "&agent=" + agent_);
    co_await echo("/updateReports?agent=" + agent_);  // says nothing, and closes
    std::printf("%d cases\n", cases);
  }

 private:
  net::awaitable<void> open(websocket::ClientSocket& socket, std::string target) {
    websocket::Dialled to = to_;
    to.target = std::move(target);
    std::function<bool()> never = [] { return false; };
    const auto opened = co_await websocket::dial(socket, std::move(to), std::move(never));
    if (!opened) throw std::runtime_error(opened.error().detail);
  }

  net::awaitable<std::string> ask(std::string target) {
    websocket::ClientSocket socket(co_await net::this_coro::executor);
    co_await open(socket, std::move(target));
    beast::flat_buffer buffer;
    co_await socket.async_read(buffer, net::use_awaitable);
    co_return std::string(static_cast<const char*>(buffer.data().data()), buffer.size());
  }

  // Until the server closes, or breaks the protocol and is told so by Beast.
  net::awaitable<void> echo(std::string target) {
    websocket::ClientSocket socket(co_await net::this_coro::executor);
    co_await open(socket, std::move(target));
    beast::flat_buffer buffer;
    for (;;) {
      beast::error_code error;
      co_await socket.async_read(buffer, net::redirect_error(net::use_awaitable, error));
      if (error) co_return;
      socket.text(socket.got_text());
      co_await socket.async_write(buffer.data(), net::redirect_error(net::use_awaitable, error));
      if (error) co_return;
      buffer.clear();
    }
  }

  websocket::Dialled to_;
  std::string agent_;
};

}  // namespace

int main() {
  try {
    Suite suite(from_environment("AB_URL", "ws://127.0.0.1:9001"),
                from_environment("AB_AGENT", "transports"));
    net::io_context io(1);
    net::co_spawn(io, suite.run(), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
    io.run();
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "ws_echo_client: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ws_echo_client: %s\n", error.what());
    return 1;
  }
}
