#include "bench/live/conversation.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/url/parse.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace live {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::size_t longest_head = 16384;  // twice what our server takes: its refusal is to be seen, too

// False where this is no head of HTTP.
template <class Parser>
bool read_head(Parser& parser, const std::string& head) {
  parser.header_limit(longest_head);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(head), error);
  return !error && parser.is_header_done();
}

// "/rooms/lobby/events?after=0" is about the room "lobby".
std::string room_of(boost::beast::string_view target) {
  const auto url = boost::urls::parse_origin_form({target.data(), target.size()});
  if (url.has_error()) return {};
  const auto segments = url->encoded_segments();
  auto at = segments.begin();
  if (segments.size() < 2 || (*at).decode() != "rooms") return {};
  return (*++at).decode();
}

std::string take_all(std::string& from) {
  std::string taken;
  taken.swap(from);
  return taken;
}

// What is neither head nor body.
Part raw(std::string bytes, std::string room) {
  Part part;
  part.bytes = std::move(bytes);
  part.room = std::move(room);
  part.last = true;
  return part;
}

}  // namespace

Body Body::sized(std::size_t bytes) {
  Body body;
  body.left_ = bytes;
  body.done_ = bytes == 0;
  return body;
}

Body Body::chunked() {
  Body body;
  body.kind_ = Kind::chunked;
  body.done_ = false;
  return body;
}

Body Body::endless() {
  Body body;
  body.kind_ = Kind::endless;
  body.done_ = false;
  return body;
}

std::size_t Body::take(std::string_view bytes) {
  if (kind_ == Kind::endless) return bytes.size();
  if (kind_ == Kind::chunked) return take_chunks(bytes);
  const std::size_t taken = std::min(left_, bytes.size());
  left_ -= taken;
  done_ = left_ == 0;
  return taken;
}

std::size_t Body::take_chunks(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !done_) {
    if (left_ > 0) {
      const std::size_t some = std::min(left_, bytes.size() - taken);
      left_ -= some;
      taken += some;
      continue;
    }
    const char c = bytes[taken++];
    if (c != '\n') {
      line_ += c;
      continue;
    }
    const std::string line = std::exchange(line_, {});
    if (trailers_) {
      done_ = line == "\r";
      continue;
    }
    std::size_t size = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), size, 16).ec != std::errc()) {
      kind_ = Kind::endless;  // no chunk: whatever it is, it is not for us to judge
      return bytes.size();
    }
    trailers_ = size == 0;
    left_ = trailers_ ? 0 : size + 2;
  }
  return taken;
}

// While an upgrade is under way nobody knows yet what the next bytes are.
bool Conversation::is_raw() const {
  return upgraded_ || !is_http_ || (!questions_.empty() && questions_.back().upgrade);
}

// Moves bytes to the head until it is whole.
bool Conversation::complete_head(Way& way, std::string_view& bytes) {
  const std::size_t before = way.head.size();
  way.head += bytes;
  const std::size_t end = way.head.find(head_end, before < head_end.size() ? 0 : before - head_end.size());
  if (end == std::string::npos) {
    bytes = {};
    return false;
  }
  const std::size_t whole = end + head_end.size();
  bytes.remove_prefix(whole - before);
  way.head.resize(whole);
  return true;
}

// What belongs to the body.
Part Conversation::rest(Way& way, std::string_view& bytes) {
  const std::size_t taken = way.body.take(bytes);
  Part part{std::string(bytes.substr(0, taken)), way.room, false, way.body.done()};
  bytes.remove_prefix(taken);
  return part;
}

Part Conversation::request(std::string head) {
  http::request_parser<http::empty_body> parser;
  const bool is_head = read_head(parser, head);
  Part part{std::move(head), {}, true, true};
  if (!is_head) {
    is_http_ = false;
    part.head = false;
    return part;
  }
  part.room = room_of(parser.get().target());
  const auto length = parser.content_length();
  up_.room = part.room;
  up_.body = parser.chunked() ? Body::chunked() : Body::sized(length ? *length : 0);
  part.last = up_.body.done();
  questions_.push_back({part.room, parser.get().method() == http::verb::head, parser.upgrade()});
  return part;
}

Part Conversation::answer(std::string head) {
  http::response_parser<http::empty_body> parser;
  const bool is_head = read_head(parser, head);
  Part part{std::move(head), {}, true, true};
  if (!is_head) {
    is_http_ = false;
    part.head = false;
    return part;
  }
  part.status = static_cast<int>(parser.get().result_int());
  Question question;  // who has not asked is refused all the same
  if (!questions_.empty()) question = questions_.front();
  part.room = down_.room = question.room;
  if (part.status == 101) {
    upgraded_ = true;
    upgraded_room_ = part.room;
    return part;
  }
  if (part.status < 200) return part;  // the answer is still to come
  const auto length = parser.content_length();
  const bool has_none = question.head_only || part.status == 204 || part.status == 304;
  down_.body = has_none           ? Body::none()
               : parser.chunked() ? Body::chunked()
               : length           ? Body::sized(*length)
                                  : Body::endless();
  part.last = down_.body.done();
  if (part.last && !questions_.empty()) questions_.pop_front();
  return part;
}

std::vector<Part> Conversation::up(std::string_view bytes) {
  std::vector<Part> parts;
  while (!bytes.empty()) {
    if (!up_.body.done()) {
      parts.push_back(rest(up_, bytes));
    } else if (is_raw()) {
      const std::string room = is_http_ && !questions_.empty() ? questions_.back().room : std::string();
      parts.push_back(raw(take_all(up_.head) + std::string(bytes), room));
      bytes = {};
    } else if (complete_head(up_, bytes)) {
      parts.push_back(request(take_all(up_.head)));
    } else if (up_.head.size() > longest_head) {
      is_http_ = false;
      parts.push_back(raw(take_all(up_.head), {}));
    }
  }
  return parts;
}

std::vector<Part> Conversation::down(std::string_view bytes) {
  std::vector<Part> parts;
  while (!bytes.empty()) {
    if (upgraded_ || !is_http_) {
      parts.push_back(raw(take_all(down_.head) + std::string(bytes), upgraded_room_));
      bytes = {};
    } else if (!down_.body.done()) {
      parts.push_back(rest(down_, bytes));
      if (parts.back().last && !questions_.empty()) questions_.pop_front();
    } else if (complete_head(down_, bytes)) {
      parts.push_back(answer(take_all(down_.head)));
    } else if (down_.head.size() > longest_head) {
      is_http_ = false;
      parts.push_back(raw(take_all(down_.head), {}));
    }
  }
  return parts;
}

}  // namespace live
