// Row 18: foreign origins. Row 19: what another site's page may POST without asking first. Row 22: paths out of what is served.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace faults {
namespace {

using support::get;
using support::RawClient;

// Every way to write a path upwards that a server may be talked into.
std::set<std::string> ways_up() {
  const std::vector<std::string> dots{
      "..",           "%2e%2e",           "%2E.",         ".%2e",  "%252e%252e", "..;", "...",
      "%c0%ae%c0%ae", "\xc0\xae\xc0\xae", "%uff0e%uff0e", "..%00", "%ff.."};
  const std::vector<std::string> slashes{"/", "%2f", "%5c", "%252f", "//", "/./", "%c0%af", "\\"};
  std::set<std::string> all;
  for (const std::string& dot : dots) {
    for (const std::string& slash : slashes)
      all.insert('/' + dot + slash + dot + slash + dot + slash + "etc" + slash + "passwd");
  }
  for (const std::string before :
       {"/rooms/..", "/rooms/lobby/../..", "/images/../..", "/images/..%2f..", "/feed.js/..", "/.", "//"})
    all.insert(before + "/etc/passwd");
  for (const std::string file :
       {"/etc/passwd", "/%2fetc%2fpasswd", "/file:///etc/passwd", "/~root/.bashrc", "/CON", "/.git/config",
        "/CMakeLists.txt", "/feed/server.cpp", "/proc/self/environ", "/images/%2fetc%2fpasswd"})
    all.insert(file);
  return all;
}

}  // namespace

void foreign_origins(const Setting& setting, Findings& findings) {
  Target target(setting, {"--allow-origin", "http://allowed.example"});
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  // The Host of these requests is 127.0.0.1.
  const std::vector<std::string> origins{"http://evil.example",
                                         "http://127.0.0.1.evil.example",
                                         "http://evil127.0.0.1",
                                         "http://127.0.0.1:81",
                                         "ftp://127.0.0.1",
                                         "HTTP://127.0.0.1",
                                         "http://127.0.0.1/",
                                         "http://127.0.0.1@evil.example",
                                         "http://xn--127-lla.example",
                                         "http://allowed.example.evil.example",
                                         "http://allowed.example:81",
                                         "https://allowed.example",
                                         "null",
                                         ""};
  std::vector<std::string> fields;
  for (const std::string& origin : origins) fields.push_back("Origin: " + origin + "\r\n");
  fields.push_back("Origin: http://127.0.0.1\r\nOrigin: http://evil.example\r\n");
  fields.push_back("Origin: http://127.0.0.1\r\nOrigin: http://127.0.0.1\r\n");
  const auto expect_refused = [&](const std::string& request, std::string_view what,
                                  const std::string& field) {
    const int status = RawClient(port).ask(request).status;
    findings.expect(status == 403, fmt::format("{} with \"{}\" was answered with {}", what, field, status));
  };
  for (const std::string& field : fields) {
    expect_refused(get("/rooms/lobby/messages", field), "a poll", field);
    expect_refused(get("/rooms/lobby/events", field), "a stream", field);
    expect_refused(support::upgrade("/rooms/lobby/socket", field), "a handshake", field);
    expect_refused(support::upgrade("/echo", field), "a handshake for /echo", field);
    expect_refused(support::post("/rooms/lobby/messages", R"({"text":"hi"})",
                                 "Content-Type: application/json\r\n" + field),
                   "a post", field);
  }
  for (const std::string field : {"Origin: http://127.0.0.1\r\n", "Origin: https://127.0.0.1\r\n",
                                  "Origin: http://allowed.example\r\n"}) {
    const int status = RawClient(port).ask(support::upgrade("/rooms/lobby/socket", field)).status;
    findings.expect(status == 101,
                    fmt::format("a handshake with \"{}\" was answered with {}", field, status));
  }
  findings.amount(fmt::format("{} origins at 5 doors", fields.size()));
  findings.measured("all refused with 403");
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

void cross_site_posts(const Setting& setting, Findings& findings) {
  Target target(setting, {"--allow-origin", "http://allowed.example"});
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  struct Body {
    std::string type, bytes;
  };
  // The types that a page may send to another site without asking it first (WHATWG Fetch, CORS-safelisted), and what looks like them.
  const std::string json = R"({"text":"hi"})";
  const std::vector<Body> bodies{
      {"Content-Type: application/x-www-form-urlencoded\r\n", "text=hi"},
      {"Content-Type: application/x-www-form-urlencoded\r\n", json + "="},
      {"Content-Type: text/plain\r\n", json},
      {"Content-Type: text/plain; charset=application/json\r\n", json},
      {"Content-Type: text/plain;application/json\r\n", json},
      {"Content-Type: text/plain, application/json\r\n", json},
      {"Content-Type: text/plain\r\nContent-Type: application/json\r\n", json},
      {"Content-Type: text/plain\r\n", R"({"text":"hi","x":")" + std::string("=") + R"("})"},
      {"Content-Type: multipart/form-data; boundary=x\r\n",
       "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhi\r\n--x--\r\n"},
      {"Content-Type: multipart/form-data; boundary=x\r\n", json},
      {"", json}};
  // With the cookie that a page of ours has, as a browser that knows no SameSite would send it.
  const std::string cookie = "Cookie: user=0123456789abcdef0123456789abcdef\r\n";
  const std::vector<std::string> sites{
      "Origin: http://evil.example\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n",
      "Origin: null\r\nSec-Fetch-Site: cross-site\r\n",
      "Origin: http://allowed.example\r\nSec-Fetch-Site: cross-site\r\n",
      "Referer: http://evil.example/form.html\r\n"};
  int posts = 0;
  const auto expect_refused = [&](const std::string& request, const std::vector<int>& statuses) {
    ++posts;
    const support::Answer answer = RawClient(port).ask(request);
    findings.expect(std::find(statuses.begin(), statuses.end(), answer.status) != statuses.end(),
                    fmt::format("\"{}\" was answered with {}", request, answer.status));
    findings.expect(answer.field("Access-Control-Allow-Origin") != "*" &&
                        answer.field("Access-Control-Allow-Credentials").empty(),
                    fmt::format("\"{}\" was answered with a wildcard or with credentials", request));
  };
  for (const std::string& site : sites) {
    const bool is_foreign =
        site.starts_with("Origin: ") && !site.starts_with("Origin: http://allowed.example");
    const std::vector<int> refusal{is_foreign ? 403 : 415};
    for (const std::string path : {"/rooms/lobby/messages", "/rooms/lobby/images"}) {
      for (const Body& body : bodies)
        expect_refused(support::post(path, body.bytes, body.type + site + cookie), refusal);
    }
    // What must ask first is refused to who is foreign, whether it has asked or not.
    if (!is_foreign) continue;
    const std::string asks =
        site + cookie +
        "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n";
    expect_refused("OPTIONS /rooms/lobby/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n" + asks + "\r\n", refusal);
    expect_refused(
        support::post("/rooms/lobby/messages", json, "Content-Type: application/json\r\n" + site + cookie),
        refusal);
    expect_refused(
        support::post("/rooms/lobby/images", "GIF89a", "Content-Type: image/gif\r\n" + site + cookie),
        refusal);
  }
  // Who is allowed is named, and gets no cookie along.
  for (const std::string path : {"/stats", "/rooms/lobby/messages", "/rooms/lobby/events", "/nowhere"}) {
    const support::Answer answer =
        RawClient(port).ask(get(path, "Origin: http://allowed.example\r\n" + cookie));
    findings.expect(answer.field("Access-Control-Allow-Origin") == "http://allowed.example" &&
                        answer.field("Access-Control-Allow-Credentials").empty(),
                    fmt::format("a GET of {} by who is allowed was answered with \"{}\"", path, answer.head));
  }
  const std::string log = RawClient(port).ask(get("/rooms/lobby/messages")).body;
  findings.expect(log.find("\"messages\":[]") != std::string::npos,
                  "something of it was said: " + log.substr(0, 200));
  findings.amount(fmt::format("{} of {} kinds from {} sites, to messages and to pictures", posts,
                              bodies.size(), sites.size()));
  findings.measured("all refused with 415 or 403, nothing said; no wildcard, no credentials");
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

void traversal(const Setting& setting, Findings& findings) {
  Target target(setting);
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  const std::set<std::string> all = ways_up();
  for (const std::string& path : all) {
    const int status = RawClient(port).ask(get(path)).status;
    findings.expect(status == 400 || status == 404, fmt::format("{} was answered with {}", path, status));
  }
  findings.amount(fmt::format("{} paths", all.size()));
  findings.measured("all answered with 400 or 404");
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
