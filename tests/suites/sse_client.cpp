// sse_client URL: the SSE client on any event stream. Prints each event and each retry as a line of JSON when it comes, connects again
// as the standard says, and ends with 0 at 204, with 1 at any other answer that is no event stream.

#include "suites/event_source.hpp"
#include "suites/lines.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr std::string_view usage =
    "usage: sse_client URL\n"
    "Prints each event of an event stream as it comes: {\"event\":…,\"data\":…,\"lastEventId\":…} or {\"retry\":…}.\n";

struct Printer final : suites::EventSource::Handler {
  void on_event(const sse::Event& event) override { say(suites::event_line(event)); }
  void on_retry(std::chrono::milliseconds retry) override { say(suites::retry_line(retry)); }
  void on_lost(const feed::Error& why) override {
    std::fprintf(stderr, "sse_client: lost the stream (%s), asking again\n", why.detail.c_str());
  }
  static void say(const std::string& line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    std::fputs(usage.data(), stdout);
    return 0;
  }
  const std::string url = argc == 2 ? argv[1] : "";
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    std::fputs(usage.data(), stderr);
    return 2;
  }
  boost::asio::io_context io(1);
  Printer printer;
  suites::EventSource source(io.get_executor(), url, {}, printer);
  int exit_code = 1;
  boost::asio::co_spawn(io, source.run(), [&](std::exception_ptr failure, const feed::Error& ended) {
    if (failure) std::rethrow_exception(failure);
    if (ended.status == 204) exit_code = 0;
    std::fprintf(stderr, "sse_client: ended: %s\n", ended.detail.c_str());
  });
  io.run();
  return exit_code;
}
