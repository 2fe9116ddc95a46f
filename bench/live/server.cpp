#include "bench/live/server.hpp"

#include "bench/live/claims.hpp"

#include "embedded/bench/live/web/figures.js.hpp"
#include "embedded/bench/live/web/index.html.hpp"
#include "embedded/bench/live/web/live.css.hpp"
#include "embedded/bench/live/web/live.js.hpp"
#include "embedded/bench/live/web/pace.js.hpp"
#include "embedded/bench/live/web/pane.html.hpp"
#include "embedded/bench/live/web/pane.js.hpp"
#include "embedded/bench/live/web/strip.js.hpp"
#include "embedded/bench/live/web/words.js.hpp"
#include "embedded/feed/web/icon.svg.hpp"
#include "embedded/polling/client.js.hpp"
#include "embedded/sse/client.js.hpp"
#include "embedded/websocket/client.js.hpp"
#include "feed/message.hpp"
#include "feed/web.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace live {
namespace {

namespace http = feed::http;
namespace beast = feed::beast;

constexpr std::string_view html = "text/html; charset=utf-8", css = "text/css",
                           javascript = "text/javascript", json = "application/json";

feed::Options outer_options(const Options& options) {
  feed::Options outer;
  outer.host = options.host;
  outer.port = options.port;
  return outer;
}

feed::Options upstream_options(const Options& options) {
  feed::Options upstream;  // on 127.0.0.1: only the relays come there
  upstream.history.messages = options.history;
  upstream.heartbeat = options.heartbeat;
  return upstream;
}

std::optional<std::string> read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  return in && !text.empty() ? std::optional(std::move(text)) : std::nullopt;
}

// The host by which the browser came here, as a content security policy says it: `some.host`; `*` for an address of IPv6, which
// a policy has no words for (CSP 3, 2.3.1). Empty where it is neither a name nor an address: it is to stand in a header.
std::string host_source(const feed::Exchange& exchange) {
  const std::string host = exchange.field("Host");
  if (host.starts_with('[')) return "*";
  const std::string name = host.substr(0, host.find(':'));
  const bool is_plain = std::all_of(name.begin(), name.end(),
                                    [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.'; });
  return is_plain ? name : std::string();
}

feed::Response page(std::string_view bytes, const std::string& policy) {
  return {
      http::status::ok, html, std::string(bytes),
      "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src "
      "'self'; base-uri 'none'; form-action 'none'; " +
          policy + "\r\n"};
}

feed::Response told(std::string body) {
  return {http::status::ok, json, std::move(body), "Cache-Control: no-store\r\n"};
}

// What a page may send. Another site's form cannot send JSON without asking first, and the listener has looked at the Origin.
std::optional<feed::Response> refuse_type(const feed::Exchange& exchange) {
  const std::string type = exchange.field("Content-Type");
  if (beast::iequals(type.substr(0, type.find(';')), json)) return std::nullopt;
  return feed::problem(http::status::unsupported_media_type,
                       "Content-Type is \"" + type + "\", expected application/json");
}

// `"room":"live-k3f9"` of a body.
feed::Result<std::string> parse_room(std::string_view body) {
  const auto object = feed::parse_object(body);
  if (!object) return object.error();
  const auto* room = object->if_contains("room");
  if (!room || !room->is_string()) return feed::invalid("\"room\" is no string, expected a room's name");
  const std::string name(room->get_string());
  const auto named = feed::check_room_name(name);
  if (!named) return named.error();
  return name;
}

std::string to_json(const Tally& tally) {
  return fmt::format(R"("connections":{},"requests":{},"empty":{},"up":{},"down":{})", tally.connections,
                     tally.requests, tally.empty, tally.up, tally.down);
}

}  // namespace

Server::Server(Options options)
    : options_(std::move(options)),
      outer_(outer_options(options_)),
      upstream_(upstream_options(options_), [this](feed::Server& upstream) { mount_pane(upstream); }),
      straight_(outer_.executor(), options_.severity),
      panes_{Pane{"poll", {outer_.executor(), options_.severity}},
             Pane{"sse", {outer_.executor(), options_.severity}},
             Pane{"ws", {outer_.executor(), options_.severity}}},
      signals_(outer_.executor()) {
  const auto charts = options_.root / "bench/live/node_modules/uplot/dist";
  auto chart = read(charts / "uPlot.iife.min.js"), style = read(charts / "uPlot.min.css");
  if (chart && style) {
    chart_ = *std::move(chart);
    chart_style_ = *std::move(style);
  } else {
    missing_.push_back("the charts: uPlot is not installed; \"npm ci\" in bench/live does it");
  }
  try {
    claims_ = claims_json(options_.root / "notes");
  } catch (const std::runtime_error& error) {
    claims_ = R"({"claims":[]})";
    missing_.push_back(fmt::format("the claims behind the buttons: {}", error.what()));
  }
  notes_ = read(options_.root / "build/notes/index.html").value_or(std::string());
  mount_page();
}

void Server::mount_page() {
  feed::Routes& routes = outer_.routes();
  const auto add = [&routes, this](http::verb method, std::string_view path,
                                   net::awaitable<void> (Server::*answer)(feed::Exchange&)) {
    routes.add(method, path, [this, answer](feed::Exchange& exchange) { return (this->*answer)(exchange); });
  };
  add(http::verb::get, "/", &Server::send_page);
  add(http::verb::get, "/live.json", &Server::send_state);
  add(http::verb::post, "/live/faults", &Server::obey);
  add(http::verb::post, "/live/reset", &Server::reset);
  add(http::verb::get, "/rooms/{room}/socket", &Server::hand_on);
  outer_.mount_file("/live.css", css, embedded::live_css);
  outer_.mount_file("/live.js", javascript, embedded::live_js);
  outer_.mount_file("/words.js", javascript, embedded::words_js);
  outer_.mount_file("/pace.js", javascript, embedded::pace_js);
  feed::mount_modules(outer_);
  outer_.mount_file("/websocket.js", javascript, embedded::websocket::client_js);
  outer_.mount_file("/icon.svg", "image/svg+xml", embedded::icon_svg);
  outer_.mount_file("/claims.json", json, claims_);
  if (!notes_.empty()) add(http::verb::get, "/notes", &Server::send_notes);
}

// A pane is served through its own relay, so that what it loads and asks is all of one origin.
void Server::mount_pane(feed::Server& upstream) const {
  upstream.routes().add(http::verb::get, "/",
                        [this](feed::Exchange& exchange) { return send_pane(exchange); });
  upstream.mount_file("/live.css", css, embedded::live_css);
  upstream.mount_file("/pane.js", javascript, embedded::pane_js);
  upstream.mount_file("/figures.js", javascript, embedded::figures_js);
  upstream.mount_file("/pace.js", javascript, embedded::pace_js);
  upstream.mount_file("/strip.js", javascript, embedded::strip_js);
  upstream.mount_file("/words.js", javascript, embedded::words_js);
  feed::mount_modules(upstream);
  upstream.mount_file("/polling.js", javascript, embedded::polling::client_js);
  upstream.mount_file("/sse.js", javascript, embedded::sse::client_js);
  upstream.mount_file("/websocket.js", javascript, embedded::websocket::client_js);
  upstream.mount_file("/icon.svg", "image/svg+xml", embedded::icon_svg);
  upstream.mount_file("/chart.js", javascript, chart_);  // empty where it is missing: the pane says so
  upstream.mount_file("/chart.css", css, chart_style_);
}

void Server::start() {
  outer_.start();
  upstream_.start();
  const auto address =
      net::ip::tcp::endpoint(*net::ip::tcp::resolver(outer_.executor())
                                  .resolve(options_.host, "0", net::ip::resolver_base::passive)
                                  .begin())
          .address();
  std::uint16_t port = options_.pane_port;
  for (Pane& pane : panes_) {
    try {
      pane.relay.listen({address, port});
    } catch (const boost::system::system_error& error) {
      throw std::runtime_error(fmt::format(
          "cannot listen on {}:{} for the pane \"{}\": {}; choose others with --pane-port (0 takes any free ones)",
          options_.host, port, pane.name, error.code().message()));
    }
    if (port != 0) ++port;
  }
  point_relays();
}

void Server::point_relays() {
  restarting_ = false;
  straight_.point_at(upstream_.port());
  for (Pane& pane : panes_) pane.relay.point_at(upstream_.port());
}

void Server::stop_on_signals() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    wind_down();
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
  });
}

void Server::stop() {
  net::post(outer_.executor(), [this] { wind_down(); });
}

void Server::run() {
  outer_.run();
  upstream_.stop();
}

void Server::wind_down() {
  signals_.cancel();
  straight_.stop();
  for (Pane& pane : panes_) pane.relay.stop();
  outer_.stop();
}

// The page may show the panes, and nobody the page.
net::awaitable<void> Server::send_page(feed::Exchange& exchange) {
  const std::string host = host_source(exchange);
  std::string frames;
  for (const Pane& pane : panes_) {
    if (!host.empty()) frames += fmt::format(" http://{}:{}", host, pane.relay.port());
  }
  feed::Response response = page(embedded::index_html, fmt::format("frame-src{}; frame-ancestors 'none'",
                                                                   frames.empty() ? " 'none'" : frames));
  co_await exchange.reply(std::move(response));
}

// Only the page may show a pane.
net::awaitable<void> Server::send_pane(feed::Exchange& exchange) const {
  const std::string host = host_source(exchange);
  const std::string from = host.empty() ? "'none'" : fmt::format("http://{}:{}", host, outer_.port());
  feed::Response response = page(embedded::pane_html, "frame-ancestors " + from);
  co_await exchange.reply(std::move(response));
}

// The notes are one page without scripts, with a style of their own.
net::awaitable<void> Server::send_notes(feed::Exchange& exchange) {
  feed::Response response{
      http::status::ok, html, notes_,
      "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: "
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
      "frame-ancestors 'none'\r\n"};
  co_await exchange.reply(std::move(response));
}

std::string Server::state(std::string_view room) const {
  const Severity& severity = options_.severity;
  std::string panes;
  for (const auto& [name, relay] : panes_) {
    panes += fmt::format(R"({}"{}":{{"port":{},{}}})", panes.empty() ? "" : ",", name, relay.port(),
                         to_json(relay.tally(room)));
  }
  std::string missing;
  for (const std::string& what : missing_) missing += (missing.empty() ? "" : ",") + feed::quote(what);
  return fmt::format(
      R"({{"room":{},"epoch":"{}","pages":{},"faults":{{"cut":{},"stall":{},"delay":{},"hold":{},"idle":{},"restart":{}}},)"
      R"("severity":{{"outage_ms":{},"one_way_ms":{},"idle_ms":{},"buffer_bytes":{}}},"heartbeat_ms":{},)"
      R"("begin":{{"rate":{},"interval_ms":{}}},"notes":{},"missing":[{}],"panes":{{{}}}}})",
      feed::quote(room), upstream_.epoch(), straight_.lines(), panes_[0].relay.is_cut(), faults_.stall,
      faults_.delay, faults_.hold, faults_.idle, restarting_, severity.outage.count(),
      severity.one_way.count(), severity.idle_time.count(), severity.buffer, options_.heartbeat.count(),
      options_.rate, options_.interval.count(), !notes_.empty(), missing, panes);
}

// GET /live.json?room=live-k3f9
net::awaitable<void> Server::send_state(feed::Exchange& exchange) {
  const auto room = exchange.query("room");
  if (!room) co_return co_await exchange.reply(feed::problem(http::status::bad_request, room.error().detail));
  const std::string name = room->value_or("live");
  const auto named = feed::check_room_name(name);
  if (!named)
    co_return co_await exchange.reply(feed::problem(http::status::bad_request, named.error().detail));
  co_await exchange.reply(told(state(name)));
}

// POST /live/faults
net::awaitable<void> Server::obey(feed::Exchange& exchange) {
  auto refusal = refuse_type(exchange);
  if (refusal) co_return co_await exchange.reply(*std::move(refusal));
  const auto command = parse_command(exchange.request().body());
  if (!command)
    co_return co_await exchange.reply(feed::problem(http::status::bad_request, command.error().detail));
  switch (command->what) {
    case Command::What::cut:
      for (Pane& pane : panes_) pane.relay.cut();
      break;
    case Command::What::restart:
      restarting_ = true;
      upstream_.restart([this] { net::post(outer_.executor(), [this] { point_relays(); }); });
      break;
    default:
      set(apply(*command, faults_));
  }
  co_await exchange.reply(told(state("live")));
}

// POST /live/reset
net::awaitable<void> Server::reset(feed::Exchange& exchange) {
  auto refusal = refuse_type(exchange);
  if (refusal) co_return co_await exchange.reply(*std::move(refusal));
  const auto room = parse_room(exchange.request().body());
  if (!room) co_return co_await exchange.reply(feed::problem(http::status::bad_request, room.error().detail));
  set({});
  straight_.forget(*room);
  for (Pane& pane : panes_) pane.relay.forget(*room);
  co_await exchange.reply(told(state(*room)));
}

void Server::set(const Faults& faults) {
  faults_ = faults;
  for (Pane& pane : panes_) pane.relay.set(faults_);
}

// GET /rooms/{room}/socket: the publisher's WebSocket is of the page's origin, and its bytes go straight to the server.
net::awaitable<void> Server::hand_on(feed::Exchange& exchange) {
  if (!beast::iequals(exchange.field("Upgrade"), "websocket")) {
    co_return co_await exchange.reply(feed::problem(http::status::upgrade_required,
                                                    "got no upgrade, expected a WebSocket handshake",
                                                    "Upgrade: websocket\r\n"));
  }
  std::ostringstream head;
  head << exchange.request();
  feed::Connection& connection = exchange.take_over();
  std::string said = head.str() + beast::buffers_to_string(connection.buffer().data());
  connection.stream().expires_never();
  net::ip::tcp::socket socket = connection.stream().release_socket();
  co_await straight_.serve(std::move(socket), std::move(said));
}

}  // namespace live
