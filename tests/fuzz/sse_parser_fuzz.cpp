// Looks for streams whose meaning depends on where they were cut, or differs from what the standard's own
// steps, followed without any thought of speed, say; and for text that does not come back from the encoder as
// it went in.
#include "sse/parser.hpp"
#include "sse/wire.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Outcome {
  std::vector<std::string> told;  // what a handler was told, in order
  std::string last_event_id;
  bool fits = true;

  bool operator==(const Outcome&) const = default;
};

std::string event_told(std::string_view type, std::string_view data, std::string_view id) {
  // The sizes keep apart what text alone could make look the same.
  return "event " + std::to_string(type.size()) + "," + std::to_string(data.size()) + " " +
         std::string(type) + std::string(data) + std::string(id);
}

std::string retry_told(std::int64_t milliseconds) { return "retry " + std::to_string(milliseconds); }

std::string comment_told(std::string_view text) { return "comment " + std::string(text); }

struct Recorder : sse::Parser::Handler {
  void on_event(const sse::Event& event) override {
    told.push_back(event_told(event.type, event.data, event.last_event_id));
  }
  void on_retry(std::chrono::milliseconds retry) override { told.push_back(retry_told(retry.count())); }
  void on_comment(std::string_view text) override { told.push_back(comment_told(text)); }

  std::vector<std::string> told;
};

// `piece_bytes` says how large each next piece is to be.
template <typename PieceBytes>
Outcome parse(std::string_view stream, std::size_t max_event_bytes, PieceBytes piece_bytes) {
  Recorder recorder;
  sse::Parser parser(recorder, max_event_bytes);
  bool fits = true;
  while (!stream.empty()) {
    const std::string_view piece = stream.substr(0, piece_bytes());
    fits = parser.feed(piece);
    stream.remove_prefix(piece.size());
  }
  return {recorder.told, parser.last_event_id(), fits};
}

// WHATWG Encoding, 8.1.1, step by step, and back to UTF-8.
std::string decode_by_the_steps(std::string_view bytes) {
  std::string out;
  std::string pending;
  int needed = 0;
  int lower = 0x80;
  int upper = 0xBF;
  for (std::size_t i = 0; i < bytes.size();) {
    const int byte = static_cast<unsigned char>(bytes[i]);
    if (needed == 0) {
      ++i;
      if (byte <= 0x7F) {
        out.push_back(static_cast<char>(byte));
        continue;
      }
      if (byte >= 0xC2 && byte <= 0xDF) needed = 1;
      if (byte >= 0xE0 && byte <= 0xEF) needed = 2;
      if (byte >= 0xF0 && byte <= 0xF4) needed = 3;
      if (byte == 0xE0) lower = 0xA0;
      if (byte == 0xED) upper = 0x9F;
      if (byte == 0xF0) lower = 0x90;
      if (byte == 0xF4) upper = 0x8F;
      if (needed == 0) out += "\uFFFD";
      if (needed != 0) pending.assign(1, static_cast<char>(byte));
      continue;
    }
    if (byte < lower || byte > upper) {
      out += "\uFFFD";  // and the byte is looked at again
      needed = 0;
    } else {
      ++i;
      pending.push_back(static_cast<char>(byte));
      if (--needed == 0) out += pending;
    }
    lower = 0x80;
    upper = 0xBF;
  }
  if (needed != 0) out += "\uFFFD";
  return out;
}

// WHATWG HTML, 9.2.5 and 9.2.6, step by step: decode everything, then cut it into lines, then interpret each.
Outcome parse_by_the_steps(std::string_view stream) {
  Outcome outcome;
  if (stream.starts_with("\xEF\xBB\xBF")) stream.remove_prefix(3);
  const std::string text = decode_by_the_steps(stream);
  std::string data;
  std::string type;
  std::string id;
  std::string line;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' && text[i] != '\n') {
      line += text[i];
      continue;
    }
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    if (line.empty()) {
      outcome.last_event_id = id;
      if (!data.empty()) {
        data.pop_back();
        outcome.told.push_back(event_told(type.empty() ? "message" : type, data, id));
      }
      data.clear();
      type.clear();
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string field = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.erase(0, 1);
    line.clear();
    const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
    if (colon == 0) {
      outcome.told.push_back(comment_told(value));
    } else if (field == "event") {
      type = value;
    } else if (field == "data") {
      data += value + "\n";
    } else if (field == "id" && value.find('\0') == std::string::npos) {
      id = value;
    } else if (field == "retry" && digits) {
      const std::size_t significant = std::min(value.find_first_not_of('0'), value.size());
      const bool small = value.size() - significant <= 18;
      outcome.told.push_back(
          retry_told(small ? std::min<std::int64_t>(std::stoll(value), sse::Parser::max_retry.count())
                           : sse::Parser::max_retry.count()));
    }
  }
  return outcome;
}

void expect_same(const char* what, const Outcome& expected, const Outcome& got) {
  if (expected == got) return;
  std::fprintf(stderr, "%s: told %zu things, expected %zu\n", what, got.told.size(), expected.told.size());
  for (const auto& told : got.told) std::fprintf(stderr, "  got:      %s\n", told.c_str());
  for (const auto& told : expected.told) std::fprintf(stderr, "  expected: %s\n", told.c_str());
  std::fprintf(stderr, "  last event id %s, expected %s; fits %d, expected %d\n", got.last_event_id.c_str(),
               expected.last_event_id.c_str(), got.fits, expected.fits);
  std::abort();
}

// Every cut must tell the same as the whole.
Outcome parse_at_cuts(std::string_view stream, std::size_t max_event_bytes) {
  const Outcome whole = parse(stream, max_event_bytes, [] { return std::string_view::npos; });
  expect_same("byte by byte", whole, parse(stream, max_event_bytes, [] { return 1; }));
  // Seeded with the input: the same cuts whenever a finding is run again.
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(std::hash<std::string_view>{}(stream)));
  for (int round = 0; round < 4; ++round) {
    expect_same("at cuts", whole, parse(stream, max_event_bytes, [&random] { return 1 + random() % 16; }));
  }
  return whole;
}

void round_trip(std::string_view input) {
  // Valid UTF-8 from any byte, so that the text has to come back unchanged: Latin-1.
  std::string text;
  for (const char c : input) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) text.push_back(c);
    if (byte >= 0x80)
      text.append({static_cast<char>(0xC0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3F))});
  }
  const std::size_t third = text.size() / 3;
  std::string type = text.substr(0, third);
  std::string id = text.substr(third, third);
  for (std::string* one_line : {&type, &id}) {
    std::erase_if(*one_line, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    *one_line = decode_by_the_steps(*one_line);  // the cut at a third may have gone through a character
  }
  const std::string data = decode_by_the_steps(text.substr(2 * third));
  std::string expected_data;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i] == '\r' && i + 1 < data.size() && data[i + 1] == '\n') ++i;
    expected_data.push_back(data[i] == '\r' ? '\n' : data[i]);
  }
  const std::string stream = sse::encode_comment(data) + sse::encode_event(type, id, data);
  Outcome got = parse_at_cuts(stream, 16 * stream.size());
  std::erase_if(got.told, [](const std::string& told) { return told.starts_with("comment "); });
  expect_same("round trip", {{event_told(type.empty() ? "message" : type, expected_data, id)}, id, true},
              got);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(bytes), size);
  expect_same("by the standard's steps", parse_by_the_steps(stream), parse_at_cuts(stream, 1 << 20));
  parse_at_cuts(stream, size == 0 ? 0 : bytes[0] % 64);  // small enough to be exceeded
  round_trip(stream);
  return 0;
}
