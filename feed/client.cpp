#include "feed/client.hpp"

#include <boost/url/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <random>
#include <utility>

namespace feed {

void Client::close() {
  closed_ = true;
  closing_.ring();
}

net::awaitable<void> Client::pause(Clock::time_point due) {
  if (closed_) co_return;
  Waiter waiter;
  co_await closing_.wait(waiter, due);
}

Result<> Client::take(const Hello& hello, const Events& events) {
  const bool asked_for_this =
      place_.kind != After::Kind::cursor || hello.gap || hello.cursor == place_.cursor;
  if (!asked_for_this) {
    return invalid("the feed begins at " + to_string(hello.cursor) + ", expected " + to_string(place_) +
                   " or a gap");
  }
  place_ = After::at(hello.cursor);
  if (events.hello) events.hello(hello);
  return {};
}

Result<> Client::take(const Message& message, const Events& events) {
  if (place_.kind != After::Kind::cursor) return invalid("got a message before the hello");
  Seq& seq = place_.cursor.seq;
  if (message.seq != seq + 1) {
    return invalid("got message " + std::to_string(message.seq) + ", expected " + std::to_string(seq + 1));
  }
  seq = message.seq;
  if (events.message) events.message(message);
  return {};
}

std::chrono::milliseconds Backoff::delay(int failures, double random) const {
  const int doublings = std::clamp(failures - 1, 0, 20);
  const auto bound = std::min<std::chrono::milliseconds>(first * (1LL << doublings), most);
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(bound.count()) * random));
}

net::awaitable<Error> follow(Client& client, After after, const Events& events, Backoff backoff,
                             OnLost on_lost) {
  std::mt19937_64 engine(std::random_device{}());
  std::uniform_real_distribution<double> uniform(0, 1);
  int failures = 0;
  bool heard = false;
  Events watched{[&](const Hello& hello) {
                   heard = true;
                   if (events.hello) events.hello(hello);
                 },
                 events.message};
  for (;;) {
    heard = false;
    const auto connected = co_await client.connect(after);
    Error ended = connected ? Error{Errc::closed, {}} : connected.error();
    if (connected) ended = co_await client.subscribe(watched);
    if (client.is_closed()) co_return Error{Errc::closed, "closed"};
    const bool is_over = ended.code == Errc::refused && ended.status == 204;  // WHATWG HTML, 9.2.3
    const bool asked_wrongly = ended.code == Errc::refused && ended.status >= 400 && ended.status < 500 &&
                               ended.status != 408 && ended.status != 425 && ended.status != 429;
    if (is_over || asked_wrongly || ended.code == Errc::invalid || ended.code == Errc::too_large)
      co_return ended;
    if (heard) after = client.place();
    failures = heard ? 1 : failures + 1;
    const auto delay = backoff.delay(failures, uniform(engine));
    if (on_lost) on_lost(ended, delay);
    co_await client.pause(Clock::now() + delay);
    if (client.is_closed()) co_return Error{Errc::closed, "closed"};
  }
}

Result<Address> parse_address(std::string_view text) {
  const auto wrong = [&] {
    return invalid("address is \"" + std::string(text) +
                   "\", expected one like \"http://127.0.0.1:8081/rooms/lobby\"");
  };
  const auto url = boost::urls::parse_uri(text);
  if (url.has_error()) return wrong();
  if (url->scheme() != "http" && url->scheme() != "ws") return wrong();
  if (url->host().empty() || url->has_query() || url->has_fragment()) return wrong();
  if (url->has_port() && !url->port().empty()) {
    const std::string_view digits(url->port().data(), url->port().size());
    std::uint16_t port = 0;  // from_chars says so where it does not fit
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return wrong();
  }
  const auto segments = url->segments();
  if (segments.size() != 2 || segments.front() != "rooms") return wrong();
  const auto named = check_room_name(segments.back());
  if (!named) return named.error();
  const auto authority = url->encoded_host_and_port();
  Address address;
  address.host = url->host_address();
  address.port = url->has_port() && !url->port().empty() ? std::string(url->port()) : "80";
  address.path = std::string(url->encoded_path());
  address.authority = std::string(authority);
  address.origin = "http://" + address.authority;
  return address;
}

}  // namespace feed
