#include "websocket/server.hpp"

#include "feed/publish.hpp"
#include "feed/receipts.hpp"
#include "feed/user.hpp"
#include "websocket/gate.hpp"
#include "websocket/wire.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace websocket {
namespace {

namespace http = beast::http;
namespace ws = beast::websocket;
using Socket = ws::stream<Gate, false>;  // false: permessage-deflate is not offered
using DeflatingSocket = ws::stream<Gate, true>;

// What a chat message takes, and little memory for each client that never says one.
constexpr std::size_t first_piece = 256;

std::string encode(const feed::Cursor&, std::string_view json) { return text_frame(json); }

std::string_view text_in(const beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

// The refusal of a request that is no proper handshake (RFC 6455, 4.2.1); Beast checks less.
std::optional<feed::Response> check_handshake(const feed::Exchange& exchange) {
  const auto refuse = [](http::status status, std::string_view detail) {
    return feed::problem(status, detail, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
  };
  if (exchange.request().version() < 11)
    return feed::problem(http::status::bad_request, "the handshake is HTTP/1.0, expected HTTP/1.1");
  if (!lists(exchange.field("Upgrade"), "websocket") || !lists(exchange.field("Connection"), "upgrade")) {
    return refuse(http::status::upgrade_required, "got no upgrade, expected a WebSocket handshake");
  }
  if (exchange.field("Sec-WebSocket-Version") != "13") {
    return refuse(http::status::upgrade_required, "Sec-WebSocket-Version is \"" +
                                                      std::string(exchange.field("Sec-WebSocket-Version")) +
                                                      "\", expected 13");
  }
  if (!is_key(exchange.field("Sec-WebSocket-Key"))) {
    return feed::problem(http::status::bad_request, "Sec-WebSocket-Key is not the base64 of 16 bytes");
  }
  return std::nullopt;
}

template <class AnySocket>
net::awaitable<bool> accept(AnySocket& socket, feed::Exchange& exchange, const Limits& limits) {
  const bool chosen = lists(exchange.field("Sec-WebSocket-Protocol"), subprotocol);
  socket.set_option(ws::stream_base::timeout{std::chrono::seconds(5), 2 * limits.heartbeat, true});
  socket.set_option(ws::stream_base::decorator([chosen](ws::response_type& response) {
    if (chosen)
      response.set(http::field::sec_websocket_protocol,
                   beast::string_view(subprotocol.data(), subprotocol.size()));
  }));
  socket.auto_fragment(false);
  socket.read_message_max(limits.max_message);
  beast::error_code error;
  co_await socket.async_accept(exchange.request(), net::redirect_error(net::use_awaitable, error));
  exchange.request() = {};
  exchange.connection().buffer().shrink_to_fit();
  co_return !error;  // else the peer left
}

// One client in one room. The reader and the receiver are two coroutines; the session lives until both have ended.
struct Session {
  Session(feed::Exchange& exchange, feed::Room& in, const feed::After& after)
      : connection(exchange.take_over()),
        socket(connection),
        room(in),
        reader(in, encode, after),
        user(feed::public_id(exchange.request())) {}
  Gate& gate() { return socket.next_layer(); }

  feed::Connection& connection;
  Socket socket;
  feed::Room& room;
  feed::Reader reader;
  const std::string user;  // public: the cookie came once, with the handshake
  feed::Waiter delivered;
  std::unique_ptr<feed::Receipts> receipts;  // made by the first post that is not kept at once
};

// The end, from this side. The client may have left meanwhile.
template <class AnySocket>
net::awaitable<void> close(AnySocket& socket, ws::close_code code, std::string_view reason) {
  beast::error_code ignored;
  const ws::close_reason why(code, beast::string_view(reason.data(), reason.size()));
  co_await socket.async_close(why, net::redirect_error(net::use_awaitable, ignored));
}

// Nothing follows a close frame.
net::awaitable<feed::Result<>> write(Session& session, std::string_view frames) {
  if (!session.socket.is_open()) co_return feed::Error{feed::Errc::left, "closed"};
  co_return co_await session.gate().write(frames);
}

// What becomes of a post that is on its way to the disk; the client may say more meanwhile.
net::awaitable<void> answer_later(Session& session, std::string ref, feed::Publication publication) {
  if (!session.receipts) {
    session.receipts = std::make_unique<feed::Receipts>(
        session.socket.get_executor(),
        [&session](std::string_view answers) { return write(session, answers); });
  }
  feed::Receipts::Encode encode = [ref = std::move(ref), &session](const feed::Result<feed::Cursor>& place) {
    if (!place) ++session.room.counters().refused;
    return text_frame(encode_answer(ref, place));
  };
  co_await session.receipts->add(std::move(publication), std::move(encode));
}

net::awaitable<void> answered(Session& session) {
  if (session.receipts) co_await session.receipts->told();
}

net::awaitable<void> say_goodbye(Session& session) {
  co_await answered(session);
  co_await close(session.socket, ws::close_code::going_away, "the server stops");
}

net::awaitable<feed::Result<>> say(Session& session, std::string text) {
  const std::string frame = text_frame(text);
  co_return co_await session.gate().write(frame);
}

// What the room says, to the client.
net::awaitable<void> deliver(Session& session) {
  auto written = co_await say(session, encode_hello(session.reader.hello()));
  while (written) {
    const auto news = co_await session.reader.next();
    if (!news && news.error().code == feed::Errc::closed) co_await say_goodbye(session);
    if (!news || !session.socket.is_open()) co_return;
    if (news->gap) written = co_await say(session, encode_gap(*news->gap));
    if (written && news->frames.count > 0) {
      const auto rest = session.gate().write_now(news->frames.bytes);
      if (!rest) co_return;  // the client left
      if (!rest->empty()) written = co_await session.gate().write(*rest);
    }
  }
}

// One message of the client, and the answer to it. How long it is to rest then; nothing where the connection is over. A coroutine of its
// own, so that who only listens keeps no place for what it needs.
net::awaitable<std::optional<feed::Clock::duration>> take(Session& session, beast::flat_buffer& buffer,
                                                          double publish_rate) {
  std::optional<std::pair<ws::close_code, std::string_view>> end;
  if (!session.socket.got_text()) {
    end.emplace(ws::close_code::unknown_data, "got a binary frame, expected text");
  } else if (!ends_whole(text_in(buffer))) {
    end.emplace(ws::close_code::bad_payload, "got text that is not UTF-8");
  }
  if (end) {
    ++session.room.counters().refused;
    co_await answered(session);
    co_await close(session.socket, end->first, end->second);
    co_return std::nullopt;
  }
  Post post = parse_post(text_in(buffer), feed::guest_name(session.user));
  buffer.clear();
  if (post.draft) post.draft->user = session.user;
  const auto pause = session.connection.publishes.take(publish_rate, feed::Clock::now());
  if (pause > feed::Clock::duration::zero()) post.draft = feed::too_often(publish_rate, pause);
  feed::Publication publication =
      post.draft ? session.room.publish(*std::move(post.draft)) : feed::Publication(post.draft.error());
  if (!publication.ended() || (session.receipts && !session.receipts->all_told())) {
    co_await answer_later(session, std::move(post.ref), std::move(publication));
    co_return pause;
  }
  if (!publication.place()) ++session.room.counters().refused;
  const auto written = co_await say(session, encode_answer(post.ref, publication.place()));
  if (!written) co_return std::nullopt;  // the client left
  co_return pause;
}

// What the client says, to the room.
net::awaitable<void> receive(Session& session, double publish_rate) {
  beast::flat_buffer buffer;
  for (;;) {
    beast::error_code error;
    do {  // in pieces that grow with what has come: who only listens keeps a small buffer
      co_await session.socket.async_read_some(buffer, buffer.size() + first_piece,
                                              net::redirect_error(net::use_awaitable, error));
      if (error) co_return;  // the client left, or broke the protocol and was told so by Beast
    } while (!session.socket.is_message_done());
    // Nothing follows a close frame (RFC 6455, 5.5.1): what comes behind the goodbye could not be answered, so it is not taken.
    if (!session.socket.is_open()) {
      buffer.clear();
      continue;
    }
    const auto pause = co_await take(session, buffer, publish_rate);
    if (!pause) co_return;
    if (*pause > feed::Clock::duration::zero()) co_await feed::rest(*pause);  // it has said too much
  }
}

net::awaitable<void> converse(feed::Exchange& exchange, feed::Rooms& rooms, const Limits& limits) {
  auto refusal = check_handshake(exchange);
  const auto after = exchange.after();
  if (!refusal && !after) refusal = feed::problem(http::status::bad_request, after.error().detail);
  if (refusal) co_return co_await exchange.reply(*std::move(refusal));

  const auto room = exchange.open_room(rooms);
  if (!room) co_return co_await exchange.reply(feed::refusal_of(room.error()));

  Session session(exchange, **room, *after);
  if (!co_await accept(session.socket, exchange, limits)) co_return;
  net::co_spawn(session.socket.get_executor(), deliver(session), [&session](std::exception_ptr failure) {
    session.delivered.wake();
    if (failure) std::rethrow_exception(failure);
  });
  co_await receive(session, rooms.most().publish_rate);
  co_await answered(session);
  session.reader.leave();
  co_await session.delivered.wait();
  co_await session.gate().drained();
}

// Sends back every message as it came.
template <class AnySocket>
net::awaitable<void> echo_on(AnySocket& socket, feed::Exchange& exchange, const Limits& limits) {
  if (!co_await accept(socket, exchange, limits)) co_return;
  socket.read_message_max(limits.echo_max != 0 ? limits.echo_max : limits.max_message);
  exchange.connection().on_stop = [&socket] {
    socket.async_close(ws::close_code::going_away, net::detached);
  };
  beast::flat_buffer buffer;
  for (beast::error_code error; !error;) {
    co_await socket.async_read(buffer, net::redirect_error(net::use_awaitable, error));
    if (error) break;  // the client left, or broke the protocol and was told so by Beast
    if (socket.got_text() && !ends_whole(text_in(buffer))) {
      co_await close(socket, ws::close_code::bad_payload, "got text that is not UTF-8");
      break;
    }
    socket.text(socket.got_text());
    co_await socket.async_write(buffer.data(), net::redirect_error(net::use_awaitable, error));
    buffer.clear();
  }
  exchange.connection().on_stop = nullptr;
  co_await socket.next_layer().drained();
}

net::awaitable<void> echo(feed::Exchange& exchange, const Limits& limits) {
  auto refusal = check_handshake(exchange);
  if (refusal) co_return co_await exchange.reply(*std::move(refusal));
  if (!limits.deflate) {
    Socket socket(exchange.take_over());
    co_return co_await echo_on(socket, exchange, limits);
  }
  DeflatingSocket socket(exchange.take_over());
  ws::permessage_deflate extension;
  extension.server_enable = true;
  socket.set_option(extension);
  co_await echo_on(socket, exchange, limits);
}

}  // namespace

void mount(feed::Routes& routes, feed::Rooms& rooms, Limits limits) {
  routes.add(http::verb::get, "/rooms/{room}/socket",
             [&rooms, limits](feed::Exchange& exchange) { return converse(exchange, rooms, limits); });
  routes.add(http::verb::get, "/echo", [limits](feed::Exchange& exchange) { return echo(exchange, limits); });
}

}  // namespace websocket
