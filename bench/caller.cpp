#include "bench/caller.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>
#include <utility>

#include <poll.h>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{10};

CURL* new_easy() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (once != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
  CURL* const easy = curl_easy_init();
  if (!easy) throw std::bad_alloc();
  return easy;
}

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK)
    throw std::runtime_error(fmt::format("libcurl refuses option {}", static_cast<int>(option)));
}

[[noreturn]] void fail(const Callee& callee, CURLcode code, const char* error) {
  throw std::runtime_error(
      fmt::format("{}: {}", callee.server.authority, error[0] != '\0' ? error : curl_easy_strerror(code)));
}

// What both kinds have in common. Returns the list of names, which must outlive the transfers.
curl_slist* prepare(CURL* easy, const Callee& callee, char* error) {
  set(easy, CURLOPT_ERRORBUFFER, error);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_NOPROXY, "*");
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(patience).count()));
  set(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  set(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  if (callee.tls == Tls::none) return nullptr;
  const long only =
      callee.tls == Tls::v1_2
          ? static_cast<long>(CURL_SSLVERSION_TLSv1_2) | static_cast<long>(CURL_SSLVERSION_MAX_TLSv1_2)
          : static_cast<long>(CURL_SSLVERSION_TLSv1_3) | static_cast<long>(CURL_SSLVERSION_MAX_TLSv1_3);
  set(easy, CURLOPT_SSLVERSION, only);
  set(easy, CURLOPT_CAINFO, callee.certificate.c_str());
  set(easy, CURLOPT_CAPATH, nullptr);  // of the system: to look there takes time, and finds nothing
  const std::string name = callee.server.authority.substr(0, callee.server.authority.rfind(':'));
  curl_slist* const names = curl_slist_append(
      nullptr, fmt::format("{}:{}:{}", name, callee.server.port, callee.server.host).c_str());
  set(easy, CURLOPT_RESOLVE, names);
  return names;
}

std::chrono::nanoseconds time_of(CURL* easy, CURLINFO info) {
  curl_off_t us = 0;
  curl_easy_getinfo(easy, info, &us);
  return std::chrono::microseconds(us);
}

int socket_of(CURL* easy) {
  curl_socket_t fd = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
  return fd == CURL_SOCKET_BAD ? -1 : static_cast<int>(fd);
}

std::size_t take_body(const char* bytes, std::size_t, std::size_t size, void* answer) {
  static_cast<Answer*>(answer)->body.append(bytes, size);
  return size;
}

// libcurl gives the names of HTTP/2 in small letters.
std::size_t take_field(const char* bytes, std::size_t, std::size_t size, void* answer) {
  const std::string_view line(bytes, size);
  if (line.starts_with("Date: ") || line.starts_with("date: "))
    static_cast<Answer*>(answer)->date = line.substr(6, line.find_last_not_of("\r\n") - 5);
  return size;
}

}  // namespace

TlsSessions::TlsSessions() : share_(curl_share_init()) {
  if (!share_) throw std::bad_alloc();
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

TlsSessions::~TlsSessions() { curl_share_cleanup(share_); }

Call::Call(const Callee& callee, const TlsSessions* sessions) : easy_(new_easy()) {
  const auto give_back = [this] {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(static_cast<curl_slist*>(names_));
  };
  try {
    names_ = prepare(easy_, callee, error_);
    set(easy_, CURLOPT_URL, callee.server.origin.c_str());
    set(easy_, CURLOPT_CONNECT_ONLY, 1L);
    if (sessions) {
      set(easy_, CURLOPT_SSL_SESSIONID_CACHE, 1L);
      set(easy_, CURLOPT_SHARE, sessions->handle());
    }
    if (const CURLcode code = curl_easy_perform(easy_); code != CURLE_OK) fail(callee, code, error_);
  } catch (...) {
    give_back();
    throw;
  }
}

Call::~Call() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(static_cast<curl_slist*>(names_));
}

std::chrono::nanoseconds Call::tcp() const { return time_of(easy_, CURLINFO_CONNECT_TIME_T); }

std::chrono::nanoseconds Call::tls() const {
  const auto done = time_of(easy_, CURLINFO_APPCONNECT_TIME_T);
  return done.count() > 0 ? done - tcp() : done;
}

int Call::fd() const { return socket_of(easy_); }

void Call::write_all(std::string_view bytes) {
  const auto deadline = Clock::now() + patience;
  while (!bytes.empty()) {
    std::size_t sent = 0;
    const CURLcode code = curl_easy_send(easy_, bytes.data(), bytes.size(), &sent);
    bytes.remove_prefix(sent);
    if (code != CURLE_OK && code != CURLE_AGAIN)
      throw std::runtime_error(fmt::format("write: {}", curl_easy_strerror(code)));
    if (code != CURLE_AGAIN) continue;
    if (Clock::now() > deadline) throw std::runtime_error("the server took nothing for 10 s");
    pollfd writable{fd(), POLLOUT, 0};
    ::poll(&writable, 1, 100);
  }
}

void Call::read_until(std::string& bytes, std::string_view end) {
  const auto deadline = Clock::now() + patience;
  std::array<char, 16384> piece;
  while (bytes.find(end) == std::string::npos) {
    std::size_t got = 0;
    // First what TLS has already taken from the socket.
    const CURLcode code = curl_easy_recv(easy_, piece.data(), piece.size(), &got);
    bytes.append(piece.data(), got);
    if (code == CURLE_OK && got == 0)
      throw std::runtime_error(fmt::format("the server left; it had said \"{}\"", bytes.substr(0, 200)));
    if (code != CURLE_OK && code != CURLE_AGAIN)
      throw std::runtime_error(fmt::format("read: {}", curl_easy_strerror(code)));
    if (code != CURLE_AGAIN) continue;
    if (Clock::now() > deadline) {
      throw std::runtime_error(fmt::format("\"{}\" did not come within {} s; what came is \"{}\"", end,
                                           patience.count(), bytes.substr(0, 200)));
    }
    pollfd readable{fd(), POLLIN, 0};
    ::poll(&readable, 1, 100);
  }
}

Asker::Asker(const Callee& callee, Manner manner)
    : origin_(callee.server.origin), manner_(std::move(manner)), easy_(new_easy()) {
  names_ = prepare(easy_, callee, error_);
  curl_slist* fields = nullptr;
  for (const std::string& field : manner_.fields) fields = curl_slist_append(fields, field.c_str());
  fields_ = fields;
  set(easy_, CURLOPT_HTTPHEADER, fields);
  set(easy_, CURLOPT_WRITEFUNCTION, &take_body);
  set(easy_, CURLOPT_HEADERFUNCTION, &take_field);
  if (manner_.http2) set(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  if (!manner_.keep) {
    set(easy_, CURLOPT_FRESH_CONNECT, 1L);
    set(easy_, CURLOPT_FORBID_REUSE, 1L);
  }
}

Asker::~Asker() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(static_cast<curl_slist*>(names_));
  curl_slist_free_all(static_cast<curl_slist*>(fields_));
}

Answer Asker::get(const std::string& target) {
  Answer answer;
  const std::string url = origin_ + target;
  set(easy_, CURLOPT_URL, url.c_str());
  set(easy_, CURLOPT_WRITEDATA, &answer);
  set(easy_, CURLOPT_HEADERDATA, &answer);
  const auto begin = Clock::now();
  const CURLcode code = curl_easy_perform(easy_);
  answer.time = Clock::now() - begin;
  if (code != CURLE_OK)
    throw std::runtime_error(
        fmt::format("{}: {}", url, error_[0] != '\0' ? error_ : curl_easy_strerror(code)));
  long status = 0, version = 0, connections = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connections);
  answer.status = static_cast<int>(status);
  answer.http = version == CURL_HTTP_VERSION_2_0 ? 20 : 11;
  answer.connections = static_cast<unsigned>(connections);
  return answer;
}

int Asker::fd() const { return socket_of(easy_); }

}  // namespace bench
