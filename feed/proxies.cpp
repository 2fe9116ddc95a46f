#include "feed/proxies.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace feed {
namespace {

namespace ip = boost::asio::ip;

// ::ffff:192.0.2.1 is what 192.0.2.1 is called on a listener for IPv6.
ip::address plain(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::optional<ip::address> parse(std::string_view text) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return plain(address);
}

// The last element of a comma-separated list, taken off it.
std::string_view take_last(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  std::string_view last = list.substr(comma == std::string_view::npos ? 0 : comma + 1);
  list = list.substr(0, comma == std::string_view::npos ? 0 : comma);
  while (!last.empty() && (last.front() == ' ' || last.front() == '\t')) last.remove_prefix(1);
  while (!last.empty() && (last.back() == ' ' || last.back() == '\t')) last.remove_suffix(1);
  return last;
}

}  // namespace

Proxies::Proxies(const std::vector<std::string>& addresses) {
  for (const std::string& text : addresses) {
    const auto address = parse(text);
    if (!address) throw std::invalid_argument("trusted proxy is \"" + text + "\", expected an IP address");
    addresses_.push_back(*address);
  }
}

bool Proxies::contain(const ip::address& address) const {
  return std::find(addresses_.begin(), addresses_.end(), plain(address)) != addresses_.end();
}

ip::address Proxies::client(const ip::address& peer, std::string_view forwarded_for) const {
  ip::address client = plain(peer);
  while (contain(client) && !forwarded_for.empty()) {
    const auto before = parse(take_last(forwarded_for));
    if (!before) break;  // a proxy that says something else: then it is all that we know
    client = *before;
  }
  return client;
}

bool Proxies::secure(const ip::address& peer, std::string_view forwarded_proto) const {
  const std::string_view last = take_last(forwarded_proto);
  return boost::beast::iequals({last.data(), last.size()}, "https") && contain(peer);
}

}  // namespace feed
