#include "polling/wire.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace polling {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the next element off a list that is separated by `separator`.
std::string_view next(std::string_view& list, char separator) {
  const std::size_t end = std::min(list.find(separator), list.size());
  const std::string_view element = trimmed(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return element;
}

}  // namespace

std::string begin_page(const feed::Hello& hello) {
  std::string page = feed::encode(hello);
  page.pop_back();  // the brace
  return page + R"(,"messages":[)";
}

std::string encode_page(const feed::Hello& hello, std::string_view messages) {
  std::string page = begin_page(hello);
  page += messages;
  page += end_of_page;
  return page;
}

feed::Result<Page> parse_page(std::string_view json) {
  const auto object = feed::parse_object(json);
  if (!object) return object.error();
  auto hello = feed::parse_hello(*object);
  if (!hello) return hello.error();
  const boost::json::value* member = object->if_contains("messages");
  if (!member || !member->is_array()) return feed::invalid("expected \"messages\" to be an array");
  Page page{*std::move(hello), {}};
  for (const boost::json::value& value : member->get_array()) {
    if (!value.is_object()) return feed::invalid("expected every message to be an object");
    auto message = feed::parse_message(value.get_object());
    if (!message) return message.error();
    page.messages.push_back(*std::move(message));
  }
  return page;
}

std::string entity_tag(std::string_view epoch, feed::Seq first, feed::Seq last) {
  return '"' + std::string(epoch) + '.' + std::to_string(first) + '-' + std::to_string(last) + '"';
}

bool names(std::string_view if_none_match, std::string_view tag) {
  while (!if_none_match.empty()) {
    std::string_view element = next(if_none_match, ',');
    if (element == "*") return true;
    if (element.starts_with("W/")) element.remove_prefix(2);
    if (element == tag) return true;
  }
  return false;
}

std::optional<std::chrono::seconds> preferred_wait(std::string_view prefer) {
  constexpr std::string_view wait = "wait";
  while (!prefer.empty()) {
    std::string_view preference = next(prefer, ',');
    std::string_view value = next(preference, ';');  // parameters are ignored
    const std::string_view name = next(value, '=');
    const bool is_wait = std::equal(name.begin(), name.end(), wait.begin(), wait.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b;
    });
    if (!is_wait) continue;
    value = trimmed(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
    return std::min(std::chrono::seconds(seconds), longest_wait);
  }
  return std::nullopt;
}

}  // namespace polling
