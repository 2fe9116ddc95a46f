#include "feed/listener.hpp"

#include "feed/guard.hpp"
#include "feed/receipts.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

namespace feed {
namespace {

constexpr std::chrono::milliseconds idle_time{
    75000};  // longer than the longest poll interval that makes sense to keep open
constexpr std::uint32_t longest_head = 8192;
constexpr std::size_t read_size = 4096;
constexpr std::chrono::milliseconds pause_after_failed_accept{50};

Error refusal(http::status status, std::string detail) {
  return {Errc::invalid, std::move(detail), static_cast<int>(status)};
}

std::string too_slow(std::chrono::milliseconds limit) {
  return fmt::format("the head took more than {:.3g} s, expected less",
                     std::chrono::duration<double>(limit).count());
}

// What came is not HTTP, as opposed to: nothing came, or the connection broke.
bool is_malformed(const boost::system::error_code& error) {
  return error && error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

void report(std::exception_ptr failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "connection ended by an error of this program: %s\n", error.what());
  }
}

// Parses what has been read already. Most requests arrive whole, and those that a publisher sends back to back are then
// taken one after the other without a turn of the loop between them, so that their messages gather. Returns the bytes
// that it took.
template <class Parser>
std::size_t parse(Parser& parser, beast::flat_buffer& buffer, boost::system::error_code& error) {
  error = {};
  if (buffer.size() == 0) {
    error = http::error::need_more;
    return 0;
  }
  const std::size_t used = parser.put(buffer.data(), error);
  buffer.consume(used);
  return used;
}

}  // namespace

// A connection is counted and can be stopped for as long as it is served, however that ends.
struct Listener::Registration {
  Registration(Listener& in, Connection& served)
      : listener(in), connection(served), admitted(in.admitted_ < in.options_.max_connections) {
    listener.admitted_ += admitted;
    listener.connections_.push_back(connection);
    ++listener.counters_.accepted;
    ++listener.counters_.connections;
  }
  ~Registration() {
    listener.admitted_ -= admitted;
    --listener.counters_.connections;
    connection.unlink();
    if (listener.stopping_ && listener.connections_.empty()) listener.timer_.cancel();
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  Listener& listener;
  Connection& connection;
  const bool admitted;  // one of --max-connections; a refused one does not take a place while it is told so
};

Listener::Listener(net::any_io_executor executor, const Options& options, const Routes& routes,
                   Counters& counters)
    : options_(options),
      routes_(routes),
      proxies_(options.trusted_proxy),
      counters_(counters),
      acceptor_(executor),
      timer_(executor) {
  net::ip::tcp::resolver resolver(executor);
  const net::ip::tcp::endpoint endpoint =
      *resolver.resolve(options.host, std::to_string(options.port), net::ip::resolver_base::passive).begin();
  acceptor_.open(endpoint.protocol());
  acceptor_.set_option(net::socket_base::reuse_address(true));
  acceptor_.bind(endpoint);
  acceptor_.listen();
  acceptor_.non_blocking(true);
  port_ = acceptor_.local_endpoint().port();
  open_spare();
}

Listener::~Listener() {
  if (spare_ >= 0) ::close(spare_);
}

void Listener::open_spare() {
  if (spare_ < 0) spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void Listener::start() { net::co_spawn(acceptor_.get_executor(), accept(), report); }

void Listener::stop(std::chrono::milliseconds patience) {
  if (std::exchange(stopping_, true)) return;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  timer_.cancel();
  // Stopping one session may end others; none is added any more, so walk over the ones that are there now.
  for (auto at = connections_.begin(); at != connections_.end();) {
    Connection& connection = *at++;
    if (connection.idle) connection.socket().cancel(ignored);
    if (connection.on_stop) std::exchange(connection.on_stop, nullptr)();
  }
  if (connections_.empty()) return;
  timer_.expires_after(patience);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    for (Connection& connection : connections_) {
      boost::system::error_code closed;
      connection.socket().close(closed);
    }
  });
}

net::awaitable<void> Listener::accept() {
  while (!stopping_) {
    boost::system::error_code error;
    net::ip::tcp::socket socket =
        co_await acceptor_.async_accept(net::redirect_error(net::use_awaitable, error));
    if (stopping_) co_return;
    if (!error) {
      open_spare();
      net::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), report);
      continue;
    }
    if (error == net::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system)
      co_await shed();
    // Whatever it was (also ENOBUFS, ENOMEM): never spin on it, never stop accepting because of it.
    timer_.expires_after(pause_after_failed_accept);
    co_await timer_.async_wait(net::redirect_error(net::use_awaitable, error));
  }
}

// All descriptors are used up: gives the spare one to a waiting client, to say so, and takes it back.
net::awaitable<void> Listener::shed() {
  if (spare_ < 0) co_return;
  ::close(std::exchange(spare_, -1));
  boost::system::error_code error;
  net::ip::tcp::socket socket(acceptor_.get_executor());
  acceptor_.accept(socket, error);  // non-blocking
  if (!error) {
    ++counters_.refused;
    Connection connection(std::move(socket), traffic_);
    connection.read_and_drop();  // what is unread when a socket closes takes the answer with it
    const auto said = connection.write_some(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    (void)said;  // the client may be gone
  }
  open_spare();
}

net::awaitable<void> Listener::serve(net::ip::tcp::socket socket) {
  if (stopping_) co_return;
  Connection connection(std::move(socket), traffic_);
  const Registration registration(*this, connection);
  co_await converse(connection, registration.admitted);
}

net::awaitable<void> Listener::refuse(Connection& connection, Error error, std::string fields,
                                      std::uint64_t announced) {
  ++counters_.refused;
  Request none;
  none.version(11);
  none.keep_alive(false);
  Exchange exchange(connection, std::move(none), {});
  Response refusal = problem(static_cast<http::status>(error.status), error.detail, std::move(fields));
  co_await exchange.reply(std::move(refusal));
  co_await connection.close_gently(announced);
}

net::awaitable<void> Listener::converse(Connection& connection, bool admitted) {
  if (!admitted) {
    Error full = refusal(http::status::service_unavailable,
                         "there are " + std::to_string(options_.max_connections) +
                             " connections already, the limit of --max-connections");
    co_await refuse(connection, std::move(full), "Retry-After: 1\r\n");
    co_return;
  }
  for (;;) {
    Result<Head> head = co_await read_head(connection);
    connection.idle = false;
    const bool may_overtake = head && head->request.method() == http::verb::post;
    // What is published is answered when it is on the disk. Meanwhile more is taken from the client, but nothing else is answered.
    if (connection.owes() && !may_overtake) co_await connection.receipts().told();
    if (!head && head.error().status == 0) co_return;  // the peer left, or has nothing more to ask
    ++counters_.requests;
    if (!head) {
      co_await refuse(connection, head.error(), {});
      co_return;
    }
    const auto host = head->request[http::field::host];
    const auto origin = head->request[http::field::origin];
    const bool foreign = !origin.empty() && is_foreign(origin, host);
    Exchange exchange(connection, std::move(head->request), foreign ? std::string(origin) : std::string(),
                      &proxies_);
    exchange.expect_body(head->body_bytes, options_.body_time);
    if (stopping_) exchange.framing_.keep_alive = false;
    auto found = routes_.find(exchange);
    if (!exchange.body_.streamed && exchange.body_left() > 0) {
      if (exchange.body_left() > options_.max_message) {
        Error too_large = refusal(http::status::payload_too_large, "the body is larger than " +
                                                                       std::to_string(options_.max_message) +
                                                                       " bytes, the limit of --max-message");
        co_await refuse(connection, std::move(too_large), {}, exchange.body_left());
        co_return;
      }
      exchange.take_buffered_body();
      if (exchange.body_left() > 0) {
        const auto read = co_await exchange.read_whole_body();
        if (!read && connection.owes()) co_await connection.receipts().told();
        if (!read && read.error().status == 0) co_return;  // the peer left
        if (!read) {
          co_await refuse(connection, read.error(), {}, exchange.body_left());
          co_return;
        }
      }
    }
    if (auto* response = std::get_if<Response>(&found)) {
      co_await exchange.reply(std::move(*response));
    } else {
      co_await (*std::get<const Handler*>(found))(exchange);
    }
    if (static_cast<unsigned>(exchange.status()) >= 400) ++counters_.refused;
    if (!exchange.keep_alive() || stopping_) {
      if (connection.owes()) co_await connection.receipts().told();
      if (exchange.answer() != Exchange::Answer::taken_over)
        co_await connection.close_gently(exchange.body_left());
      co_return;
    }
  }
}

// An error with a status is to be answered, one without is the end of the conversation.
net::awaitable<Result<Listener::Head>> Listener::read_head(Connection& connection) {
  Stream& stream = connection.stream();
  boost::system::error_code error;

  // Between requests a connection may be silent; once something has come, the head must follow.
  connection.idle = true;
  if (connection.buffer().size() == 0) {
    stream.expires_after(connection.traffic().in == 0 ? options_.head_time : idle_time);
    const std::size_t some = co_await stream.async_read_some(connection.buffer().prepare(read_size),
                                                             net::redirect_error(net::use_awaitable, error));
    if (error || stopping_) co_return Error{Errc::left, "no further request"};
    stream.expires_never();
    connection.buffer().commit(some);
  }
  http::request_parser<http::string_body> parser;
  parser.header_limit(longest_head);
  parser.body_limit(boost::none);  // whoever reads the body knows how large it may be

  std::size_t head = parse(parser, connection.buffer(), error);
  if (error == http::error::need_more) {
    const TimeLimit limit(connection.socket(), options_.head_time);
    head += co_await http::async_read_header(stream, connection.buffer(), parser,
                                             net::redirect_error(net::use_awaitable, error));
    if (limit.expired()) {
      co_return refusal(http::status::request_timeout, too_slow(options_.head_time));
    }
  }
  // Beast looks at its limit only where it needs more bytes.
  if (error == http::error::header_limit || (!error && head > longest_head)) {
    if (parser.get().target().empty()) {
      co_return refusal(http::status::uri_too_long,
                        "the request line is longer than expected: more than 8192 bytes, the limit");
    }
    co_return refusal(http::status::request_header_fields_too_large,
                      "the head is larger than expected: more than 8192 bytes, the limit");
  }
  if (is_malformed(error))
    co_return refusal(http::status::bad_request, "expected HTTP/1.1, got something else: " + error.message());
  if (error) co_return Error{Errc::left, error.message()};

  connection.idle = false;
  connection.head_bytes = head;
  const auto admitted = guard(parser.get(), options_.allow_origin);
  if (!admitted) co_return admitted.error();
  // No transfer coding gets through the guard: a body is as long as its Content-Length, and without one there is none.
  const std::uint64_t body_bytes = parser.content_length().value_or(0);
  Head read{parser.release(), body_bytes};
  co_return read;
}

}  // namespace feed
