#include "feed/routes.hpp"

#include <boost/url/parse.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace feed {
namespace {

constexpr std::string_view room_segment = "{room}";
constexpr std::string_view name_segment = "{name}";

using Segments = std::vector<std::string_view>;

void split(std::string_view path, Segments& segments) {
  if (path == "/") return;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
}

// Characters that mean themselves wherever they are in a target (RFC 3986, 2.3), and those that separate its parts. Nearly every target
// has no others, and needs no parser of URLs. A dot behind a slash may mean another path.
bool is_plain(std::string_view target) {
  char before = 0;
  for (const char c : target) {
    const bool is_alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool is_plain = is_alphanumeric || c == '-' || c == '_' || c == '/' || c == '=' || c == '&' ||
                          c == '?' || (c == '.' && before != '/');
    if (!is_plain) return false;
    before = c;
  }
  return !target.empty() && target.front() == '/';
}

bool matches(const std::vector<std::string>& pattern, const Segments& path) {
  return pattern.size() == path.size() &&
         std::equal(pattern.begin(), pattern.end(), path.begin(), [](const auto& p, const auto& s) {
           return p == s || p == room_segment || p == name_segment;
         });
}

// The segment where the pattern has this parameter; null where it has none.
const std::string_view* parameter(std::string_view parameter, const std::vector<std::string>& pattern,
                                  const Segments& path) {
  const auto at = std::find(pattern.begin(), pattern.end(), parameter);
  return at == pattern.end() ? nullptr : &path[static_cast<std::size_t>(at - pattern.begin())];
}

}  // namespace

void Routes::add(http::verb method, std::string_view pattern, Handler handler) {
  add(pattern, {method, {}, std::move(handler), false});
}

void Routes::add_upload(http::verb method, std::string_view pattern, Handler handler) {
  add(pattern, {method, {}, std::move(handler), true});
}

void Routes::add(std::string_view pattern, Route route) {
  Segments segments;
  split(pattern, segments);
  route.segments.assign(segments.begin(), segments.end());
  for (const Route& other : routes_) {
    if (other.method == route.method && other.segments == route.segments)
      throw std::invalid_argument("two handlers for one method and path");
  }
  routes_.push_back(std::move(route));
}

std::variant<const Handler*, Response> Routes::find(Exchange& exchange) const {
  http::verb method = exchange.request().method();
  exchange.framing_.head_only = method == http::verb::head;
  if (exchange.framing_.head_only) method = http::verb::get;
  const auto raw = exchange.request().target();
  const std::string_view target(raw.data(), raw.size());
  Segments path;
  path.reserve(8);
  std::vector<std::string> decoded;  // what `path` points to where the target is not plain
  exchange.query_is_plain_ = is_plain(target);
  if (exchange.query_is_plain_) {
    const std::size_t end = std::min(target.find('?'), target.size());
    split(target.substr(0, end), path);
    exchange.query_ = target.substr(std::min(end + 1, target.size()));
  } else {
    const auto url = boost::urls::parse_origin_form(raw);
    if (url.has_error())
      return problem(
          http::status::bad_request,
          "target is not well-formed, expected a path with an optional query like \"/rooms/lobby\"");
    for (const auto segment : url->encoded_segments()) decoded.push_back(segment.decode());
    path.assign(decoded.begin(), decoded.end());
    const auto query = url->encoded_query();
    exchange.query_.assign(query.data(), query.size());
  }

  const auto found = std::find_if(routes_.begin(), routes_.end(), [&](const Route& route) {
    return route.method == method && matches(route.segments, path);
  });
  if (found == routes_.end()) return refuse(exchange, method, path);
  if (const std::string_view* room = parameter(room_segment, found->segments, path)) {
    const auto named = check_room_name(*room);
    if (!named) return problem(http::status::bad_request, named.error().detail);
    exchange.room_ = *room;
  }
  if (const std::string_view* name = parameter(name_segment, found->segments, path)) exchange.name_ = *name;
  exchange.body_.streamed = found->streams_body;
  return &found->handler;
}

// The answer where nobody answers: what is there, if anything.
Response Routes::refuse(const Exchange& exchange, http::verb method, const Segments& path) const {
  std::string allowed;
  for (const Route& route : routes_) {
    if (!matches(route.segments, path)) continue;
    const auto name = http::to_string(route.method);
    allowed += (allowed.empty() ? "" : ", ") + std::string(name.data(), name.size());
  }
  if (allowed.empty()) {
    const auto target = exchange.request().target();
    return problem(http::status::not_found, "there is nothing at \"" + std::string(target.substr(0, 80)) +
                                                "\", expected a path like \"/rooms/lobby/messages\"");
  }
  if (method == http::verb::options) {
    // What a browser asks before a page of an allowed foreign origin may POST JSON (WHATWG Fetch, 4.8).
    return Response{
        http::status::no_content,
        {},
        {},
        "Allow: " + allowed + "\r\nAccess-Control-Allow-Methods: " + allowed +
            "\r\nAccess-Control-Allow-Headers: Content-Type, Last-Event-ID, Prefer\r\nAccess-Control-Max-Age: 600\r\n"};
  }
  const auto got = exchange.request().method_string();
  return problem(http::status::method_not_allowed,
                 "method is " + std::string(got.data(), got.size()) + ", expected " + allowed,
                 "Allow: " + allowed + "\r\n");
}

}  // namespace feed
