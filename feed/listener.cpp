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
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <utility>

namespace feed {
namespace {

constexpr std::chrono::milliseconds idle_time{
    75000};  // longer than the longest poll interval that makes sense to keep open
constexpr std::uint32_t longest_head = 8192;
// What is asked for at once: what a browser's head takes, since a client that waits keeps the memory for it. Who fills that, as a
// publisher does that waits for no answers, is read in larger pieces.
constexpr std::size_t smallest_read = 1024, largest_read = 16 * 1024;
constexpr int most_accepted_at_once = 64;  // then it is the others' turn
constexpr std::chrono::milliseconds pause_after_failed_accept{50};

// What is freed stays with the allocator, for the next ones. Where half of a crowd has left and not come back soon, it is given back
// to the system: some milliseconds for 100 MB, once for a crowd. Twenty that have sent compressed messages to GET /echo leave 10 MB.
constexpr std::size_t least_crowd = 20;
constexpr std::chrono::seconds time_to_return{5};

Error refusal(http::status status, std::string detail) {
  return {Errc::invalid, std::move(detail), static_cast<int>(status)};
}

std::string too_slow(std::chrono::milliseconds limit) {
  return fmt::format("the head took more than {:.3g} s, expected less",
                     std::chrono::duration<double>(limit).count());
}

// A peer whose line is cut says nothing, and what is sent to it stays with the kernel, which would go on trying for a quarter of an
// hour. So who is silent is asked by the kernel whether it is there, and who acknowledges nothing for 5/3 of a heartbeat is gone: with
// the heartbeat before it, that is 40 s where it is 15. What a listening socket has been told, those that it accepts inherit.
void find_dead_peers(int listening, std::chrono::milliseconds heartbeat) {
  using std::chrono::ceil;
  using std::chrono::seconds;
  const auto set = [listening](int level, int name, std::int64_t value) {
    const int number = static_cast<int>(value);
    if (::setsockopt(listening, level, name, &number, sizeof number) != 0)
      throw boost::system::system_error(errno, boost::system::system_category(), "setsockopt");
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE,
      ceil<seconds>(heartbeat * 4 / 3).count());  // later than a heartbeat: no probe where there is one
  set(IPPROTO_TCP, TCP_KEEPINTVL, ceil<seconds>(heartbeat / 3).count());
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, (heartbeat * 5 / 3).count());
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

// A connection's place among those of all threads: it takes that along from one to the other.
class Listener::Place {
 public:
  Place(Listeners& all, const Options& options, const net::ip::address& from, std::shared_ptr<void> busy)
      : all_(&all), from_(from), refused_(take(options)), busy_(std::move(busy)) {}
  Place(Place&& other) noexcept
      : all_(other.all_),
        from_(other.from_),
        refused_(std::exchange(other.refused_, Refused::moved)),
        busy_(std::move(other.busy_)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (refused_ != Refused::no) return;
    all_->by_address.give_back(from_);
    --all_->admitted;
  }

  /// Why there is none; a connection that is refused does not take a place while it is told so.
  std::optional<Error> refusal_for(const Options& options) const {
    switch (refused_) {
      case Refused::full:
        return refusal(http::status::service_unavailable,
                       "there are " + std::to_string(options.max_connections) +
                           " connections already, the limit of --max-connections");
      case Refused::too_many:
        return refusal(
            http::status::too_many_requests,
            "there are " + std::to_string(options.max_connections_per_address) +
                " connections from this address already, the limit of --max-connections-per-address");
      case Refused::no:
      case Refused::moved:
        break;
    }
    return std::nullopt;
  }

 private:
  enum class Refused : std::uint8_t { no, full, too_many, moved };
  Refused take(const Options& options) {
    const bool is_full = all_->admitted.fetch_add(1) >= options.max_connections;
    if (!is_full && all_->by_address.take(from_)) return Refused::no;
    --all_->admitted;
    return is_full ? Refused::full : Refused::too_many;
  }

  Listeners* all_;
  net::ip::address from_;  // where those are counted
  Refused refused_;
  std::shared_ptr<void> busy_;
};

// A connection is counted and can be stopped for as long as it is served, however that ends.
class Listener::Registration {
 public:
  Registration(Listener& in, Connection& served) : listener_(in), connection_(served) {
    listener_.connections_.push_back(connection_);
    ++listener_.counters_.connections;
    listener_.crowd_ = std::max<std::size_t>(listener_.crowd_, listener_.counters_.connections);
  }
  ~Registration() {
    --listener_.counters_.connections;
    connection_.unlink();
    listener_.on_left();
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  Listener& listener_;
  Connection& connection_;
};

// A connection on its way to another thread, with the request that it goes there for.
struct Listener::Guest {
  Place place;
  net::ip::tcp protocol;
  int descriptor;
  beast::flat_buffer buffer;
  Traffic so_far;
  TokenBucket publishes;
  std::size_t head_bytes;
  Head head;
};

Listener::Listener(const Options& options, const Routes& routes, Rooms& rooms, std::size_t thread,
                   Listeners& all)
    : options_(options),
      routes_(routes),
      proxies_(options.trusted_proxy),
      rooms_(rooms),
      thread_(thread),
      all_(all),
      counters_(rooms.counters(thread)),
      acceptor_(rooms.executor(thread)),
      timer_(rooms.executor(thread)),
      silent_(rooms.executor(thread)),
      quiet_(rooms.executor(thread)) {
  if (thread == 0) {
    net::ip::tcp::resolver resolver(acceptor_.get_executor());
    const net::ip::tcp::endpoint endpoint =
        *resolver.resolve(options.host, std::to_string(options.port), net::ip::resolver_base::passive)
             .begin();
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(net::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    find_dead_peers(acceptor_.native_handle(), options.heartbeat);
    acceptor_.listen();
  } else {
    // Another descriptor of the same socket. With SO_REUSEPORT and a socket for each thread, a second server on the same port would
    // take half of the connections instead of being told that the port is in use.
    auto& first = all.by_thread.front()->acceptor_;
    const int shared = ::fcntl(first.native_handle(), F_DUPFD_CLOEXEC, 0);
    if (shared < 0) throw boost::system::system_error(errno, boost::system::system_category());
    acceptor_.assign(first.local_endpoint().protocol(), shared);
  }
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

void Listener::start(std::shared_ptr<void> busy) {
  busy_ = std::move(busy);
  net::co_spawn(acceptor_.get_executor(), accept(), report);
}

void Listener::stop(std::chrono::milliseconds patience) {
  if (std::exchange(stopping_, true)) return;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  timer_.cancel();
  quiet_.cancel();
  // Stopping one session may end others; none is added any more, so walk over the ones that are there now.
  for (auto at = connections_.begin(); at != connections_.end();) {
    Connection& connection = *at++;
    if (connection.idle) connection.socket().cancel(ignored);
    if (connection.on_stop) std::exchange(connection.on_stop, nullptr)();
  }
  silent_.ring();  // nobody waits for a request any more
  due_ = Clock::now() + patience;
  if (!connections_.empty()) cut_off_when_due();
  busy_.reset();
}

void Listener::on_left() {
  if (stopping_) {
    if (connections_.empty()) timer_.cancel();
    return;
  }
  if (crowd_ < least_crowd || counters_.connections > crowd_ / 2) return;
  crowd_ = 0;  // the next connection begins to count anew
  quiet_.expires_after(time_to_return);
  quiet_.async_wait([](const boost::system::error_code& error) {
#ifdef __GLIBC__
    if (!error) ::malloc_trim(0);
#else
    (void)error;
#endif
  });
}

void Listener::cut_off_when_due() {
  timer_.expires_at(due_);
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
    co_await acceptor_.async_wait(net::socket_base::wait_read,
                                  net::redirect_error(net::use_awaitable, error));
    if (stopping_) co_return;
    for (int accepted = 0; !error && accepted < most_accepted_at_once; ++accepted) {
      net::ip::tcp::socket socket(acceptor_.get_executor());
      acceptor_.accept(socket, error);  // non-blocking
      if (error) break;
      open_spare();
      net::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), report);
    }
    if (!error || error == net::error::would_block) continue;
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
    Connection connection(std::move(socket), counters_.traffic);
    connection.read_and_drop();  // what is unread when a socket closes takes the answer with it
    const auto said = connection.write_some(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    (void)said;  // the client may be gone
  }
  open_spare();
}

net::awaitable<void> Listener::serve(net::ip::tcp::socket socket) {
  if (stopping_) co_return;
  ++counters_.accepted;
  boost::system::error_code gone;
  net::ip::address from;
  if (all_.by_address.each() > 0) from = socket.remote_endpoint(gone).address();
  Place place(all_, options_, from, busy_);
  Connection connection(std::move(socket), counters_.traffic);
  const Registration registration(*this, connection);
  co_await converse(connection, place, {});
}

// What comes from another thread. It may come when this one has been told to stop: it is answered, and that is its end.
net::awaitable<void> Listener::take_in(Guest guest) {
  Place place = std::move(guest.place);
  net::ip::tcp::socket socket(acceptor_.get_executor());
  boost::system::error_code error;
  socket.assign(guest.protocol, guest.descriptor, error);
  if (error) {  // the kernel has no memory left to watch one more
    ::close(guest.descriptor);
    co_return;
  }
  Connection connection(std::move(socket), counters_.traffic, guest.so_far);
  connection.buffer() = std::move(guest.buffer);
  connection.head_bytes = guest.head_bytes;
  connection.publishes = guest.publishes;
  const Registration registration(*this, connection);
  if (stopping_) cut_off_when_due();
  co_await converse(connection, place, std::move(guest.head));
}

void Listener::hand_over(Connection& connection, Place& place, Head head, Listener& to) {
  boost::system::error_code error;  // the peer may have left: then the other thread notices
  net::ip::tcp::socket socket = connection.stream().release_socket();
  const auto protocol = socket.local_endpoint(error).protocol();
  Guest guest{std::move(place),      protocol,
              socket.release(error), std::move(connection.buffer()),
              connection.traffic(),  connection.publishes,
              connection.head_bytes, std::move(head)};
  net::co_spawn(to.acceptor_.get_executor(), to.take_in(std::move(guest)), report);
}

// The listener of the thread that the request must be answered on; null where that is this one.
Listener* Listener::other_thread_of(const Exchange& exchange) {
  if (rooms_.threads() == 1 || exchange.room().empty()) return nullptr;
  const std::size_t thread = rooms_.thread_of(exchange.room());
  return thread == thread_ ? nullptr : all_.by_thread[thread].get();
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

// `first`: a request that was read already.
net::awaitable<void> Listener::converse(Connection& connection, Place& place, std::optional<Head> first) {
  if (auto refusal = place.refusal_for(options_)) {
    co_await refuse(connection, *std::move(refusal), "Retry-After: 1\r\n");
    co_return;
  }
  for (;;) {
    Asked asked;
    co_await listen(connection, place, first, asked);
    if (!asked.exchange) co_return;  // the peer left, was refused, or is served by another thread now
    Exchange& exchange = *asked.exchange;
    if (asked.handler) co_await (*asked.handler)(exchange);
    if (static_cast<unsigned>(exchange.status()) >= 400) ++counters_.refused;
    if (!exchange.keep_alive() || stopping_) {
      if (connection.owes()) co_await connection.receipts().told();
      if (exchange.answer() != Exchange::Answer::taken_over)
        co_await connection.close_gently(exchange.body_left());
      co_return;
    }
  }
}

// Reads the next request, up to where its handler begins. A coroutine of its own, so that what it needs is gone when a handler runs: a
// stream's may run for hours.
net::awaitable<void> Listener::listen(Connection& connection, Place& place, std::optional<Head>& first,
                                      Asked& asked) {
  const bool is_guest = first.has_value();
  Result<Head> head = co_await read_head(connection, first);
  connection.idle = false;
  const bool may_overtake = head && head->request.method() == http::verb::post;
  // What is published is answered when it is on the disk. Meanwhile more is taken from the client, but nothing else is answered.
  if (connection.owes() && !may_overtake) co_await connection.receipts().told();
  if (!head && head.error().status == 0) co_return;  // the peer left, or has nothing more to ask
  if (!is_guest) ++counters_.requests;
  if (!head) {
    co_await refuse(connection, head.error(), {});
    co_return;
  }
  const auto origin = head->request[http::field::origin];
  const bool foreign = !origin.empty() && is_foreign(origin, head->request[http::field::host]);
  Exchange& exchange = asked.exchange.emplace(connection, std::move(head->request),
                                              foreign ? std::string(origin) : std::string(), &proxies_);
  exchange.expect_body(head->body_bytes, options_.body_time);
  if (stopping_) exchange.framing_.keep_alive = false;
  auto found = routes_.find(exchange);
  if (Listener* other = other_thread_of(exchange)) {
    if (connection.owes()) co_await connection.receipts().told();
    Head again{std::move(exchange.request()), exchange.body_left()};
    hand_over(connection, place, std::move(again), *other);
    asked.exchange.reset();
    co_return;
  }
  if (!exchange.body_.streamed && exchange.body_left() > 0) {
    Result<> read;
    if (exchange.body_left() > options_.max_message) {
      read = refusal(http::status::payload_too_large, "the body is larger than " +
                                                          std::to_string(options_.max_message) +
                                                          " bytes, the limit of --max-message");
    } else {
      exchange.take_buffered_body();
      if (exchange.body_left() > 0) read = co_await exchange.read_whole_body();
      if (!read && connection.owes()) co_await connection.receipts().told();
    }
    if (!read) {
      if (read.error().status != 0)  // else the peer left
        co_await refuse(connection, read.error(), {}, exchange.body_left());
      asked.exchange.reset();
      co_return;
    }
  }
  if (auto* response = std::get_if<Response>(&found)) {
    co_await exchange.reply(std::move(*response));
  } else {
    asked.handler = std::get<const Handler*>(found);
  }
}

// An error with a status is to be answered, one without is the end of the conversation.
net::awaitable<Result<Listener::Head>> Listener::read_head(Connection& connection,
                                                           std::optional<Head>& first) {
  if (first) co_return *std::exchange(first, std::nullopt);
  Stream& stream = connection.stream();
  boost::system::error_code error;

  // Between requests a connection may be silent; once something has come, the head must follow.
  connection.idle = true;
  if (connection.buffer().size() == 0) {
    // One timer for all who are silent: one for each would be set and unset with every request.
    Waiter patience;
    const auto give_up = [&connection](Wake why) {
      boost::system::error_code ignored;
      if (why == Wake::due) connection.socket().cancel(ignored);
    };
    silent_.wait(patience, Clock::now() + (connection.traffic().in == 0 ? options_.head_time : idle_time),
                 give_up);
    const std::size_t wanted = std::clamp(connection.buffer().capacity(), smallest_read, largest_read);
    const std::size_t some = co_await stream.async_read_some(connection.buffer().prepare(wanted),
                                                             net::redirect_error(net::use_awaitable, error));
    if (error || stopping_) co_return Error{Errc::left, "no further request"};
    connection.buffer().commit(some);
    if (some == wanted && some < largest_read) connection.buffer().reserve(2 * wanted);
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
