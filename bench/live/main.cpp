// The three transports side by side, in a browser.

#include "bench/live/server.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <variant>

namespace {

// The options; or, where the program should end at once, the exit code.
std::variant<live::Options, int> parse_options(int argc, char** argv) {
  live::Options options;
  options.port = 8080;
  options.root = LIVE_SOURCE_DIR;
  using Seconds = std::chrono::duration<double>;
  double heartbeat = Seconds(options.heartbeat).count(), interval = Seconds(options.interval).count();
  CLI::App app(
      "Polling, server-sent events and WebSocket side by side, on one page, with faults to switch on. Its first "
      "line says where it listens.",
      "bench/live/run");
  app.option_defaults()->always_capture_default();
  app.add_option("--host", options.host, "address to listen on; 0.0.0.0 lets a phone in the same network in");
  app.add_option("--port", options.port, "of the page; 0 takes any free one");
  app.add_option("--pane-port", options.pane_port,
                 "of the first pane; the others have the two behind it. 0 takes any free ones")
      ->check(CLI::Range(0, 65533));
  app.add_option("--rate", options.rate, "messages a second that the page begins with")
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--interval", interval, "seconds from one poll to the next that the page begins with")
      ->check(CLI::Range(0.05, 5.0));
  app.add_option("--history", options.history, "messages that a room remembers")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
  app.add_option("--heartbeat", heartbeat, "seconds of silence until a comment or a ping")
      ->check(CLI::Range(0.05, 3600.0));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.interval = std::chrono::milliseconds(static_cast<std::int64_t>(interval * 1000));
  options.heartbeat = std::chrono::milliseconds(static_cast<std::int64_t>(heartbeat * 1000));
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  if (const int* code = std::get_if<int>(&options)) return *code;
  try {
    live::Server server(std::get<live::Options>(options));
    server.start();
    server.stop_on_signals();
    std::printf("listening on %s\n", server.url().c_str());
    std::fflush(stdout);
    for (const std::string& what : server.missing())
      std::fprintf(stderr, "The page goes without %s.\n", what.c_str());
    server.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench/live/run: %s\n", error.what());
    return 1;
  }
}
