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

/// The user of a request: the value of that cookie in any of its Cookie fields.
std::optional<std::string_view> user_of(const Request& request);

/// What others see of a user: 6 characters of [0-9a-z], the same for the same user. From it nobody can tell the cookie: it is made from its
/// SHA-256.
std::string public_id(std::string_view user);
/// That of a request's user; empty where it names none.
std::string public_id(const Request& request);

/// The author of what names none: `guest-` and the public id, or `guest` where that is empty.
std::string guest_name(std::string_view public_id);

/// The line of an answer that makes the browser remember a new user, for a request that names none; else nothing. `secure`: the
/// browser came by https, and is to send the cookie by https alone.
std::string set_user(const Request& request, bool secure);

}  // namespace feed
