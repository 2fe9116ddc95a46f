#pragma once
// Which handler answers which method and path.

#include "feed/exchange.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/verb.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace feed {

/// Answers one request. A coroutine; the exchange lives until it returns.
using Handler = std::function<net::awaitable<void>(Exchange&)>;

/// Filled before the server starts, never changed afterwards.
class Routes {
 public:
  /// `pattern` is a path of literal segments, `{room}` and `{name}`: "/rooms/{room}/events". The handler runs when the request's
  /// body has been read, --max-message at most.
  void add(http::verb method, std::string_view pattern, Handler handler);

  /// The same for a handler that reads the body itself, piece by piece, and decides how large it may be.
  void add_upload(http::verb method, std::string_view pattern, Handler handler);

  /// Who answers the request, or the answer where there is nobody: 400, 404, 405, and 204 to a preflight. HEAD is answered as GET
  /// without its body.
  std::variant<const Handler*, Response> find(Exchange& exchange) const;

 private:
  struct Route {
    http::verb method;
    std::vector<std::string> segments;
    Handler handler;
    bool streams_body;
  };
  void add(std::string_view pattern, Route route);
  Response refuse(const Exchange& exchange, http::verb method,
                  const std::vector<std::string_view>& path) const;
  std::vector<Route> routes_;
};

}  // namespace feed
