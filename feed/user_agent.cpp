#include "feed/user_agent.hpp"

#include "feed/bell.hpp"
#include "feed/message.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <curl/curl.h>
#include <fmt/format.h>

#include <map>
#include <new>
#include <set>
#include <stdexcept>
#include <utility>

namespace feed {
namespace {

void initialise_curl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (once != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK)
    throw std::runtime_error("libcurl refuses option " + std::to_string(option));
}

// Of all heads and trailers of an answer: libcurl limits heads, and keeps trailers without an end.
constexpr std::size_t most_head_bytes = std::size_t{256} << 10;

Errc ending(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Errc::unreachable;
    case CURLE_OPERATION_TIMEDOUT:
      return Errc::timed_out;
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return Errc::invalid;
    default:
      return Errc::left;
  }
}

}  // namespace

// One easy handle. libcurl's callbacks only store; what was stored is handed on when libcurl has returned.
struct Transfer {
  Transfer(Fetch asked, const net::any_io_executor& executor)
      : request(std::move(asked)), easy(curl_easy_init()), silence(executor) {
    if (!easy) throw std::bad_alloc();
  }
  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(fields);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  bool is_over() const { return done || stopped || too_large; }
  void hand_on();
  // Whether another answer may follow this one: libcurl shows no byte of the body of an answer that sends it elsewhere.
  bool may_be_redirected(long status) const {
    return request.redirects > 0 && status >= 300 && status < 400 && arrived.empty() && !done;
  }

  Fetch request;
  CURL* easy;
  curl_slist* fields = nullptr;
  char error[CURL_ERROR_SIZE] = {};
  std::string arrived;  // stored by libcurl's callback, not handed on yet
  Fetched answer;
  void* multi = nullptr;
  std::size_t sent = 0;        // of the request's body
  std::size_t head_bytes = 0;  // heads and trailers
  bool head_arrived = false, head_told = false;
  bool stopped = false;  // on_body returned false, or close()
  bool too_large = false;
  bool done = false;
  CURLcode result = CURLE_OK;
  Waiter waiter;
  net::steady_timer silence;
  Clock::time_point heard = Clock::now();  // the last byte of the answer, or the beginning
};

void Transfer::hand_on() {
  if (head_arrived && !head_told) {
    long status = 0;
    const char* type = nullptr;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    if (may_be_redirected(status)) return;
    head_arrived = false;  // after a 1xx the real head follows
    if (status >= 200) {
      head_told = true;
      answer.status = static_cast<int>(status);
      if (type) answer.type = type;
      if (request.on_head) request.on_head(answer.status, answer.type);
    }
  }
  if (arrived.empty() || stopped) return;
  const std::string piece = std::exchange(arrived, {});
  if (request.on_body) {
    if (!request.on_body(piece)) stopped = true;
  } else if (answer.body.size() + piece.size() > request.max_body) {
    too_large = true;
  } else {
    answer.body += piece;
  }
}

class UserAgent::Multi {
 public:
  explicit Multi(net::any_io_executor executor)
      : executor_(executor), timer_(executor), multi_((initialise_curl(), curl_multi_init())) {
    if (!multi_) throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Multi::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Multi::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  }

  ~Multi() {
    for (Transfer* transfer : transfers_) curl_multi_remove_handle(multi_, transfer->easy);
    curl_multi_cleanup(multi_);
    *alive_ = false;
  }

  net::awaitable<Result<Fetched>> fetch(Fetch request) {
    if (closed_) co_return Error{Errc::closed, "closed"};
    Transfer transfer(std::move(request), executor_);
    prepare(transfer);
    transfers_.insert(&transfer);
    if (transfer.request.silence.count() > 0) watch_silence(transfer);
    curl_multi_add_handle(multi_, transfer.easy);
    while (!transfer.is_over()) co_await transfer.waiter.wait();
    transfers_.erase(&transfer);
    curl_multi_remove_handle(multi_, transfer.easy);
    if (transfer.too_large) {
      co_return Error{Errc::too_large, "the body is larger than " +
                                           std::to_string(transfer.request.max_body) + " bytes, the limit"};
    }
    if (transfer.stopped) co_return Error{Errc::closed, "closed"};
    if (transfer.head_bytes > most_head_bytes) {
      co_return Error{Errc::too_large, "the head, or what comes behind the body, is larger than " +
                                           std::to_string(most_head_bytes) + " bytes, the limit"};
    }
    if (transfer.result != CURLE_OK) {
      const char* why = transfer.error[0] != '\0' ? transfer.error : curl_easy_strerror(transfer.result);
      Errc code = ending(transfer.result);
      // Where a kept connection is lost before its answer, libcurl tries another one. If that is refused, the request may have
      // happened all the same.
      if (code == Errc::unreachable && transfer.sent > 0) code = Errc::left;
      co_return Error{code, why, transfer.answer.status};
    }
    if (!transfer.head_told) co_return Error{Errc::left, "the connection ended in the head of the answer"};
    co_return std::move(transfer.answer);
  }

  void close() {
    closed_ = true;
    for (Transfer* transfer : transfers_) transfer->stopped = true;
    net::post(executor_, [this, alive = alive_] {
      if (*alive) resume({transfers_.begin(), transfers_.end()});
    });
  }

  void touch(Transfer& transfer) { touched_.push_back(&transfer); }

  std::uint64_t opened() const { return opened_; }
  net::any_io_executor executor() const { return executor_; }

 private:
  struct Socket {
    explicit Socket(net::any_io_executor executor, int fd) : descriptor(executor, fd) {}
    net::posix::stream_descriptor descriptor;
    int wanted = 0;                         // CURL_POLL_*
    bool reading = false, writing = false;  // a wait is under way
  };

  void prepare(Transfer& transfer) {
    const Fetch& request = transfer.request;
    CURL* easy = transfer.easy;
    for (const std::string& field : request.fields)
      transfer.fields = curl_slist_append(transfer.fields, field.c_str());
    set(easy, CURLOPT_URL, request.url.c_str());
    set(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_HTTPHEADER, transfer.fields);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_NOPROXY, "*");
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (request.redirects > 0) {
      set(easy, CURLOPT_FOLLOWLOCATION, 1L);
      set(easy, CURLOPT_MAXREDIRS, static_cast<long>(request.redirects));
      set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    }
    if (request.method != "GET") {
      set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      // Not POSTFIELDS: with them libcurl sends a request again, unasked, when a kept-alive connection breaks before
      // the answer. What it reads from here it cannot rewind, and so it reports the loss (once it has connected again).
      set(easy, CURLOPT_POST, 1L);
      set(easy, CURLOPT_READFUNCTION, &Multi::on_read);
      set(easy, CURLOPT_READDATA, &transfer);
    }
    set(easy, CURLOPT_PRIVATE, &transfer);
    set(easy, CURLOPT_ERRORBUFFER, transfer.error);
    set(easy, CURLOPT_WRITEFUNCTION, &Multi::on_body);
    set(easy, CURLOPT_WRITEDATA, &transfer);
    set(easy, CURLOPT_HEADERFUNCTION, &Multi::on_header);
    set(easy, CURLOPT_HEADERDATA, &transfer);
    set(easy, CURLOPT_OPENSOCKETFUNCTION, &Multi::on_open);
    set(easy, CURLOPT_OPENSOCKETDATA, this);
    set(easy, CURLOPT_CLOSESOCKETFUNCTION, &Multi::on_close);
    set(easy, CURLOPT_CLOSESOCKETDATA, this);
    transfer.multi = this;
  }

  // Not libcurl's own limit, which counts in seconds. The timer is not moved with each byte: when it runs, it looks when the last one
  // came.
  void watch_silence(Transfer& transfer) {
    transfer.silence.expires_at(transfer.heard + transfer.request.silence);
    transfer.silence.async_wait([this, &transfer, alive = alive_](const boost::system::error_code& error) {
      if (error || !*alive || !transfers_.contains(&transfer) || transfer.is_over()) return;
      if (Clock::now() < transfer.heard + transfer.request.silence) return watch_silence(transfer);
      const std::chrono::duration<double> limit = transfer.request.silence;
      const std::string why = fmt::format("nothing came for {:.3g} s", limit.count());
      transfer.error[why.copy(transfer.error, sizeof transfer.error - 1)] = '\0';
      transfer.result = CURLE_OPERATION_TIMEDOUT;
      transfer.done = true;
      transfer.waiter.wake();
    });
  }

  static std::size_t on_read(char* bytes, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view rest = std::string_view(transfer.request.body).substr(transfer.sent);
    const std::size_t count = rest.copy(bytes, size);
    transfer.sent += count;
    return count;
  }

  static std::size_t on_body(const char* bytes, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.heard = Clock::now();
    transfer.arrived.append(bytes, size);
    static_cast<Multi*>(transfer.multi)->touch(transfer);
    return size;
  }

  // The end of the head: an SSE client wants to know of it before the first byte of the body comes.
  static std::size_t on_header(const char* bytes, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view line(bytes, size);
    transfer.heard = Clock::now();
    transfer.head_bytes += size;
    if (transfer.head_bytes > most_head_bytes) return 0;  // ends the transfer
    if (line == "\r\n" || line == "\n") {
      transfer.head_arrived = true;
      static_cast<Multi*>(transfer.multi)->touch(transfer);
    }
    return size;
  }

  static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address) {
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    auto& multi = *static_cast<Multi*>(self);
    ++multi.opened_;
    multi.sockets_.emplace(fd, std::make_shared<Socket>(multi.executor_, fd));
    return fd;
  }

  static int on_close(void* self, curl_socket_t fd) {
    auto& sockets = static_cast<Multi*>(self)->sockets_;
    const auto found = sockets.find(fd);
    if (found == sockets.end()) return 0;
    boost::system::error_code ignored;
    found->second->descriptor.close(ignored);  // now, and not when the last wait on it has been told
    sockets.erase(found);
    return 0;
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    auto& multi = *static_cast<Multi*>(self);
    const auto found = multi.sockets_.find(fd);
    if (found == multi.sockets_.end()) return 0;
    found->second->wanted = what == CURL_POLL_REMOVE ? 0 : what;
    if (what == CURL_POLL_REMOVE) {  // a wait that nobody wants would keep the loop running
      boost::system::error_code ignored;
      found->second->descriptor.cancel(ignored);
    }
    multi.watch(found->second, fd);
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* self) {
    auto& multi = *static_cast<Multi*>(self);
    multi.timer_.cancel();
    if (timeout_ms < 0) return 0;
    multi.timer_.expires_after(std::chrono::milliseconds(timeout_ms));
    multi.timer_.async_wait([&multi, alive = multi.alive_](const boost::system::error_code& error) {
      if (!error && *alive) multi.act(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
  }

  void watch(const std::shared_ptr<Socket>& socket, int fd) {
    if ((socket->wanted & CURL_POLL_IN) && !std::exchange(socket->reading, true)) {
      wait(socket, fd, net::posix::stream_descriptor::wait_read, &Socket::reading, CURL_CSELECT_IN);
    }
    if ((socket->wanted & CURL_POLL_OUT) && !std::exchange(socket->writing, true)) {
      wait(socket, fd, net::posix::stream_descriptor::wait_write, &Socket::writing, CURL_CSELECT_OUT);
    }
  }

  void wait(const std::shared_ptr<Socket>& socket, int fd, net::posix::stream_descriptor::wait_type type,
            bool Socket::*under_way, int event) {
    socket->descriptor.async_wait(
        type, [this, socket, fd, under_way, event, alive = alive_](const boost::system::error_code& error) {
          (*socket).*under_way = false;
          if (!*alive) return;
          const int wanted = event == CURL_CSELECT_IN ? CURL_POLL_IN : CURL_POLL_OUT;
          if (!error && (socket->wanted & wanted)) act(fd, event);
          const auto found = sockets_.find(fd);
          if (*alive && found != sockets_.end() && found->second == socket) watch(socket, fd);
        });
  }

  // Lets libcurl work, then hands on what it stored. What is resumed by that may start, stop and end transfers, and this too.
  void act(curl_socket_t fd, int events) {
    int running = 0;
    curl_multi_socket_action(multi_, fd, events, &running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      transfer->result = message->data.result;
      transfer->done = true;
      touched_.push_back(transfer);
    }
    resume(std::exchange(touched_, {}));
  }

  void resume(const std::vector<Transfer*>& touched) {
    const auto alive = alive_;
    for (Transfer* transfer : touched) {
      if (!*alive) return;
      if (!transfers_.contains(transfer)) continue;  // it was touched twice, and is over
      transfer->hand_on();
      if (transfer->is_over()) transfer->waiter.wake();
    }
  }

  net::any_io_executor executor_;
  net::steady_timer timer_;
  CURLM* multi_;
  std::map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
  std::set<Transfer*> transfers_;
  std::vector<Transfer*> touched_;  // by libcurl's callbacks, since it was last called
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::uint64_t opened_ = 0;
  bool closed_ = false;
};

UserAgent::UserAgent(net::any_io_executor executor) : multi_(std::make_unique<Multi>(std::move(executor))) {}
UserAgent::~UserAgent() = default;
net::awaitable<Result<Fetched>> UserAgent::fetch(Fetch request) { return multi_->fetch(std::move(request)); }
void UserAgent::close() { multi_->close(); }
net::any_io_executor UserAgent::executor() const { return multi_->executor(); }
std::uint64_t UserAgent::connections() const { return multi_->opened(); }

net::awaitable<Result<Cursor>> post(UserAgent& agent, std::string room_url, Draft draft,
                                    std::vector<std::string> fields) {
  Fetch request;
  request.method = "POST";
  request.url = std::move(room_url) + "/messages";
  request.fields = std::move(fields);
  request.fields.push_back("Content-Type: application/json");
  request.body = encode(draft);
  const auto answer = co_await agent.fetch(std::move(request));
  if (!answer) co_return answer.error();
  if (answer->status != 201) co_return refusal(*answer);
  const auto place = parse_hello(answer->body);
  if (!place) co_return place.error();
  co_return place->cursor;
}

Error refusal(const Fetched& answer) {
  std::string detail = "status " + std::to_string(answer.status);
  const auto object = parse_object(answer.body);
  if (object && object->contains("detail") && object->at("detail").is_string()) {
    detail += ": " + std::string(object->at("detail").get_string());
  }
  return {Errc::refused, std::move(detail), answer.status};
}

}  // namespace feed
