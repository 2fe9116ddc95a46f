// A picture on the way to a reader: as it is in a binary frame, or as text in a message, which takes base64 (RFC 4648). Uploading it once
// and sending a link is not measured: the servers keep no pictures.

#include "bench/bare.hpp"
#include "bench/bytes.hpp"
#include "bench/control.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"

#include <fmt/format.h>

#include <random>
#include <string>

namespace bench {
namespace {

constexpr std::size_t picture =
    30000;  // bytes: a small animated GIF; a multiple of 3, so that base64 needs no filling
constexpr std::size_t counted = 20;  // pictures

// Bytes like those of a compressed picture: any of the 256 is as likely as another.
std::string make_picture(std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::string bytes(picture, '\0');
  for (char& one : bytes) one = static_cast<char>(engine() >> 56);
  return bytes;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i + 3 <= bytes.size(); i += 3) {
    unsigned three = 0;
    for (std::size_t j = 0; j < 3; ++j) three = three << 8 | static_cast<unsigned char>(bytes[i + j]);
    for (int shift = 18; shift >= 0; shift -= 6) text += alphabet[three >> shift & 0x3f];
  }
  return text;
}

void tell(Run& run, std::uint64_t seen, std::uint64_t expected, std::size_t intact) {
  constexpr auto n = static_cast<double>(counted);
  run.figures["n"] = n;
  run.figures["bytes_per_message"] = static_cast<double>(seen) / n;
  run.predicted["bytes_per_message"] = static_cast<double>(expected) / n;
  run.figures["bytes_per_picture_byte"] = static_cast<double>(seen) / n / picture;
  run.predicted["bytes_per_picture_byte"] = static_cast<double>(expected) / n / picture;
  run.gates.push_back(equal("pictures that came as they were", static_cast<double>(intact), n));
  run.gates.push_back(equal("bytes to the reader", static_cast<double>(seen), static_cast<double>(expected)));
}

// The server's echo sends it as a room would: one binary frame.
void measure_binary(const Place& place, Run& run) {
  Site site(place, "ws", {.options = {"--max-message", "131072"}});
  Bare reader(site.room());
  const BareAnswer accepted = reader.upgrade("/echo");
  run.gates.push_back(equal("status of the handshake", accepted.status, 101));
  if (accepted.status != 101) return;
  const std::string bytes = make_picture(run.seed);
  const std::uint64_t before = reader.bytes_in();
  std::size_t intact = 0;
  for (std::size_t i = 0; i < counted; ++i) {
    reader.send(binary_opcode, bytes);
    const BareFrame frame = reader.receive();
    intact += frame.opcode == binary_opcode && frame.payload == bytes;
  }
  tell(run, reader.bytes_in() - before, counted * frame_bytes(picture), intact);
  site.check();
}

// A message whose text is the picture.
void measure_base64(const Place& place, Run& run) {
  Site site(place, run.arm == "ws_base64" ? "ws" : "sse", {.options = {"--max-message", "131072"}});
  const std::string epoch = Control(site.room_beside()).stats().epoch;
  Bare reader(site.room()), publisher(site.room_beside());
  const bool sockets = run.arm == "ws_base64";
  const std::string path = site.room().path;
  const BareAnswer begun = sockets ? reader.upgrade(path + "/socket") : reader.begin(path + "/events");
  if (sockets) {
    reader.receive();  // the hello
  } else {
    reader.read_until("}\n\n\r\n");
  }
  run.gates.push_back(equal("status of the feed", begun.status, sockets ? 101 : 200));
  const std::string text = base64(make_picture(run.seed));
  const std::string draft = fmt::format(R"({{"author":"{}","text":"{}"}})", author, text);
  const std::uint64_t before = reader.bytes_in();
  std::uint64_t expected = 0;
  std::size_t intact = 0;
  for (std::size_t i = 0; i < counted; ++i) {
    publisher.ask("POST", path + "/messages", "Content-Type: application/json\r\n", draft);
    const std::string got = sockets ? reader.receive().payload : reader.read_until("\n\n\r\n");
    intact += got.find("\"text\":\"" + text + "\"}") != std::string::npos;
    const std::size_t json = message_bytes(i + 1, author, text);
    expected += sockets ? frame_bytes(json) : sse_event_bytes(cursor_bytes(epoch.size(), i + 1), json);
  }
  tell(run, reader.bytes_in() - before, expected, intact);
  site.check();
}

}  // namespace

std::vector<Cell> picture_cells(const Setting& setting) {
  std::vector<Cell> cells;
  for (const char* arm : {"ws_binary", "ws_base64", "sse_base64"}) {
    Cell cell;
    cell.name = fmt::format("bytes/{}/picture:{}", arm, picture);
    cell.experiment = "bytes";
    cell.arm = arm;
    cell.parameters = {{"payload_bytes", static_cast<double>(picture)}};
    cell.headline = "bytes_per_message";
    cell.headline_seconds = 1e-6;  // there is no time in it: a byte is shown as a microsecond
    cell.estimate_s = 0.2;
    cell.repetitions = setting.by_profile(0U, 1U, 3U);
    cell.measure = [place = setting.place](Run& run) {
      run.arm == "ws_binary" ? measure_binary(place, run) : measure_base64(place, run);
    };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace bench
