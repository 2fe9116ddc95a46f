#include "feed/guard.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace feed {
namespace {

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

Error refuse(http::status status, std::string detail) {
  return {Errc::invalid, std::move(detail), static_cast<int>(status)};
}

// The characters that a host and a port may have (RFC 3986, 3.2.2 and 3.2.3).
constexpr std::array<bool, 256> authority = [] {
  std::array<bool, 256> all{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                       "-._~!$&'()*+,;=:%[]"))
    all[static_cast<unsigned char>(c)] = true;
  return all;
}();

bool is_authority(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return authority[static_cast<unsigned char>(c)]; });
}

}  // namespace

bool is_foreign(std::string_view origin, std::string_view host) {
  return origin != "http://" + std::string(host) && origin != "https://" + std::string(host);
}

Result<> guard(const http::header<true>& head, const std::vector<std::string>& allowed) {
  using enum http::status;
  const std::string_view target = view(head.target());
  if (target.empty() || target.front() != '/') {
    return refuse(bad_request, "target is \"" + std::string(target.substr(0, 40)) +
                                   "\", expected a path like \"/rooms/lobby\"");
  }
  std::size_t fields = 0, hosts = 0, codings = 0, lengths = 0, origins = 0;
  std::string_view host, origin;
  for (const auto& field : head) {
    ++fields;
    switch (field.name()) {
      case http::field::host:
        ++hosts;
        host = view(field.value());
        break;
      case http::field::origin:
        ++origins;
        origin = view(field.value());
        break;
      case http::field::transfer_encoding:
        ++codings;
        break;
      case http::field::content_length:
        ++lengths;
        break;
      default:
        break;
    }
  }
  constexpr std::size_t most_fields = 100;
  if (fields > most_fields) {
    return refuse(request_header_fields_too_large, "got " + std::to_string(fields) + " fields, expected " +
                                                       std::to_string(most_fields) + " at most");
  }
  // RFC 9112, 3.2: exactly one Host. Without it, a same-origin request cannot be told from a foreign one.
  if (head.version() != 11 && head.version() != 10) {
    return refuse(http_version_not_supported, "expected HTTP/1.1");
  }
  if (hosts > 1 || (hosts == 0 && head.version() == 11)) {
    return refuse(bad_request, "got " + std::to_string(hosts) + " Host fields, expected one");
  }
  if (!is_authority(host)) {
    return refuse(bad_request, "Host is \"" + std::string(host.substr(0, 80)) +
                                   "\", expected a host and a port like \"127.0.0.1:8080\"");
  }
  // RFC 9112, 6.1 and 6.3: whatever is unclear about where the body ends can make one request look like two. The feed
  // needs no body of unknown length, and so no chunks, no chunk extensions and no trailers either.
  if (codings > 0) {
    if (lengths > 0) {
      return refuse(bad_request, "got Transfer-Encoding and Content-Length, expected Content-Length alone");
    }
    return refuse(length_required, "got Transfer-Encoding, expected Content-Length");
  }
  if (head.method() == http::verb::post && lengths == 0) {
    return refuse(length_required, "got a body without a length, expected Content-Length");
  }
  if (lengths > 1) return refuse(bad_request, "got more than one Content-Length, expected one");
  // A browser says which page a request comes from; other clients say nothing.
  if (origins > 1) return refuse(forbidden, "got more than one Origin, expected one");
  if (origins == 1) {
    if (is_foreign(origin, host) && std::find(allowed.begin(), allowed.end(), origin) == allowed.end()) {
      return refuse(forbidden, "origin is \"" + std::string(origin.substr(0, 80)) +
                                   "\", expected this server's own or one given with --allow-origin");
    }
  }
  return {};
}

}  // namespace feed
