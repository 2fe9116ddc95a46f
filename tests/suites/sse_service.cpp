// sse_service [--port N]: the SSE client as a test service of the sse-contract-tests suite. The suite tells it over HTTP which streams to
// read, and gets what came of them as requests to an address of its own (docs/service_spec.md there). Served by the project's listener.

#include "feed/exchange.hpp"
#include "feed/message.hpp"
#include "feed/server.hpp"
#include "feed/user_agent.hpp"
#include "suites/event_source.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/json.hpp>

#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;

// docs/optional_features.md of the suite. Not "event-type-listeners": this client gives out events of every type without being asked to.
constexpr std::string_view status_json =
    R"({"name":"transports","capabilities":["bom","comments","headers","last-event-id","payload-size-stress-testable",)"
    R"("post","read-timeout","report","restart","server-directed-shutdown-request"]})";

// What the suite asks for when it makes a stream.
struct Wanted {
  std::string stream_url;
  std::string callback_url;
  suites::EventSource::Options options;
};

feed::Error wrong(std::string_view name, std::string_view expected) {
  return feed::invalid("\"" + std::string(name) + "\" is not as it should be, expected " +
                       std::string(expected));
}

// What is null counts as left out.
const json::value* member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && !value->is_null() ? value : nullptr;
}

feed::Result<> read_text(const json::object& object, std::string_view name, std::string& to) {
  const json::value* value = member(object, name);
  if (!value) return {};
  if (!value->is_string()) return wrong(name, "a string");
  to = std::string(value->get_string());
  return {};
}

feed::Result<> read_ms(const json::object& object, std::string_view name, std::chrono::milliseconds& to) {
  const json::value* value = member(object, name);
  if (!value) return {};
  if (!value->is_int64() || value->get_int64() < 0) return wrong(name, "a whole number");
  to = std::chrono::milliseconds(value->get_int64());
  return {};
}

// One line of a request's head.
bool is_one_line(std::string_view text) {
  using namespace std::string_view_literals;
  return text.find_first_of("\r\n\0"sv) == std::string_view::npos;
}

feed::Result<> read_fields(const json::object& object, std::vector<std::string>& to) {
  const json::value* fields = member(object, "headers");
  if (!fields) return {};
  if (!fields->is_object()) return wrong("headers", "an object");
  for (const auto& [name, value] : fields->get_object()) {
    if (!value.is_string()) return wrong(std::string_view(name.data(), name.size()), "a string");
    std::string field(name.data(), name.size());
    field += ": " + std::string(value.get_string());
    if (!is_one_line(field)) return wrong("headers", "fields of one line each");
    to.push_back(std::move(field));
  }
  return {};
}

bool names(const std::vector<std::string>& fields, std::string_view name) {
  for (const std::string& field : fields)
    if (field.size() > name.size() && field[name.size()] == ':' &&
        boost::beast::iequals({field.data(), name.size()}, {name.data(), name.size()}))
      return true;
  return false;
}

feed::Result<Wanted> parse_wanted(std::string_view body) {
  const auto object = feed::parse_object(body);
  if (!object) return object.error();
  Wanted wanted;
  suites::EventSource::Options& options = wanted.options;
  for (const feed::Result<>& read :
       {read_text(*object, "streamUrl", wanted.stream_url),
        read_text(*object, "callbackUrl", wanted.callback_url), read_text(*object, "method", options.method),
        read_text(*object, "body", options.body), read_text(*object, "lastEventId", options.last_event_id),
        read_fields(*object, options.fields), read_ms(*object, "initialDelayMs", options.retry),
        read_ms(*object, "readTimeoutMs", options.silence)}) {
    if (!read) return read.error();
  }
  if (wanted.stream_url.empty()) return wrong("streamUrl", "an address");
  if (wanted.callback_url.empty()) return wrong("callbackUrl", "an address");
  if (!is_one_line(options.last_event_id)) return wrong("lastEventId", "one line");
  if (options.method.empty()) options.method = "GET";
  if (options.method != "GET" && !names(options.fields, "Content-Type"))
    options.fields.push_back("Content-Type: text/plain");
  return wanted;
}

// One stream that the suite has asked for, and the way back to it.
struct Stream final : suites::EventSource::Handler {
  Stream(const net::any_io_executor& executor, Wanted wanted)
      : source(executor, std::move(wanted.stream_url), std::move(wanted.options), *this),
        suite(executor),
        callback_url(std::move(wanted.callback_url)) {}

  void on_event(const sse::Event& event) override {
    say(R"({"kind":"event","event":{"type":)" + feed::quote(event.type) + R"(,"data":)" +
        feed::quote(event.data) + R"(,"id":)" + feed::quote(event.last_event_id) + "}}");
  }
  void on_comment(std::string_view text) override {
    say(R"({"kind":"comment","comment":)" + feed::quote(text) + '}');
  }
  void on_lost(const feed::Error& why) override { say_error(why); }
  void say_error(const feed::Error& why) {
    say(R"({"kind":"error","error":)" + feed::quote(feed::valid_utf8(why.detail)) + '}');
  }
  void say(std::string message) {
    outbox.push_back(std::move(message));
    turn.wake();
  }

  // The last of these wakes deliver(), and with its end live() may end, and this be gone.
  void close() {
    is_closed = true;
    suite.close();
    source.close();
    closing.wake();
    turn.wake();
  }

  // Tells the suite, in order: the address of each message is numbered.
  net::awaitable<void> deliver() {
    std::uint64_t number = 0;
    while (!is_closed) {
      if (outbox.empty()) {
        co_await turn.wait();
        continue;
      }
      feed::Fetch message;
      message.method = "POST";
      message.url = callback_url + '/' + std::to_string(++number);
      message.fields.push_back("Content-Type: application/json");
      message.body = std::move(outbox.front());
      outbox.pop_front();
      const auto answer = co_await suite.fetch(std::move(message));
      if (!answer && !is_closed)
        std::fprintf(stderr, "sse_service: the suite was not reached: %s\n", answer.error().detail.c_str());
    }
  }

  suites::EventSource source;
  feed::UserAgent suite;
  const std::string callback_url;
  std::deque<std::string> outbox;
  feed::Waiter turn;
  feed::Waiter closing;
  bool is_closed = false;
};

// Belongs to the server's thread; must outlive its run.
class Service {
 public:
  explicit Service(feed::Server& server) : server_(server), signals_(server.executor(), SIGINT, SIGTERM) {
    using feed::Exchange;
    feed::Routes& routes = server.routes();
    routes.add(http::verb::get, "/", [](Exchange& exchange) { return status(exchange); });
    routes.add(http::verb::post, "/", [this](Exchange& exchange) { return create(exchange); });
    routes.add(http::verb::delete_, "/", [this](Exchange& exchange) { return quit(exchange); });
    // {room}: the one variable that routes know; here it is a stream's number.
    routes.add(http::verb::post, "/streams/{room}", [this](Exchange& exchange) { return command(exchange); });
    routes.add(http::verb::delete_, "/streams/{room}",
               [this](Exchange& exchange) { return remove(exchange); });
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) close_streams();
    });
  }

 private:
  static net::awaitable<void> status(feed::Exchange& exchange) {
    feed::Response response{http::status::ok, "application/json", std::string(status_json), {}};
    co_await exchange.reply(std::move(response));
  }

  net::awaitable<void> create(feed::Exchange& exchange) {
    auto wanted = parse_wanted(exchange.request().body());
    if (!wanted)
      co_return co_await exchange.reply(feed::problem(http::status::bad_request, wanted.error().detail));
    const std::string name = std::to_string(++made_);
    net::co_spawn(server_.executor(), live(name, *std::move(wanted)), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
    const std::string location = "Location: http://" + exchange.field("Host") + "/streams/" + name + "\r\n";
    feed::Response response{http::status::created, {}, {}, location};
    co_await exchange.reply(std::move(response));
  }

  net::awaitable<void> command(feed::Exchange& exchange) {
    const auto found = streams_.find(exchange.room());
    if (found == streams_.end()) co_return co_await exchange.reply(no_stream(exchange.room()));
    const auto object = feed::parse_object(exchange.request().body());
    const json::value* command = object ? member(*object, "command") : nullptr;
    if (!command || !command->is_string() || command->get_string() != "restart") {
      co_return co_await exchange.reply(
          feed::problem(http::status::bad_request, R"(expected {"command":"restart"})"));
    }
    found->second->source.restart();
    co_await exchange.reply(done());
  }

  net::awaitable<void> remove(feed::Exchange& exchange) {
    const auto found = streams_.find(exchange.room());
    if (found == streams_.end()) co_return co_await exchange.reply(no_stream(exchange.room()));
    found->second->close();
    co_await exchange.reply(done());
  }

  net::awaitable<void> quit(feed::Exchange& exchange) {
    co_await exchange.reply(done());
    close_streams();
    signals_.cancel();
    server_.stop();
  }

  // A stream, from its request to its removal; also when it has nothing more to read.
  net::awaitable<void> live(std::string name, Wanted wanted) {
    Stream stream(server_.executor(), std::move(wanted));
    streams_[name] = &stream;
    feed::Waiter delivered;
    net::co_spawn(server_.executor(), stream.deliver(), [&delivered](std::exception_ptr failure) {
      delivered.wake();
      if (failure) std::rethrow_exception(failure);
    });
    const feed::Error ended = co_await stream.source.run();
    if (!stream.is_closed) {
      stream.say_error(ended);
      co_await stream.closing.wait();
    }
    streams_.erase(name);
    co_await delivered.wait();
  }

  void close_streams() {
    const std::map<std::string, Stream*> all = streams_;  // each takes itself out
    for (const auto& [name, stream] : all) stream->close();
  }

  static feed::Response done() { return {http::status::no_content, {}, {}, {}}; }
  static feed::Response no_stream(const std::string& name) {
    return feed::problem(http::status::not_found, "there is no stream " + name);
  }

  feed::Server& server_;
  net::signal_set signals_;
  std::map<std::string, Stream*> streams_;  // each in the frame of its live()
  std::uint64_t made_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  feed::Options options;
  options.port = 8000;  // the suite's examples have it so
  const std::string_view number = argc == 3 ? argv[2] : "";
  const bool is_port =
      std::from_chars(number.data(), number.data() + number.size(), options.port).ec == std::errc();
  if (argc != 1 && !(argc == 3 && std::string_view(argv[1]) == "--port" && is_port)) {
    std::fputs(
        "usage: sse_service [--port N]     the test service for sse-contract-tests; port 8000 if none is said\n",
        stderr);
    return 2;
  }
  options.max_message = std::size_t{1} << 20;
  try {
    feed::Server server(options);
    Service service(server);
    server.start();
    server.stop_on_signals();
    std::printf("listening on %s\n", server.url().c_str());
    std::fflush(stdout);
    server.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sse_service: %s\n", error.what());
    return 1;
  }
}
