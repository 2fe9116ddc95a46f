#pragma once
// Behind a reverse proxy every request comes from the proxy. What it says about whom it stands for is believed only from
// the addresses given with --trusted-proxy: anybody can send such a field.

#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace feed {

/// The proxies that are believed. Never changes.
class Proxies {
 public:
  Proxies() = default;
  /// Each is the literal of an IPv4 or IPv6 address; throws std::invalid_argument where one is not.
  explicit Proxies(const std::vector<std::string>& addresses);

  bool none() const { return addresses_.empty(); }
  bool contain(const boost::asio::ip::address& address) const;

  /// Who asks: the rightmost address in X-Forwarded-For that is not itself a trusted proxy. What is further left came from there and
  /// may be made up. `peer` where that is not trusted.
  boost::asio::ip::address client(const boost::asio::ip::address& peer, std::string_view forwarded_for) const;

  /// Whether the client came by https, as X-Forwarded-Proto of a trusted peer says.
  bool secure(const boost::asio::ip::address& peer, std::string_view forwarded_proto) const;

 private:
  std::vector<boost::asio::ip::address> addresses_;
};

}  // namespace feed
