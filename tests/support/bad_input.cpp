#include "support/bad_input.hpp"

#include "support/raw_client.hpp"

#include <cstddef>

namespace support {
namespace {

using namespace std::string_literals;

constexpr std::string_view good_key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr std::string_view good_version = "Sec-WebSocket-Version: 13\r\n";
constexpr std::string_view good_upgrade = "Upgrade: websocket\r\n";
constexpr std::string_view good_connection = "Connection: Upgrade\r\n";
constexpr std::string_view room_socket = "/rooms/lobby/socket";

std::string handshake_with(std::string_view from, std::string_view to) {
  std::string request = upgrade(room_socket);
  const std::size_t at = request.find(from);
  return request.replace(at, from.size(), to);
}

std::string repeated(const std::string& part, std::size_t times) {
  std::string all;
  for (std::size_t n = 0; n < times; ++n) all += part;
  return all;
}

// A close frame with a code.
std::string close(int code, std::string_view reason = {}) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return frame(payload.append(reason), 0x88);
}

}  // namespace

const std::vector<BadRequest>& bad_requests() {
  constexpr std::string_view messages = "/rooms/lobby/messages";
  const std::string good = R"({"author":"ada","text":"hi"})";
  const std::string length = std::to_string(good.size());
  const auto raw = [&](std::string_view fields) {
    return "POST /rooms/lobby/messages HTTP/1.1\r\n" + std::string(fields) + "\r\n" + good;
  };
  const auto fields = [](int count) {
    std::string all;
    for (int n = 0; n < count; ++n) all += "X: y\r\n";
    return all;
  };
  static const std::vector<BadRequest> all{
      // Method and path.
      {"DeleteMessages", "DELETE /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\n\r\n", 405,
       "Method Not Allowed", "method is DELETE, expected "},
      {"UnknownMethod", "BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 405, "Method Not Allowed",
       "method is BREW, expected GET"},
      {"PostWhereOnlyGetIs", post("/stats", good), 405, "Method Not Allowed", "method is POST, expected GET"},
      {"NoSuchPath", get("/nowhere"), 404, "Not Found", "expected a path like"},
      {"NoSuchRoomsPath", get("/rooms/lobby/nowhere"), 404, "Not Found", "expected a path like"},
      {"PathTraversal", get("/../../etc/passwd"), 404, "Not Found", "expected a path like"},
      // Room names.
      {"RoomOf65Bytes", post("/rooms/" + std::string(65, 'a') + "/messages", good), 400, "Bad Request",
       "room name is 65 bytes, expected 1 to 64"},
      {"RoomOf66BytesInKorean",
       post(
           "/rooms/" +
               [] {
                 std::string name;
                 for (int i = 0; i < 22; ++i) name += "%EA%B0%80";
                 return name;
               }() +
               "/messages",
           good),
       400, "Bad Request", "room name is 66 bytes, expected 1 to 64"},
      {"EmptyRoom", post("/rooms//messages", good), 400, "Bad Request",
       "room name is 0 bytes, expected 1 to 64"},
      {"RoomWithSlash", post("/rooms/a%2Fb/messages", good), 400, "Bad Request",
       "room name holds a \\\"/\\\""},
      {"RoomWithNul", post("/rooms/a%00b/messages", good), 400, "Bad Request",
       "room name holds a control character"},
      {"RoomWithLineFeed", post("/rooms/a%0Ab/messages", good), 400, "Bad Request",
       "room name holds a control character"},
      {"RoomWithDelete", post("/rooms/a%7F/messages", good), 400, "Bad Request",
       "room name holds a control character"},
      {"RoomWithC1Control", post("/rooms/a%C2%85/messages", good), 400, "Bad Request",
       "room name holds a control character"},
      {"RoomNotUtf8", post("/rooms/%FF%FE/messages", good), 400, "Bad Request", "room name is not UTF-8"},
      {"RoomCutInACharacter", post("/rooms/%EA%B0/messages", good), 400, "Bad Request",
       "room name is not UTF-8"},
      {"RoomOverlong", post("/rooms/%C0%AF/messages", good), 400, "Bad Request", "room name is not UTF-8"},
      {"RoomSurrogate", post("/rooms/%ED%A0%80/messages", good), 400, "Bad Request",
       "room name is not UTF-8"},
      {"PercentWithoutDigits", post("/rooms/a%zz/messages", good), 400, "Bad Request", "expected"},
      {"PercentAtTheEnd", get("/rooms/a%"), 400, "Bad Request", "expected"},
      // JSON and UTF-8.
      {"NotJson", post(messages, "hello"), 400, "Bad Request", "not JSON"},
      {"EmptyBody", post(messages, ""), 400, "Bad Request", "not JSON"},
      {"CutJson", post(messages, R"({"text":"hi")"), 400, "Bad Request", "not JSON"},
      {"MoreBehindTheJson", post(messages, good + good), 400, "Bad Request", "got more after the JSON value"},
      {"AnArray", post(messages, "[]"), 400, "Bad Request", "got JSON of type array, expected an object"},
      {"NoText", post(messages, R"({"author":"ada"})"), 400, "Bad Request",
       "got no \\\"text\\\", expected a string"},
      {"TextIsNumber", post(messages, R"({"text":1})"), 400, "Bad Request",
       "is of type int64, expected a string"},
      {"TextIsNull", post(messages, R"({"text":null})"), 400, "Bad Request",
       "is of type null, expected a string"},
      {"AuthorIsArray", post(messages, R"({"author":[],"text":"hi"})"), 400, "Bad Request",
       "is of type array, expected a string"},
      {"AuthorIsEmpty", post(messages, R"({"author":"","text":"hi"})"), 400, "Bad Request",
       "author is 0 bytes, expected 1 to 64"},
      {"AuthorOf65Bytes", post(messages, R"({"author":")" + std::string(65, 'a') + R"(","text":"hi"})"), 400,
       "Bad Request", "author is 65 bytes, expected 1 to 64"},
      {"AuthorWithLineFeed", post(messages, R"({"author":"ada\nbob: yes","text":"hi"})"), 400, "Bad Request",
       "author holds a control character"},
      {"AuthorWithDirectionOverride", post(messages, R"({"author":"\u202eada","text":"hi"})"), 400,
       "Bad Request", "or a direction override, expected none"},
      {"PictureOfAnAuthorWithLineFeed",
       post("/rooms/lobby/images?author=a%0Ab", "GIF89a", "Content-Type: image/gif\r\n"), 400, "Bad Request",
       "author holds a control character"},
      {"TextNotUtf8", post(messages, "{\"text\":\"\xff\"}"), 400, "Bad Request", "not JSON in UTF-8"},
      {"TextOverlong", post(messages, "{\"text\":\"\xc0\xaf\"}"), 400, "Bad Request", "not JSON in UTF-8"},
      {"TextWithSurrogateBytes", post(messages, "{\"text\":\"\xed\xa0\x80\"}"), 400, "Bad Request",
       "not JSON in UTF-8"},
      {"TextWithLoneSurrogate", post(messages, R"({"text":"\ud800"})"), 400, "Bad Request",
       "not JSON in UTF-8"},
      {"TextWithRawLineFeed", post(messages, "{\"text\":\"a\nb\"}"), 400, "Bad Request", "not JSON in UTF-8"},
      {"NestedTooDeep", post(messages, "{\"text\":" + std::string(10000, '[')), 400, "Bad Request",
       "not JSON in UTF-8"},
      // The body's length and type.
      {"NoLength", raw("Host: x\r\nContent-Type: application/json\r\n"), 411, "Length Required",
       "expected Content-Length"},
      {"Chunked",
       "POST /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1c\r\n" +
           good + "\r\n0\r\n\r\n",
       411, "Length Required", "got Transfer-Encoding, expected Content-Length"},
      {"OneByteTooLarge", post(messages, std::string(65537, ' ')), 413, "Payload Too Large",
       "larger than 65536 bytes"},
      {"LengthOf2To63",
       raw("Host: x\r\nContent-Type: application/json\r\nContent-Length: 9223372036854775808\r\n"), 413,
       "Payload Too Large", "larger than 65536 bytes"},
      {"NoType", post(messages, good, ""), 415, "Unsupported Media Type",
       "got no Content-Type, expected application/json"},
      {"TypeOfAForm", post(messages, good, "Content-Type: application/x-www-form-urlencoded\r\n"), 415,
       "Unsupported Media Type", "expected application/json"},
      {"TypeOfText", post(messages, good, "Content-Type: text/plain\r\n"), 415, "Unsupported Media Type",
       "expected application/json"},
      {"TypeThatOnlyBeginsLikeJson", post(messages, good, "Content-Type: application/jsonp\r\n"), 415,
       "Unsupported Media Type", "expected application/json"},
      // Where one request ends and the next begins.
      {"LengthAndChunked", raw("Host: x\r\nContent-Length: " + length + "\r\nTransfer-Encoding: chunked\r\n"),
       400, "Bad Request", ""},
      {"TwoLengths", raw("Host: x\r\nContent-Length: " + length + "\r\nContent-Length: 5\r\n"), 400,
       "Bad Request", ""},
      {"LengthWithSign", raw("Host: x\r\nContent-Length: +5\r\n"), 400, "Bad Request", ""},
      {"LengthIsList", raw("Host: x\r\nContent-Length: 5, 6\r\n"), 400, "Bad Request", ""},
      {"LengthNegative", raw("Host: x\r\nContent-Length: -1\r\n"), 400, "Bad Request", ""},
      {"LengthOf2To64", raw("Host: x\r\nContent-Length: 18446744073709551616\r\n"), 400, "Bad Request", ""},
      {"TransferEncodingGzip", raw("Host: x\r\nTransfer-Encoding: gzip\r\n"), 411, "Length Required",
       "got Transfer-Encoding"},
      {"TransferEncodingIdentity", raw("Host: x\r\nTransfer-Encoding: identity\r\n"), 411, "Length Required",
       "got Transfer-Encoding"},
      {"TransferEncodingGzipChunked", raw("Host: x\r\nTransfer-Encoding: gzip, chunked\r\n"), 411,
       "Length Required", "got Transfer-Encoding"},
      {"SpaceBeforeTheColon", raw("Host: x\r\nContent-Length : 5\r\n"), 400, "Bad Request", ""},
      {"FoldedField",
       raw("Host: x\r\nContent-Type: application/json\r\n chunked\r\nContent-Length: " + length + "\r\n"),
       415, "", ""},
      {"NoHost", "GET /healthz HTTP/1.1\r\n\r\n", 400, "Bad Request", "got 0 Host fields, expected one"},
      {"TwoHosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "Bad Request",
       "got 2 Host fields, expected one"},
      {"HostWithAPath", "GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "Bad Request",
       "expected a host and a port"},
      {"HostNotUtf8", "GET /healthz HTTP/1.1\r\nHost: \xff\r\n\r\n", 400, "Bad Request",
       "expected a host and a port"},
      {"AbsoluteTarget", "GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Bad Request",
       "expected a path"},
      {"AuthorityTarget", "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Bad Request",
       "expected a path"},
      {"AsteriskTarget", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Bad Request", "expected a path"},
      {"TargetWithControlCharacter", "GET /healthz\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Bad Request", ""},
      // Not HTTP, or too much of it.
      {"Garbage", "hello, server\r\n\r\n", 400, "Bad Request", "expected HTTP/1.1"},
      {"Tls", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s, 400, "Bad Request",
       "expected HTTP/1.1"},
      {"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "Bad Request", ""},
      {"NoVersion", "GET /healthz\r\n\r\n", 400, "Bad Request", "expected HTTP/1.1"},
      {"TargetOf9000Bytes", get("/" + std::string(9000, 'a')), 414, "URI Too Long", "8192 bytes"},
      {"HeadOf9000Bytes", get("/healthz", "X: " + std::string(9000, 'a') + "\r\n"), 431,
       "Request Header Fields Too Large", "8192 bytes"},
      {"HeadOf101Fields", get("/healthz", fields(100)), 431, "Request Header Fields Too Large",
       "got 101 fields, expected 100 at most"},
      {"HeadOf2001Fields", get("/healthz", fields(2000)), 431, "Request Header Fields Too Large",
       "8192 bytes, the limit"},
      // Other sites' pages.
      {"PostFromAForeignOrigin",
       post(messages, good, "Content-Type: application/json\r\nOrigin: http://evil.example\r\n"), 403,
       "Forbidden", "origin is \\\"http://evil.example\\\", expected this server's own"},
      {"GetFromAForeignOrigin", get("/stats", "Origin: http://evil.example\r\n"), 403, "Forbidden",
       "expected this server's own"},
      {"OriginNull", post(messages, good, "Content-Type: application/json\r\nOrigin: null\r\n"), 403,
       "Forbidden", "origin is \\\"null\\\""},
      {"OriginWithOtherPort", get("/stats", "Origin: http://127.0.0.1:1\r\n"), 403, "Forbidden",
       "expected this server's own"},
      {"OriginThatBeginsLikeOurs", get("/stats", "Origin: http://127.0.0.1.evil.example\r\n"), 403,
       "Forbidden", "expected this server's own"},
      {"OriginThatEndsLikeOurs", get("/stats", "Origin: http://evil127.0.0.1\r\n"), 403, "Forbidden",
       "expected this server's own"},
      {"OriginWithUserInfo", get("/stats", "Origin: http://127.0.0.1@evil.example\r\n"), 403, "Forbidden",
       "expected this server's own"},
      {"TwoOrigins", get("/stats", "Origin: http://127.0.0.1\r\nOrigin: http://evil.example\r\n"), 403,
       "Forbidden", "more than one Origin"},
      {"OriginEmpty", get("/stats", "Origin: \r\n"), 403, "Forbidden", "expected this server's own"},
      {"PreflightFromAForeignOrigin",
       "OPTIONS /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n",
       403, "Forbidden", "expected this server's own"},
      {"QueryNotWellFormed", get("/healthz?%zz"), 400, "Bad Request", "expected"},
  };
  return all;
}

const std::vector<BadHandshake>& bad_handshakes() {
  constexpr std::string_view no_upgrade = "expected a WebSocket handshake";
  constexpr std::string_view no_version = "expected 13";
  constexpr std::string_view no_key = "Sec-WebSocket-Key is not the base64 of 16 bytes";
  const auto with_key = [](std::string_view key) {
    return handshake_with(good_key, "Sec-WebSocket-Key: " + std::string(key) + "\r\n");
  };
  const auto with_version = [](std::string_view version) {
    return handshake_with(good_version, "Sec-WebSocket-Version: " + std::string(version) + "\r\n");
  };
  static const std::vector<BadHandshake> all{
      {"a GET", get(room_socket), 426, no_upgrade},
      {"a GET of the echo", get("/echo"), 426, no_upgrade},
      {"no Upgrade", handshake_with(good_upgrade, ""), 426, no_upgrade},
      {"an Upgrade to h2c", handshake_with(good_upgrade, "Upgrade: h2c\r\n"), 426, no_upgrade},
      {"an Upgrade that begins alike", handshake_with(good_upgrade, "Upgrade: websocket2\r\n"), 426,
       no_upgrade},
      {"no Connection", handshake_with(good_connection, ""), 426, no_upgrade},
      {"a Connection that stays", handshake_with(good_connection, "Connection: keep-alive\r\n"), 426,
       no_upgrade},
      {"no version", handshake_with(good_version, ""), 426, no_version},
      {"version 8", with_version("8"), 426, no_version},
      {"version 12", with_version("12"), 426, no_version},
      {"version 113", with_version("113"), 426, no_version},
      {"version 13.0", with_version("13.0"), 426, no_version},
      {"two versions", with_version("13\r\nSec-WebSocket-Version: 8"), 426, no_version},
      {"HTTP/1.0", handshake_with("HTTP/1.1", "HTTP/1.0"), 400,
       "the handshake is HTTP/1.0, expected HTTP/1.1"},
      {"no key", handshake_with(good_key, ""), 400, no_key},
      {"an empty key", with_key(""), 400, no_key},
      {"a key of one letter", with_key("x"), 400, no_key},
      {"a key without padding", with_key("dGhlIHNhbXBsZSBub25jZQ"), 400, no_key},
      {"a key with bits behind its end", with_key("dGhlIHNhbXBsZSBub25jZR=="), 400, no_key},
      {"a key that is no base64", with_key("????????????????????????"), 400, no_key},
      {"a key of 17 bytes", with_key("dGhlIHNhbXBsZSBub25jZWE="), 400, no_key},
      {"two keys",
       with_key("dGhlIHNhbXBsZSBub25jZQ==\r\n" + std::string(good_key.substr(0, good_key.size() - 2))), 400,
       no_key}};
  return all;
}

const std::vector<BadFrames>& bad_frames() {
  constexpr std::size_t limit = 65536;  // of --max-message, where nothing is said
  static const std::vector<BadFrames> all{
      // RFC 6455, 5.2: bits and opcodes that nobody has agreed on.
      {"RSV1 without an extension", frame("hi", 0xc1), {1002}},
      {"RSV2", frame("hi", 0xa1), {1002}},
      {"RSV3", frame("hi", 0x91), {1002}},
      {"RSV1 on a ping", frame("hi", 0xc9), {1002}},
      {"RSV1 on a close", frame("\x03\xe8", 0xc8), {1002}},
      {"RSV1 on a continuation", frame("hi", 0x01) + frame("hi", 0xc0), {1002}},
      {"opcode 3", frame("hi", 0x83), {1002}},
      {"opcode 7", frame("hi", 0x87), {1002}},
      {"opcode 11", frame("hi", 0x8b), {1002}},
      {"opcode 15", frame("hi", 0x8f), {1002}},
      // 5.4 and 5.5: fragments, and control frames that have none.
      {"a continuation of nothing", frame("hi", 0x80), {1002}},
      {"a continuation of nothing that goes on", frame("hi", 0x00), {1002}},
      {"a continuation of what has ended", frame("{}") + frame("hi", 0x80), {1002}},
      {"a text within a text", frame("hi", 0x01) + frame("hi", 0x81), {1002}},
      {"a binary within a text", frame("hi", 0x01) + frame("hi", 0x82), {1002}},
      {"a text within a binary", frame("hi", 0x02) + frame("hi", 0x81), {1002}},
      {"a ping in fragments", frame("hi", 0x09), {1002}},
      {"a pong in fragments", frame("hi", 0x0a), {1002}},
      {"a close in fragments", frame("\x03\xe8", 0x08), {1002}},
      {"a ping of 126 bytes", frame(std::string(126, 'x'), 0x89), {1002}},
      {"a pong of 126 bytes", frame(std::string(126, 'x'), 0x8a), {1002}},
      {"a close of 126 bytes", close(1000, std::string(124, 'x')), {1002}},
      // 5.2: lengths.
      {"5 as a length of 16 bits", "\x81\xfe\x00\x05\x01\x02\x03\x04hello"s, {1002}},
      {"5 as a length of 64 bits", "\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05\x01\x02\x03\x04hello"s, {1002}},
      {"a length with its highest bit set",
       "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x05\x01\x02\x03\x04hello"s,
       {1002, 1009}},  // it breaks the protocol, and it is too large
      // 5.5.1 and 7.4: closes.
      {"a close with half a code", frame("\x03", 0x88), {1002}},
      {"a close with 0", close(0), {1002}},
      {"a close with 1", close(1), {1002}},
      {"a close with 999", close(999), {1002}},
      {"a close with 1004", close(1004), {1002}},
      {"a close with 1005", close(1005), {1002}},
      {"a close with 1006", close(1006), {1002}},
      {"a close with 1015", close(1015), {1002}},
      {"a close with 2999", close(2999), {1002}},
      {"a close with a reason that is not UTF-8", close(1000, "\xff"), {1002, 1007}},
      // 8.1: text.
      {"text with 0xff", frame("\xff"), {1007}},
      {"text that is overlong", frame("\xc0\xaf"), {1007}},
      {"text with a surrogate", frame("\xed\xa0\x80"), {1007}},
      {"text beyond Unicode", frame("\xf4\x90\x80\x80"), {1007}},
      {"text with 0xf5", frame("\xf5\x80\x80\x80"), {1007}},
      {"text that ends in a character", frame("{\"text\":\"\xea\xb0"), {1007}},
      {"text whose fragments end in a character", frame("\xea", 0x01) + frame("\xb0", 0x80), {1007}},
      {"text whose last fragment is empty and that ends in a character",
       frame("\xea", 0x01) + frame("", 0x80),
       {1007}},
      {"text whose last fragment is empty and that ends in a character",
       frame("\xea", 0x01) + frame("", 0x80),
       {1007}},
      {"text whose second fragment is not UTF-8", frame("hi", 0x01) + frame("\xff", 0x80), {1007}},
      // 7.4.1: what is too large, or not for this feed.
      {"a message of one byte more", frame(std::string(limit + 1, 'x')), {1009}},
      {"a binary message of one byte more", frame(std::string(limit + 1, 'x'), 0x82), {1009}},
      {"a message of 2^62", "\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04"s, {1009}},
      {"fragments that are too large together",
       frame("", 0x01) + repeated(frame(std::string(1024, ' '), 0x00), 65),
       {1009}},
      {"a binary message", frame(R"({"ref":1,"text":"hi"})", 0x82), {1003}},
      {"an empty binary message", frame("", 0x82), {1003}}};
  return all;
}

}  // namespace support
