// Row 1: what is not HTTP, or HTTP that two readers may read in two ways.

#include "faults/framing.hpp"
#include "faults/mutations.hpp"
#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/bad_input.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace faults {
namespace {

using namespace std::string_literals;
using support::get;
using support::RawClient;

constexpr std::size_t most_at_once = 16;  // mutated requests over one connection

const std::string message = R"({"author":"ada","text":"hi"})";
const std::string second = "GET /stats HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";  // to be smuggled

std::string post_with(std::string_view fields, std::string_view body) {
  return "POST /rooms/lobby/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" +
         std::string(fields) + "\r\n" + std::string(body);
}

// Further ones than those that are looked at one by one, each of which must be refused.
std::vector<std::string> bad_requests() {
  std::vector<std::string> all;
  // The request line.
  for (const std::string line :
       {"GET  /healthz HTTP/1.1", " GET /healthz HTTP/1.1",    "GET /healthz  HTTP/1.1",
        "GET /healthz HTTP/1.1 ", "GET /healthz HTTP/1.1 x",   "GET\t/healthz HTTP/1.1",
        "GET /healthz\tHTTP/1.1", "GET /healthz http/1.1",     "GET /healthz HTTP/1,1",
        "GET /healthz HTTP/11",   "GET /healthz HTTP/1.",      "GET /healthz HTTP/.1",
        "GET /healthz HTTP/1.10", "GET /healthz HTTP/0.9",     "GET /healthz HTTP/1.2",
        "GET /healthz HTTP/3.0",  "GET /healthz HTTPS/1.1",    "GET",
        "G@T /healthz HTTP/1.1",  "GET: /healthz HTTP/1.1",    "/healthz HTTP/1.1",
        "GET healthz HTTP/1.1",   "GET ?x HTTP/1.1",           "GET #x HTTP/1.1",
        "GET /a b HTTP/1.1",      "GET /healthz#x HTTP/1.1",   "GET /%4 HTTP/1.1",
        "GET /%u0041 HTTP/1.1",   "GET /\"<>\\^`{|} HTTP/1.1", "GET /\xc3\xa9 HTTP/1.1"})
    all.push_back(line + "\r\nHost: 127.0.0.1\r\n\r\n");
  all.push_back("G\0T /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"s);
  // Ends of lines, and fields.
  for (const std::string fields :
       {"Host: 127.0.0.1\nX: y\r\n", "Host: 127.0.0.1\rX: y\r\n", "Host: 127.0.0.1\r\n\r X: y\r\n",
        " Host: 127.0.0.1\r\n", "Host: 127.0.0.1\r\nno colon\r\n", "Host: 127.0.0.1\r\n: y\r\n",
        "Host: 127.0.0.1\r\nX Y: z\r\n", "Host: 127.0.0.1\r\nX(: y\r\n", "Host: 127.0.0.1\r\nX\t: y\r\n",
        "Host: 127.0.0.1\r\n\xc3\xa9: y\r\n", "Host : 127.0.0.1\r\n", "Host: a/b\r\n",
        "Host: ada@127.0.0.1\r\n", "Host: 127.0.0.1 evil.example\r\n",
        "Host: 127.0.0.1, evil.example\r\nHost: 127.0.0.1\r\n", "Host: <script>\r\n"})
    all.push_back("GET /healthz HTTP/1.1\r\n" + fields + "\r\n");
  all.push_back("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n"s);
  // Where the body ends: by another length, or by another coding, than somebody else would think.
  for (const std::string length :
       {"-0", "0x1c", "1c", "2 8", "28;", "28.0", "2e1", "\"28\"", "28\x0b", "28, 29", "28,", ",28", "",
        "\xdb\xb2\xdb\xb8", "18446744073709551615", "340282366920938463463374607431768211484"})
    all.push_back(post_with("Content-Length: " + length + "\r\n", message + second));
  for (const std::string coding :
       {"chunked", "Chunked", "\tchunked", "chunked ", "xchunked", "chunkedx", "chunked, identity",
        "identity, chunked", "chunked, chunked", "\"chunked\"", "chunked;q=1", "", ",",
        "chunked\r\nTransfer-Encoding: identity"}) {
    all.push_back(post_with("Transfer-Encoding: " + coding + "\r\n", "0\r\n\r\n" + second));
    all.push_back(
        post_with("Content-Length: 5\r\nTransfer-Encoding: " + coding + "\r\n", "0\r\n\r\n" + second));
  }
  for (const std::string fields :
       {"Content-Length: 0\r\nContent-Length: 28\r\n", "Content-Length: 28\r\ncontent-length: 0\r\n",
        "Content-Length: 28\r\n 0\r\n", "Content-Length:\r\n 28\r\n 0\r\n", "Content-Length : 28\r\n",
        "Transfer-Encoding : chunked\r\nContent-Length: 28\r\n",
        "Content-Length\0: 0\r\nContent-Length: 28\r\n"})
    all.push_back(post_with(fields, message + second));
  return all;
}

const std::vector<std::string>& good_requests() {
  static const std::vector<std::string> all{
      get("/healthz"),
      get("/rooms/lobby/messages?after=latest&limit=1", "User-Agent: test\r\nAccept: */*\r\n"),
      get("/rooms/lobby/messages?limit=1", "If-None-Match: \"k3f9.1-1\"\r\nCookie: a=b\r\n"),
      support::post("/rooms/lobby/messages", message),
      post_with("Content-Length: 28\r\nConnection: keep-alive\r\n", message),
      post_with("Content-Length: " + std::to_string(second.size()) + "\r\n", second),
      "HEAD /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n\r\n",
      "OPTIONS /rooms/lobby/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc",
      post_with("Transfer-Encoding: chunked\r\n", "1c\r\n" + message + "\r\n0\r\n\r\n")};
  return all;
}

const std::vector<std::string>& nasty_pieces() {
  static const std::vector<std::string> all{"\r\n",
                                            "\r\n\r\n",
                                            "\n",
                                            "\r",
                                            "\n\n",
                                            " ",
                                            "\t",
                                            "\0"s,
                                            ":",
                                            ",",
                                            ";",
                                            "%00",
                                            "%0d%0a",
                                            "%2f",
                                            "/",
                                            "?",
                                            "#",
                                            "+",
                                            "-",
                                            "0",
                                            "0x",
                                            "\xff",
                                            "\xc3\xa9",
                                            "HTTP/1.1",
                                            "HTTP/1.0",
                                            "HTTP/2.0",
                                            "Host: 127.0.0.1\r\n",
                                            "Host: x\r\n",
                                            "Origin: http://evil.example\r\n",
                                            "Content-Length: 0\r\n",
                                            "Content-Length: 28\r\n",
                                            "Content-Length: 18446744073709551616\r\n",
                                            "Transfer-Encoding: chunked\r\n",
                                            "Transfer-Encoding: identity\r\n",
                                            "Connection: close\r\n",
                                            "Connection: keep-alive\r\n",
                                            "Expect: 100-continue\r\n",
                                            "Trailer: Host\r\n",
                                            "0\r\n\r\n",
                                            second};
  return all;
}

// All of it, then the end; what came back.
std::string converse(std::uint16_t port, std::string_view said) {
  RawClient client(port, support::long_patience);
  client.send(said);
  client.finish_sending();
  std::string heard = client.read_to_end();
  client.close();
  return heard;
}

// Over one connection, until one of them ends it.
void say_mutated(std::uint16_t port, std::mt19937_64& random, Tally& tally) {
  std::string said;
  std::size_t read = 0;
  for (std::size_t n = 0; n < most_at_once; ++n) {
    std::string request = one_of(good_requests(), random);
    mutate(request, nasty_pieces(), random);
    said += request;
    ++tally.mutated;
    Asked asked;
    while (read < said.size()) {
      asked = read_request(std::string_view(said).substr(read));
      if (asked.is == Asked::Is::cut || asked.is == Asked::Is::refused || asked.is_last) break;
      read += asked.size;
    }
    if (asked.is == Asked::Is::refused || asked.is_last) break;
  }
  ++tally.connections;
  const std::string heard = converse(port, said);
  const std::string wrong = judge(said, heard).wrong;
  if (!wrong.empty()) tally.take(wrong + "; all that was said: \"" + shown(said) + '"');
}

}  // namespace

void bad_http(const Setting& setting, Findings& findings) {
  const std::uint64_t mutated = setting.by_amount<std::uint64_t>(2'000, 1'000'000);
  // What a request that is still good says in a room is no part of the attack: neither its rooms nor its messages may take memory.
  Target target(setting, {"--history", "2000", "--max-rooms-per-client", "20"});
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  converse(port, support::post("/rooms/lobby/messages", message));
  const Resources before(target);

  std::vector<std::string> listed = bad_requests();
  for (const support::BadRequest& bad : support::bad_requests()) listed.push_back(bad.request);
  for (const std::string& request : listed) {
    const std::string heard = converse(port, request);
    const bool is_refused = heard.starts_with("HTTP/1.1 4") || heard.starts_with("HTTP/1.1 505 ");
    findings.expect(is_refused, fmt::format("\"{}\" was answered with \"{}\"", shown(request), shown(heard)));
    findings.expect(heard.find("HTTP/1.1 ", 1) == std::string::npos,
                    fmt::format("\"{}\" has two answers: \"{}\"", shown(request), shown(heard)));
    const std::string wrong = judge(request, heard).wrong;
    findings.expect(wrong.empty(), wrong);
  }
  const Tally tally = on_two_threads(
      mutated, setting.seed, [port](std::mt19937_64& random, Tally& all) { say_mutated(port, random, all); });
  for (const std::string& wrong : tally.wrong) findings.expect(false, wrong);

  findings.amount(fmt::format("{} listed, {} mutated over {} connections", listed.size(), tally.mutated,
                              tally.connections));
  findings.measured("each request had one answer, and what was refused no other behind it");
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
