// Row 18: foreign origins. Row 22: paths out of what is served.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

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
