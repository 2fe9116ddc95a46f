#include "faults/frames.hpp"

#include "faults/framing.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace faults {
namespace {

constexpr std::uint64_t most_message = 65536;
constexpr int nothing = -1;    // the connection ends without a close frame
constexpr int no_code = 1005;  // a close frame without one

// What a client may expect: RFC 6455, 5 and 7.4; RFC 3629 for text.
struct Expected {
  std::set<int> codes{nothing};       // of the close frame that ends it
  std::vector<std::string> messages;  // whole ones, in their order
  std::size_t pings = 0;
  bool is_cut = true;  // more is to come
};

enum class Utf8 { good, unfinished, bad };

Utf8 utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : (lead & 0xf0) == 0xe0       ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
    if (size == 0) return Utf8::bad;
    for (std::size_t n = 1; n < size; ++n) {
      if (at + n == text.size()) return Utf8::unfinished;
      const auto byte = static_cast<unsigned char>(text[at + n]);
      unsigned char least = 0x80, most = 0xbf;
      if (n == 1 && lead == 0xe0) least = 0xa0;
      if (n == 1 && lead == 0xed) most = 0x9f;
      if (n == 1 && lead == 0xf0) least = 0x90;
      if (n == 1 && lead == 0xf4) most = 0x8f;
      if (byte < least || byte > most) return Utf8::bad;
    }
    at += size;
  }
  return Utf8::good;
}

std::uint64_t number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::set<int> close_codes(const std::string& payload) {
  if (payload.empty()) return {no_code, 1000};
  if (payload.size() == 1) return {1002};
  const int code = static_cast<int>(number(std::string_view(payload).substr(0, 2)));
  const bool is_known =
      (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1013) || (code >= 3000 && code <= 4999);
  if (code >= 5000) return {code, 1002, 1007};  // of which RFC 6455 says nothing
  if (!is_known) return {1002};
  if (utf8(std::string_view(payload).substr(2)) != Utf8::good) return {1002, 1007};
  return {code};
}

Expected expect(std::string_view bytes, bool is_echo) {
  Expected all;
  const auto end = [&all](std::set<int> codes) {
    all.codes = std::move(codes);
    all.is_cut = false;
    return all;
  };
  int kind = 0;  // of the message that has begun: 1 is text, 2 binary
  std::string message;
  while (!bytes.empty()) {
    if (bytes.size() < 2) return all;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto second = static_cast<unsigned char>(bytes[1]);
    const bool is_final = (first & 0x80) != 0;
    const int opcode = first & 0x0f;
    const bool is_control = opcode >= 8;
    const std::size_t short_length = second & 0x7f;
    const bool is_masked = (second & 0x80) != 0;
    const bool is_reserved = (first & 0x70) != 0 || (opcode > 2 && opcode < 8) || opcode > 10;
    const bool is_large_control = is_control && (!is_final || short_length > 125);
    const bool is_out_of_place = !is_control && (opcode == 0) != (kind != 0);
    const std::size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    const std::size_t head = 2 + length_bytes + (is_masked ? 4 : 0);
    if (bytes.size() < head) {
      all.codes = {nothing, 1002, 1009};  // what is wrong may be seen before the head is whole, and need not
      return all;
    }
    if (is_reserved || is_large_control || is_out_of_place || !is_masked) return end({1002});
    const std::uint64_t length = length_bytes == 0 ? short_length : number(bytes.substr(2, length_bytes));
    if (length >> 63 != 0) return end({1002, 1009});
    if ((length_bytes == 2 && length < 126) || (length_bytes == 8 && length < 65536)) return end({1002});
    if (!is_control && message.size() + length > most_message) return end({1009});
    const std::string_view mask = bytes.substr(head - 4, 4);
    std::string payload(bytes.substr(head, static_cast<std::size_t>(length)));
    for (std::size_t n = 0; n < payload.size(); ++n) payload[n] = static_cast<char>(payload[n] ^ mask[n % 4]);
    const bool is_whole = payload.size() == length;
    bytes.remove_prefix(head + payload.size());
    if (is_control) {
      if (!is_whole) return all;
      if (opcode == 8) return end(close_codes(payload));
      all.pings += opcode == 9;
      continue;
    }
    if (opcode != 0) kind = opcode;
    message += payload;
    if (kind == 1) {
      const Utf8 text = utf8(message);
      if (is_whole && is_final && text != Utf8::good) return end({1007});
      if (text == Utf8::bad) {
        // It may be noticed at the end of the character that it began as.
        end(is_whole ? std::set<int>{1007, 1002, 1009, nothing} : std::set<int>{1007, nothing});
        return all;
      }
    }
    if (!is_whole) return all;
    if (!is_final) continue;
    if (kind == 2 && !is_echo) return end({1003});
    all.messages.push_back(std::exchange(message, {}));
    kind = 0;
  }
  return all;
}

struct Frame {
  int opcode = 0;
  std::string payload;
};

// Nothing where it is none of a server's: masked, in fragments, or not whole.
std::optional<Frame> take_frame(std::string_view& bytes) {
  if (bytes.size() < 2 || (bytes[0] & 0xf0) != 0x80 || (bytes[1] & 0x80) != 0) return std::nullopt;
  const std::size_t short_length = static_cast<unsigned char>(bytes[1]);
  const std::size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  if (bytes.size() < 2 + length_bytes) return std::nullopt;
  const std::uint64_t length = length_bytes == 0 ? short_length : number(bytes.substr(2, length_bytes));
  if (bytes.size() - 2 - length_bytes < length) return std::nullopt;
  Frame frame{bytes[0] & 0x0f, std::string(bytes.substr(2 + length_bytes, static_cast<std::size_t>(length)))};
  bytes.remove_prefix(2 + length_bytes + static_cast<std::size_t>(length));
  return frame;
}

}  // namespace

bool goes_on_behind(std::string_view said, bool is_echo) { return expect(said, is_echo).is_cut; }

std::string judge_frames(std::string_view said, std::string_view heard, bool is_echo) {
  const Expected expected = expect(said, is_echo);
  std::size_t answers = 0, pongs = 0;
  int code = nothing;
  while (!heard.empty()) {
    const std::string_view here = heard;
    const auto frame = take_frame(heard);
    if (!frame) return fmt::format("\"{}\" is no frame of a server", shown(here));
    if (frame->opcode == 10) ++pongs;
    if (frame->opcode == 8) {
      code = frame->payload.size() < 2
                 ? no_code
                 : static_cast<int>(number(std::string_view(frame->payload).substr(0, 2)));
      if (!heard.empty()) return fmt::format("\"{}\" behind a close frame", shown(heard));
    }
    if (frame->opcode > 2) continue;
    if (!is_echo && !frame->payload.starts_with("{\"ref\":")) continue;  // what others say
    if (is_echo && (answers >= expected.messages.size() || frame->payload != expected.messages[answers]))
      return fmt::format("the echo \"{}\" of something else", shown(frame->payload));
    ++answers;
  }
  if (answers != expected.messages.size())
    return fmt::format("{} answers to {} messages", answers, expected.messages.size());
  if (pongs > expected.pings) return fmt::format("{} pongs for {} pings", pongs, expected.pings);
  if (!expected.codes.contains(code))
    return fmt::format("it ended with {}, expected one of {} (-1 is none)", code,
                       fmt::join(expected.codes, ", "));
  return {};
}

}  // namespace faults
