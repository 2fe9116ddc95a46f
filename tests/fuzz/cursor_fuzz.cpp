// Looks for cursors, room names and JSON that are accepted and do not come back as they were, or crash what reads them.
#include "feed/message.hpp"
#include "polling/wire.hpp"
#include "websocket/wire.hpp"

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

void read_cursor(std::string_view text) {
  if (const auto cursor = feed::parse_cursor(text))
    require(to_string(*cursor) == text, "a cursor is written in one way alone");
  const auto after = feed::parse_after(text);
  if (after) {
    require(to_string(*after) == text, "a place is written in one way alone");
  } else {
    require(after.error().detail.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
            "an error is one line");
    require(after.error().detail.size() < 300, "an error is short");
  }
}

void read_json(std::string_view text) {
  if (const auto message = feed::parse_message(text)) {
    require(feed::parse_message(encode(*message)).value() == *message, "a message comes back");
    require(encode(*message).find_first_of("\r\n") == std::string::npos, "a message is one line");
  }
  if (const auto hello = feed::parse_hello(text))
    require(feed::parse_hello(encode(*hello)).value() == *hello, "a hello comes back");
  if (const auto draft = feed::parse_draft(text, "guest")) {
    const auto again = feed::parse_draft(encode(*draft), "other");
    require(again && again->author == draft->author && again->text == draft->text, "a draft comes back");
  }
  const websocket::Post post = websocket::parse_post(text, "guest");
  const std::string answer = websocket::encode_answer(post.ref, feed::Cursor{"k3f9", 1});
  require(static_cast<bool>(feed::parse_object(answer)), "an answer is JSON whatever its ref");
  static_cast<void>(websocket::parse_incoming(text));
  if (const auto page = polling::parse_page(text)) {
    std::string messages;
    for (const feed::Message& message : page->messages)
      messages += (messages.empty() ? "" : ",") + encode(message);
    const auto again = polling::parse_page(polling::encode_page(page->hello, messages));
    require(again && again->hello == page->hello && again->messages == page->messages, "a page comes back");
  }
}

void read_fields(std::string_view text) {
  static_cast<void>(feed::check_room_name(text));
  static_cast<void>(websocket::is_key(text));
  static_cast<void>(websocket::lists(text, "websocket"));
  static_cast<void>(polling::names(text, "\"k3f9.1-2\""));
  if (const auto wait = polling::preferred_wait(text))
    require(wait->count() >= 0 && *wait <= polling::longest_wait, "a wait has a limit");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_cursor(text);
  read_json(text);
  read_fields(text);
  return 0;
}
