#pragma once
// Who makes a request, as far as a cookie says so: a random name that a browser gets with its first page and sends with every
// request. It gives no rights; it makes two messages of one person look like it.

#include "feed/exchange.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace feed {

/// The value of the cookie `user` in a Cookie field ("a=b; user=..."): the first that has the shape of one that this server makes, 22
/// characters of base64url. Whatever else is there is passed over.
std::optional<std::string_view> user_in(std::string_view cookies);

/// A new one: 128 random bits.
std::string make_user();

/// What others see: `guest-` and 6 characters of [0-9a-z], the same for the same user. From it nobody can tell the cookie: it is made
/// from its SHA-256.
std::string name_of(std::string_view user);

/// The author of a request's draft that names none: its user's name, or `guest`.
std::string author_of(const Request& request);

/// The line of an answer that makes the browser remember a new user, for a request that names none; else nothing. `secure`: the
/// browser came by https, and is to send the cookie by https alone.
std::string set_user(const Request& request, bool secure);

}  // namespace feed
