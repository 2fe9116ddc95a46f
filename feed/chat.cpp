// chat: the feed in a terminal, over any of the three transports. The proof of the interface: below the line that makes the client,
// nothing knows which it is.

#include "feed/client.hpp"
#include "polling/client.hpp"
#include "sse/client.hpp"
#include "websocket/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

namespace {

namespace net = boost::asio;

struct Options {
  std::string url;
  std::string over;
  std::string after = "0";
  std::string author = "guest";
  bool json = false;
  std::uint64_t count = 0;  // 0: no end
  double interval = 1;
  int wait = 0;
};

std::unique_ptr<feed::Client> make_client(const Options& options, net::any_io_executor executor,
                                          const feed::Address& room) {
  if (options.over == "sse") return std::make_unique<sse::Client>(executor, room);
  if (options.over == "websocket") return std::make_unique<websocket::Client>(executor, room);
  polling::Timing timing;
  timing.interval = std::chrono::milliseconds(static_cast<std::int64_t>(options.interval * 1000));
  if (options.wait > 0) timing.wait = std::chrono::seconds(options.wait);
  return std::make_unique<polling::Client>(executor, room, timing);
}

void say(std::string_view line) { fmt::print(stderr, "chat: {}\n", line); }

class Chat {
 public:
  Chat(net::io_context& io, feed::Client& client, const Options& options)
      : client_(client), options_(options), input_(io), signals_(io, SIGINT, SIGTERM) {}

  void run(feed::After after) {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) client_.close();
    });
    net::co_spawn(client_.executor(), read(std::move(after)), rethrow);
    // A file cannot be waited for; it is always ready.
    boost::system::error_code error;
    input_.assign(::dup(STDIN_FILENO), error);
    net::co_spawn(client_.executor(), error ? write_file() : write(), rethrow);
  }
  int exit_code() const { return exit_code_; }

 private:
  static void rethrow(std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  }

  net::awaitable<void> read(feed::After after) {
    const feed::Events events{[this](const feed::Hello& hello) { on_hello(hello); },
                              [this](const feed::Message& message) { on_message(message); }};
    feed::OnLost on_lost = [this](const feed::Error& why, std::chrono::milliseconds delay) {
      lost_ = true;
      say(fmt::format("connection lost ({}); next attempt in {:.1f} s", why.detail,
                      static_cast<double>(delay.count()) / 1000));
    };
    const feed::Error ended =
        co_await feed::follow(client_, std::move(after), events, {}, std::move(on_lost));
    if (ended.code != feed::Errc::closed) {
      say(ended.detail);
      exit_code_ = 1;
    }
    boost::system::error_code ignored;
    input_.close(ignored);
    signals_.cancel();
  }

  void on_hello(const feed::Hello& hello) {
    if (hello.gap) {
      const std::string missed =
          hello.gap->missed ? std::to_string(*hello.gap->missed) : "an unknown number of";
      say(fmt::format("gap ({}): {} messages are gone; going on at {}", feed::to_string(hello.gap->reason),
                      missed, to_string(hello.cursor)));
    } else if (lost_) {
      say("connected again at " + to_string(hello.cursor));
    }
    lost_ = false;
  }

  void on_message(const feed::Message& message) {
    if (done_) return;
    if (options_.json) {
      std::puts(feed::encode(message).c_str());
    } else {
      fmt::print("{}: {}\n", message.author, message.text);
    }
    std::fflush(stdout);
    if (++printed_ != options_.count) return;
    done_ = true;
    if (!publishing_) client_.close();
  }

  net::awaitable<void> write() {
    net::streambuf lines;
    for (;;) {
      boost::system::error_code error;
      co_await net::async_read_until(input_, lines, '\n', net::redirect_error(net::use_awaitable, error));
      if (error && lines.size() == 0) co_return;  // the end of the input, or of the chat
      std::istream stream(&lines);
      std::string line;
      std::getline(stream, line);
      co_await publish(std::move(line));
      if (error) co_return;
    }
  }

  net::awaitable<void> write_file() {
    std::string line;
    while (!client_.is_closed() && std::getline(std::cin, line)) co_await publish(line);
  }

  // The first line may come before the connection stands: a publish that was never sent may be tried again.
  net::awaitable<void> publish(std::string text) {
    publishing_ = true;
    co_await try_to_publish(std::move(text));
    publishing_ = false;
    if (done_) client_.close();
  }

  net::awaitable<void> try_to_publish(std::string text) {
    for (int attempt = 0; !client_.is_closed(); ++attempt) {
      const auto place = co_await client_.publish(options_.author, text);
      if (place) co_return;
      const bool not_sent =
          place.error().code == feed::Errc::unreachable || place.error().detail == "not connected";
      if (not_sent && attempt < 50) {
        co_await client_.pause(feed::Clock::now() + std::chrono::milliseconds(100));
        continue;
      }
      say("not published: " + place.error().detail);
      exit_code_ = 1;
      co_return;
    }
  }

  feed::Client& client_;
  const Options& options_;
  net::posix::stream_descriptor input_;
  net::signal_set signals_;
  std::uint64_t printed_ = 0;
  bool lost_ = false;
  bool done_ = false;  // --count is reached
  bool publishing_ = false;
  int exit_code_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Reads a room and publishes the lines of standard input in it. Reconnects and resumes by itself.",
      "chat");
  app.option_defaults()->always_capture_default();
  app.add_option("url", options.url, "the room, like http://127.0.0.1:8081/rooms/lobby")->required();
  app.add_option("--over", options.over, "the transport")
      ->required()
      ->check(CLI::IsMember({"polling", "sse", "websocket"}));
  app.add_option("--after", options.after,
                 "begin after this cursor; 0 is everything, latest only what comes now");
  app.add_option("--count", options.count, "end after so many messages; 0 does not end");
  app.add_option("--author", options.author, "who publishes");
  app.add_option("--interval", options.interval, "polling: seconds from one poll to the next")
      ->check(CLI::Range(0.001, 86400.0));
  app.add_option("--wait", options.wait,
                 "polling: long polling, the seconds that the server may hold its answer back; 0 does not")
      ->check(CLI::Range(0, 60));
  app.add_flag("--json", options.json, "print each message as one line of JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto room = feed::parse_address(options.url);
  const auto after = feed::parse_after(options.after);
  if (!room || !after) {
    say(!room ? room.error().detail : after.error().detail);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  net::io_context io(1);
  const auto client = make_client(options, io.get_executor(), *room);
  Chat chat(io, *client, options);
  chat.run(*after);
  io.run();
  return chat.exit_code();
}
