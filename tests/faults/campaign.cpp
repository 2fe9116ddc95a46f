#include "faults/campaign.hpp"

#include "faults/rows.hpp"

#include <exception>

namespace faults {
namespace {

std::string joined(const std::vector<std::string>& clauses) {
  std::string all;
  for (const std::string& clause : clauses) all += (all.empty() ? "" : "; ") + clause;
  return all;
}

// A cell of a table ends at a bar or at the line's end.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

}  // namespace

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {1, "http", "bad HTTP: request line, fields, framing and smuggling, path",
       "4xx and the end; never 2xx where it is not clear where a request ends, never two answers to one",
       bad_http},
      {2, "sockets", "bad WebSocket handshakes and frames",
       "400 or 426; 1002, 1003, 1007 or 1009, and TCP ends within 2 s", bad_sockets},
      {3, "cursors",
       "bad cursors: negative, 2^63, 2^64, text, future, other epoch, doubled, header and query at once",
       "400, or a gap that is told; never a hang, never a silent \"from now\"", bad_cursors},
      {4, "json", "bad JSON: deep, huge numbers, wrong types, surrogates, NUL, overlong UTF-8",
       "400 or 413, or a WebSocket error; the connection goes on", bad_json},
      {5, "slow", "heads, bodies and reads that take forever",
       "heads cut after 15 s, bodies after 30 s, readers that take nothing after 25 s; everybody else is served",
       slow},
      {6, "halfopen", "the line of connections goes down, and nobody says so",
       "found within 45 s, and all of it released", half_open},
      {7, "resets", "connections reset in the middle of a frame, a body, a handshake, an answer",
       "only that connection ends; nothing of it stays; no line in the log", resets},
      {8, "crash", "kill -9 under load and restart, with --data; everybody resumes",
       "0 lost, 0 doubled, 0 reordered, no gap", crash_with_data},
      {8, "amnesia", "kill -9 under load and restart, without --data",
       "a new epoch each time, and everybody is told; nothing doubled or reordered", crash_without_data},
      {9, "damage", "a database cut short, or with bits flipped",
       "it starts with what is sound, or refuses and leaves it untouched; it never serves what is broken",
       damaged_data},
      {10, "churn", "connections come and go, half of them by reset",
       "no growth over the second half, no descriptor left", churn},
      {11, "stalled", "readers that never read, while much is published",
       "at most 1 MiB each; the others get everything", stalled},
      {12, "flood", "publishers at full speed, against --publish-rate 50",
       "429, or an error, with the time to wait; fair; reading pauses, nothing is queued", flood},
      {13, "oversize",
       "heads, fields, targets, bodies, chunk extensions, trailers, messages and fragments beyond every limit",
       "431, 414, 413 before the body is read, 411, 1009, 1008; at most 256 KiB a connection", oversize},
      {14, "control", "empty fragments, pings that nobody reads the pongs of, a ping between all fragments",
       "bounded memory; the connection goes on or is closed with a reason", control_frames},
      {15, "bomb", "a compressed message that inflates to very much, at /echo with --deflate",
       "1009 at the limit on inflated bytes", deflate_bomb},
      {16, "utf8", "bytes that are no UTF-8 in text, author, room, cursor, frame and close reason",
       "400 or 1007; never stored, never sent on", bad_utf8},
      {17, "masks", "wrong masks, both ways",
       "the server closes with 1002; our client fails where the server masks a frame", wrong_masks},
      {18, "origins", "foreign origins: prefix, suffix, port, scheme, case, punycode, null, none, two",
       "403 before 101; only what is allowed to the letter", foreign_origins},
      {19, "crosssite", "a POST by another site's page: a form, text, multipart, no-cors with the cookie",
       "415 or 403; never a wildcard, never with credentials", cross_site_posts},
      {20, "scripts", "markup and scripts in text, author, room, names of pictures, targets and fields",
       "text in JSON and nothing else; in a browser it is shown as text, and nothing runs", scripts},
      {21, "forgery", "CR, LF, NUL, U+2028 and the like in text, author, room and cursor",
       "no forged event, field or line", forged_lines},
      {22, "traversal", "paths upwards in every encoding", "400 or 404; nothing from outside", traversal},
      {23, "pictures",
       "pictures that are none: wrong beginnings, two things at once, 65 535 frames, 65 535 by 65 535 pixels, cut, damaged, too large",
       "415, 413 or 400; nothing of it stays; nothing else than a picture is served; none is decoded",
       bad_pictures},
      {24, "descriptors", "no descriptor is left",
       "at most 5 % CPU, no flood of log lines, full service within 1 s after release", descriptors},
      {26, "clock", "the wall clock jumps by an hour and by a day, forwards and back",
       "order, timers and cursors stay as they are; only what messages say of the time is another",
       clock_jumps},
      {27, "drain", "SIGTERM with many readers under load",
       "exit 0 within 10 s; every reader told in its own protocol; nothing acknowledged is lost", drain},
      {28, "stopped", "SIGSTOP, and SIGCONT after a while", "readers catch up; nobody is cut off", stopped},
      {29, "rooms", "rooms in numbers: said something in by one client, and waited in by readers",
       "a limit for each client; an idle room takes 4 KiB at most; one in which nothing was said goes with its readers",
       many_rooms},
      {30, "disk", "a disk that is full, fails, has become read-only, or is slow",
       "a publish is refused with 507 and not acknowledged, or waits; readers go on; all is well again without a restart",
       bad_disk},
      {31, "herd", "all clients of a server that was stopped come back",
       "spread over 5 s at least; each resumes where it was", herd},
      {32, "hostile",
       "servers that hurt our clients: heads, lines, lengths and bodies without an end, redirects, wrong types, bombs, bad frames",
       "bounded memory, a reason each time, a pause before each attempt, and none where it is pointless",
       hostile_servers},
      {33, "soak", "mixed load, and attacks by chance",
       "memory grows by no more than 1 MiB an hour; the checker is silent", soak},
  };
  return all;
}

Findings run(const Row& row, const Setting& setting) {
  Findings findings;
  try {
    row.run(setting, findings);
  } catch (const std::exception& error) {
    findings.expect(false, std::string("it could not be carried out: ") + error.what());
  }
  return findings;
}

std::string table_head() {
  return "| # | attack | amount | expected | measured |\n| --- | --- | --- | --- | --- |\n";
}

std::string table_line(const Row& row, const Findings& findings) {
  std::string measured = joined(findings.measured());
  if (!findings.skipped().empty()) measured = "**not carried out: " + findings.skipped() + "**";
  if (!findings.broken().empty())
    measured += (measured.empty() ? "" : "; ") + ("**not so: " + joined(findings.broken()) + "**");
  return "| " + std::to_string(row.number) + " | " + cell(row.attack) + " | " +
         cell(joined(findings.amounts())) + " | " + cell(row.expected) + " | " + cell(measured) + " |\n";
}

}  // namespace faults
