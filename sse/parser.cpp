#include "sse/parser.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace sse {
namespace {

constexpr std::string_view bom = "\xEF\xBB\xBF";
constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

bool ends_line(char c) { return c == '\n' || c == '\r'; }

std::size_t ascii_prefix_bytes(std::string_view text) {
  std::size_t bytes = 0;
  // Eight at a time: nearly all text is ASCII, and each byte of a stream passes here.
  for (std::uint64_t word; text.size() - bytes >= sizeof word; bytes += sizeof word) {
    std::memcpy(&word, text.data() + bytes, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (bytes < text.size() && static_cast<unsigned char>(text[bytes]) < 0x80) ++bytes;
  return bytes;
}

struct Sequence {
  std::size_t bytes;
  bool valid;
};

// The UTF-8 sequence that `text`, which is not empty, begins with, or as much of one as becomes one
// replacement character: WHATWG Encoding, 8.1.1, where a byte that does not fit begins something new.
Sequence first_sequence(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  std::size_t size = 0;
  unsigned char lower = 0x80;
  unsigned char upper = 0xBF;
  if (lead <= 0x7F) return {1, true};
  if (lead >= 0xC2 && lead <= 0xDF) {
    size = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    size = 3;
    if (lead == 0xE0) lower = 0xA0;  // below: could have been written shorter
    if (lead == 0xED) upper = 0x9F;  // above: surrogates
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    if (lead == 0xF0) lower = 0x90;  // below: could have been written shorter
    if (lead == 0xF4) upper = 0x8F;  // above: beyond U+10FFFF
  } else {
    return {1, false};
  }
  for (std::size_t i = 1; i < size; ++i) {
    if (i == text.size()) return {i, false};
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < lower || byte > upper) return {i, false};
    lower = 0x80;
    upper = 0xBF;
  }
  return {size, true};
}

// "UTF-8 decode" (WHATWG Encoding, 6) of one value. The standard decodes the stream before it is cut into
// lines; since a line end, a colon and a space are never part of a longer sequence, decoding the pieces gives
// the same.
void decode_utf8(std::string& text) {
  std::string decoded;  // stays empty where nothing has to be replaced, which is the rule
  std::size_t taken = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (const std::size_t ascii = ascii_prefix_bytes(rest); ascii != 0) {
      at += ascii;
      continue;
    }
    const Sequence sequence = first_sequence(rest);
    if (!sequence.valid) {
      decoded.append(text, taken, at - taken).append(replacement_character);
      taken = at + sequence.bytes;
    }
    at += sequence.bytes;
  }
  if (taken == 0) return;
  decoded.append(text, taken);
  text.swap(decoded);
}

// Nothing unless there are only ASCII digits, and at least one: of an empty value the standard leaves open
// which integer it would be.
std::optional<std::chrono::milliseconds> parse_retry(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  std::chrono::milliseconds retry{0};
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    retry = std::min(retry * 10 + std::chrono::milliseconds{c - '0'}, Parser::max_retry);
  }
  return retry;
}

}  // namespace

Parser::Parser(Handler& handler, std::size_t max_event_bytes)
    : handler_(handler), max_event_bytes_(max_event_bytes) {}

bool Parser::feed(std::string_view bytes) {
  if (too_large_) return false;
  bytes = without_bom(bytes);
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const auto end = std::find_if(bytes.begin(), bytes.end(), ends_line);
    const std::string_view piece(bytes.begin(), end);
    if (piece.size() > max_event_bytes_ || held_bytes() > max_event_bytes_ - piece.size()) {
      too_large_ = true;
      return false;
    }
    if (end == bytes.end()) {
      line_.append(piece);
      break;
    }
    if (line_.empty()) {
      take_line(piece);
    } else {
      line_.append(piece);
      take_line(line_);
      line_.clear();
    }
    // The line is over with its CR, whether an LF comes or not: an event does not wait for a byte that may
    // never come.
    after_cr_ = *end == '\r';
    bytes.remove_prefix(piece.size() + 1);
  }
  return true;
}

// The standard begins a stream with an empty id buffer, so that the first blank line after a reconnect would
// erase the last event id. Browsers keep it, and the web platform tests ask for it
// (eventsource/format-field-id-2): so here.
void Parser::reset() {
  line_.clear();
  event_.type.clear();
  event_.data.clear();
  id_.reset();
  at_start_ = true;
  after_cr_ = false;
  too_large_ = false;
}

// `bytes` without what belongs to a byte order mark at the start of the stream. What looked like one and was
// not stays in line_, which it is then the beginning of.
std::string_view Parser::without_bom(std::string_view bytes) {
  while (at_start_ && !bytes.empty()) {
    if (bytes.front() != bom[line_.size()]) {
      at_start_ = false;
      break;
    }
    line_.push_back(bytes.front());
    bytes.remove_prefix(1);
    if (line_ == bom) {
      at_start_ = false;
      line_.clear();
    }
  }
  return bytes;
}

std::size_t Parser::held_bytes() const {
  return line_.size() + event_.type.size() + event_.data.size() + (id_ ? id_->size() : 0);
}

// WHATWG HTML, 9.2.6: what to do with each line.
void Parser::take_line(std::string_view line) {
  if (line.empty()) return dispatch();
  const std::size_t colon = line.find(':');
  std::string_view value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (colon == 0) return take_comment(value);
  take_field(line.substr(0, colon), value);
}

void Parser::take_comment(std::string_view value) {
  std::string text(value);
  decode_utf8(text);
  handler_.on_comment(text);
}

void Parser::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    event_.data.append(value).push_back('\n');
  } else if (name == "event") {
    event_.type = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    if (const auto retry = parse_retry(value)) handler_.on_retry(*retry);
  }
}

// WHATWG HTML, 9.2.6: "dispatch the event".
void Parser::dispatch() {
  // Only where the id is new: a large one followed by many blank lines must not be copied for each of them.
  if (id_) {
    event_.last_event_id = *std::move(id_);
    id_.reset();
    decode_utf8(event_.last_event_id);
  }
  if (!event_.data.empty()) {
    event_.data.pop_back();
    decode_utf8(event_.data);
    decode_utf8(event_.type);
    if (event_.type.empty()) event_.type = "message";
    handler_.on_event(event_);
  }
  event_.type.clear();
  event_.data.clear();
}

}  // namespace sse
