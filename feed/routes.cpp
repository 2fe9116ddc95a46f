#include "feed/routes.hpp"

#include <boost/url/parse.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace feed {
namespace {

constexpr std::string_view room_segment = "{room}";
constexpr std::string_view name_segment = "{name}";

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  if (path == "/") return segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return pattern.size() == path.size() &&
         std::equal(pattern.begin(), pattern.end(), path.begin(), [](const auto& p, const auto& s) {
           return p == room_segment || p == name_segment || p == s;
         });
}

// The segment where the pattern has this parameter; null where it has none.
const std::string* parameter(std::string_view parameter, const std::vector<std::string>& pattern,
                             const std::vector<std::string>& path) {
  const auto at = std::find(pattern.begin(), pattern.end(), parameter);
  return at == pattern.end() ? nullptr : &path[static_cast<std::size_t>(at - pattern.begin())];
}

}  // namespace

void Routes::add(http::verb method, std::string_view pattern, Handler handler) {
  add({method, split(pattern), std::move(handler), false});
}

void Routes::add_upload(http::verb method, std::string_view pattern, Handler handler) {
  add({method, split(pattern), std::move(handler), true});
}

void Routes::add(Route route) {
  for (const Route& other : routes_) {
    if (other.method == route.method && other.segments == route.segments)
      throw std::invalid_argument("two handlers for one method and path");
  }
  routes_.push_back(std::move(route));
}

std::variant<const Handler*, Response> Routes::find(Exchange& exchange) const {
  const auto target = exchange.request().target();
  const auto url = boost::urls::parse_origin_form({target.data(), target.size()});
  if (url.has_error())
    return problem(http::status::bad_request,
                   "target is not well-formed, expected a path with an optional query like \"/rooms/lobby\"");
  std::vector<std::string> path;
  for (const auto segment : url->encoded_segments()) path.push_back(segment.decode());
  const auto query = url->encoded_query();
  exchange.query_.assign(query.data(), query.size());

  http::verb method = exchange.request().method();
  exchange.framing_.head_only = method == http::verb::head;
  if (exchange.framing_.head_only) method = http::verb::get;
  const Route* found = nullptr;
  std::string allowed;
  for (const Route& route : routes_) {
    if (!matches(route.segments, path)) continue;
    const auto name = http::to_string(route.method);
    allowed += (allowed.empty() ? "" : ", ") + std::string(name.data(), name.size());
    if (route.method == method) found = &route;
  }
  if (allowed.empty()) {
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
  if (!found) {
    const auto got = exchange.request().method_string();
    return problem(http::status::method_not_allowed,
                   "method is " + std::string(got.data(), got.size()) + ", expected " + allowed,
                   "Allow: " + allowed + "\r\n");
  }
  if (const std::string* room = parameter(room_segment, found->segments, path)) {
    const auto named = check_room_name(*room);
    if (!named) return problem(http::status::bad_request, named.error().detail);
    exchange.room_ = *room;
  }
  if (const std::string* name = parameter(name_segment, found->segments, path)) exchange.name_ = *name;
  exchange.body_.streamed = found->streams_body;
  return &found->handler;
}

}  // namespace feed
