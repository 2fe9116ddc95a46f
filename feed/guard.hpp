#pragma once
// What Boost.Beast's HTTP parser lets through and this server does not. Decided when the head has been read and
// before the body is, so that nothing that follows can change it.

#include "feed/exchange.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace feed {

/// An Error with the HTTP status to answer where a request with this head must not be served. `allowed` are the foreign
/// origins whose pages may use the server.
Result<> guard(const http::header<true>& head, const std::vector<std::string>& allowed);

/// True where `origin` is not the one that `host` names: another site's page makes the request.
bool is_foreign(std::string_view origin, std::string_view host);

}  // namespace feed
