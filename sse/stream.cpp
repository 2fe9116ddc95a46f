#include "sse/stream.hpp"

#include <boost/beast/core/string.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace sse {
namespace {

constexpr std::size_t most_refusal_bytes =
    65536;  // of an answer that is no stream: it is read for its reason

}  // namespace

bool is_event_stream(std::string_view content_type) {
  constexpr std::string_view whitespace = " \t\r\n";
  std::string_view type = content_type.substr(0, content_type.find(';'));
  const std::size_t begin = type.find_first_not_of(whitespace);
  if (begin == std::string_view::npos) return false;
  type = type.substr(begin, type.find_last_not_of(whitespace) - begin + 1);
  return boost::beast::iequals({type.data(), type.size()}, "text/event-stream");
}

net::awaitable<feed::Error> read_stream(feed::UserAgent& agent, feed::Fetch request, Parser& parser,
                                        std::function<bool()> goes_on) {
  feed::Fetched answer;
  bool is_stream = false;
  bool too_large = false;
  parser.reset();
  request.on_head = [&](int status, std::string_view type) {
    answer.status = status;
    answer.type = type;
    is_stream = status == 200 && is_event_stream(type);
  };
  request.on_body = [&](std::string_view piece) {
    if (!is_stream) {
      answer.body += piece;
      return answer.body.size() < most_refusal_bytes;
    }
    too_large = !parser.feed(piece);
    return !too_large && goes_on();
  };
  const auto ended = co_await agent.fetch(std::move(request));
  if (too_large) {
    co_return feed::Error{
        feed::Errc::too_large,
        "an event is larger than " + std::to_string(parser.max_event_bytes()) + " bytes, the limit"};
  }
  if (answer.status == 0) co_return ended ? feed::Error{feed::Errc::left, "no answer"} : ended.error();
  if (answer.status != 200) co_return feed::refusal(answer);
  if (!is_stream)
    co_return feed::invalid("the answer is \"" + answer.type + "\", expected text/event-stream");
  if (!ended) co_return ended.error();
  co_return feed::Error{feed::Errc::left, "the server ended the stream"};
}

}  // namespace sse
