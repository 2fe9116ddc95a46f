// chat: the feed in a terminal, over any of the three transports. The proof of the interface: below the line that makes the client,
// nothing knows which it is.

#include "feed/client.hpp"
#include "feed/history.hpp"
#include "polling/client.hpp"
#include "sse/client.hpp"
#include "websocket/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace {

namespace net = boost::asio;

constexpr std::string_view path_of_rooms = "/rooms/";

struct Options {
  std::string url;
  std::string over;
  std::string after = "0";
  std::string author = "guest";
  bool json = false;
  std::string history;      // empty: none is written
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

// A descriptor 0, 1 or 2 that is closed would be given to the next socket, and be written to.
void claim_standard_descriptors() {
  for (int standard = 0; standard < 3; ++standard) {
    if (::fcntl(standard, F_GETFD) < 0) ::open("/dev/null", standard == 0 ? O_RDONLY : O_WRONLY);
  }
}

void say(std::string_view line) { fmt::print(stderr, "chat: {}\n", line); }

// Standard input, read on a thread of its own: a terminal must not be made non-blocking, since the shell and standard output
// share it, and a file cannot be waited for. One line at a time; next() and stop() belong to the loop's thread.
class Lines {
 public:
  explicit Lines(net::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {
    std::thread([state = state_] { state->read(); }).detach();  // it may never return from reading
  }
  ~Lines() { stop(); }

  // Nothing at the end of the input.
  net::awaitable<std::optional<std::string>> next() {
    for (;;) {
      if (auto line = state_->take()) co_return line;
      if (state_->ended()) co_return std::nullopt;
      co_await state_->waiter.wait();
    }
  }

  void stop() {
    state_->end();
    state_->waiter.wake();
  }

 private:
  struct State {
    explicit State(net::any_io_executor on) : executor(std::move(on)) {}

    void read() {
      std::string line;
      while (std::getline(std::cin, line)) {
        std::unique_lock lock(mutex);
        taken.wait(lock, [this] { return !read_line || over; });
        if (over) return;
        read_line = std::move(line);
        wake();
      }
      const std::lock_guard lock(mutex);
      if (std::exchange(over, true)) return;  // stopped: the loop may be gone
      wake();
    }
    void wake() {  // the executor lives until stop()
      net::post(executor, [this] { waiter.wake(); });
    }
    std::optional<std::string> take() {
      const std::lock_guard lock(mutex);
      taken.notify_one();
      return std::exchange(read_line, std::nullopt);
    }
    bool ended() {
      const std::lock_guard lock(mutex);
      return over;
    }
    void end() {
      const std::lock_guard lock(mutex);
      over = true;
      taken.notify_one();
    }

    net::any_io_executor executor;
    std::mutex mutex;
    std::condition_variable taken;
    std::optional<std::string> read_line;
    bool over = false;
    feed::Waiter waiter;
  };
  std::shared_ptr<State> state_;
};

// For a terminal: what others wrote must not move its cursor or pretend to be another line.
std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7f || c1) {
      out += fmt::format("\\x{:02x}", c1 ? static_cast<unsigned char>(text[++i]) : c);
    } else {
      out += text[i];
    }
  }
  return out;
}

// What --history writes. A line is in the file before anything else happens, so that a chat that is killed has not done what it does not
// say.
class HistoryFile {
 public:
  // False where it cannot be written; errno says why.
  bool open(const std::string& name) {
    file_ = std::fopen(name.c_str(), "ae");
    return file_ != nullptr;
  }
  ~HistoryFile() {
    if (file_) std::fclose(file_);
  }

  void write(const feed::Record& record) {
    if (!file_ || failed_) return;
    fmt::print(file_, "{}\n", feed::encode(record));
    failed_ = std::fflush(file_) != 0;
    if (failed_) say(fmt::format("the history ends here, it cannot be written: {}", std::strerror(errno)));
  }
  bool failed() const { return failed_; }

 private:
  std::FILE* file_ = nullptr;
  bool failed_ = false;
};

class Chat {
 public:
  // `origin` is where the server's pictures are: "http://127.0.0.1:8081".
  Chat(net::io_context& io, feed::Client& client, const Options& options, feed::History& history,
       std::string origin)
      : client_(client),
        options_(options),
        history_(history),
        origin_(std::move(origin)),
        lines_(io.get_executor()),
        signals_(io, SIGINT, SIGTERM) {}

  void run(feed::After after) {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      client_.close();
      signals_.clear();  // a second signal ends it at once
    });
    net::co_spawn(client_.executor(), read(std::move(after)), rethrow);
    net::co_spawn(client_.executor(), write(), rethrow);
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
        co_await history_.follow(client_, std::move(after), events, {}, std::move(on_lost));
    if (ended.code != feed::Errc::closed) {
      say(ended.detail);
      exit_code_ = 1;
    }
    lines_.stop();
    signals_.cancel();
  }

  void on_hello(const feed::Hello& hello) {
    if (hello.gap && options_.json && !done_) print(feed::encode(hello));
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

  // A terminal shows a picture as its address.
  std::string said(const feed::Message& message) const {
    if (message.image.empty()) return message.text;
    return message.text + (message.text.empty() ? "" : " ") + origin_ + message.image;
  }

  void on_message(const feed::Message& message) {
    if (done_) return;
    const bool printed = options_.json ? print(feed::encode(message))
                                       : print(printable(message.author) + ": " + printable(said(message)));
    if (!printed) return;
    if (++printed_ != options_.count) return;
    done_ = true;
    if (!publishing_) client_.close();
  }

  // False where nobody reads any more, or there is no room; that is the end then.
  bool print(std::string_view line) {
    fmt::print("{}\n", line);
    if (std::fflush(stdout) == 0) return true;
    if (errno != EPIPE) {
      say(fmt::format("standard output: {}", std::strerror(errno)));
      exit_code_ = 1;
    }
    done_ = true;
    client_.close();
    return false;
  }

  net::awaitable<void> write() {
    while (auto line = co_await lines_.next()) co_await publish(*std::move(line));
  }

  // The first line may come before the connection stands: a publish that was never sent may be tried again.
  net::awaitable<void> publish(std::string text) {
    publishing_ = true;
    co_await try_to_publish(std::move(text));
    publishing_ = false;
    if (done_) client_.close();
  }

  net::awaitable<void> try_to_publish(std::string text) {
    while (!client_.is_closed()) {
      const auto place = co_await history_.publish(client_, options_.author, text);
      if (place) co_return;
      if (place.error().code == feed::Errc::unreachable) {  // not sent; follow() is connecting
        co_await client_.pause(feed::Clock::now() + std::chrono::milliseconds(100));
        continue;
      }
      say("not published: " + place.error().detail);
      exit_code_ = 1;
      co_return;
    }
    say("not published: \"" + printable(text) + '"');
    exit_code_ = 1;
  }

  feed::Client& client_;
  const Options& options_;
  feed::History& history_;
  const std::string origin_;
  Lines lines_;
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
  app.add_flag("--json", options.json, "print each message as one line of JSON, and each gap as well");
  app.add_option(
      "--history", options.history,
      "append all that this client does, is told and receives to a file, for build/PRESET/check_history");
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
  claim_standard_descriptors();
  HistoryFile history_file;
  if (!options.history.empty() && !history_file.open(options.history)) {
    say(fmt::format("cannot append to {}: {}", options.history, std::strerror(errno)));
    return 2;
  }
  net::io_context io(1);
  const auto client = make_client(options, io.get_executor(), *room);
  // Not two of one machine have the same process number at the same time.
  feed::History history(fmt::format("{}-{}", options.author, ::getpid()),
                        room->path.substr(path_of_rooms.size()),
                        [&](const feed::Record& record) { history_file.write(record); });
  Chat chat(io, *client, options, history, room->origin);
  chat.run(*after);
  io.run();
  std::fflush(nullptr);
  std::_Exit(history_file.failed()
                 ? 1
                 : chat.exit_code());  // the thread that reads standard input may be in the middle of it
}
