#include "feed/user.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <stdexcept>

namespace feed {
namespace {

constexpr std::string_view base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t user_length = 22;  // 128 bits, 6 in a character

bool is_user(std::string_view value) {
  return value.size() == user_length && value.find_first_not_of(base64url) == std::string_view::npos;
}

}  // namespace

// RFC 6265, 4.2.1 and 5.4: pairs with "; " between them, the most specific first. Quotes are a part of the value.
std::optional<std::string_view> user_in(std::string_view cookies) {
  constexpr std::string_view name = "user=";
  while (!cookies.empty()) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view pair = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    while (!pair.empty() && (pair.front() == ' ' || pair.front() == '\t')) pair.remove_prefix(1);
    while (!pair.empty() && (pair.back() == ' ' || pair.back() == '\t')) pair.remove_suffix(1);
    if (pair.starts_with(name) && is_user(pair.substr(name.size()))) return pair.substr(name.size());
  }
  return std::nullopt;
}

std::string make_user() {
  std::random_device random;  // the system's, as good as for keys
  std::uniform_int_distribution<std::size_t> letter(0, base64url.size() - 1);
  std::string user;
  // 132 bits, since the last character need not be half empty for us.
  while (user.size() < user_length) user += base64url[letter(random)];
  return user;
}

// A head may hold several Cookie fields, though browsers send one.
std::optional<std::string_view> user_of(const Request& request) {
  const auto [begin, end] = request.equal_range(http::field::cookie);
  for (auto at = begin; at != end; ++at) {
    if (const auto user = user_in({at->value().data(), at->value().size()})) return user;
  }
  return std::nullopt;
}

std::string public_id(std::string_view user) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(user.data(), user.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256");
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | digest[static_cast<std::size_t>(i)];
  constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string id;
  for (int i = 0; i < 6; ++i, number /= alphabet.size()) id += alphabet[number % alphabet.size()];
  return id;
}

std::string public_id(const Request& request) {
  const auto user = user_of(request);
  return user ? public_id(*user) : std::string();
}

std::string guest_name(std::string_view public_id) {
  return public_id.empty() ? "guest" : "guest-" + std::string(public_id);
}

std::string set_user(const Request& request, bool secure) {
  if (user_of(request)) return {};
  // A year, as long as browsers keep one; not for scripts, and not with what other sites' pages ask for.
  return "Set-Cookie: user=" + make_user() + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000" +
         (secure ? "; Secure\r\n" : "\r\n");
}

}  // namespace feed
