// nginx in front: its configuration as text, what it negotiates, and that nothing of it is left behind.

#include "bench/front_proxy.hpp"
#include "bench/caller.hpp"
#include "bench/socket.hpp"
#include "bench/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using bench::Front;
using bench::FrontProxy;
using bench::Tls;
using testing::HasSubstr;
using testing::Not;

constexpr auto patience = 10s;

bench::Place place() { return {fs::read_symlink("/proc/self/exe").parent_path().string(), {}}; }

std::vector<fs::path> directories_of(pid_t pid) {
  std::vector<fs::path> found;
  const std::string prefix = "transports-nginx-" + std::to_string(pid) + '-';
  for (const auto& entry : fs::directory_iterator(fs::temp_directory_path())) {
    if (entry.path().filename().string().starts_with(prefix)) found.push_back(entry.path());
  }
  return found;
}

bool is_gone(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

// A place for temporary directories where no other test cleans up.
class Temporary {
 public:
  Temporary() {
    std::string made = (fs::temp_directory_path() / "test-XXXXXX").string();
    if (::mkdtemp(made.data())) path_ = made;
    ::setenv("TMPDIR", made.c_str(), 1);
  }
  ~Temporary() {
    ::unsetenv("TMPDIR");
    fs::remove_all(path_);
  }

 private:
  fs::path path_;
};

// Whether it runs no more, be its end already noticed by its parent or not.
bool is_over(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  file >> number >> name >> state;
  return state.empty() || state == "Z";
}

}  // namespace

TEST(NginxConfiguration, PassesOnAsItComesOverPlainHttp) {
  EXPECT_EQ(bench::nginx_configuration({}, "/tmp/x", "127.0.0.1:4000", "127.0.0.1:5000"),
            "daemon off;\n"
            "master_process off;\n"
            "pid /tmp/x/nginx.pid;\n"
            "error_log /tmp/x/error.log warn;\n"
            "events { worker_connections 1024; }\n"
            "http {\n"
            "  log_format harness '$connection $ssl_protocol $ssl_session_reused $server_protocol $status';\n"
            "  access_log /tmp/x/access.log harness;\n"
            "  client_body_temp_path /tmp/x/body;\n"
            "  proxy_temp_path /tmp/x/proxy;\n"
            "  fastcgi_temp_path /tmp/x/fastcgi;\n"
            "  uwsgi_temp_path /tmp/x/uwsgi;\n"
            "  scgi_temp_path /tmp/x/scgi;\n"
            "  server_tokens off;\n"
            "  map $http_upgrade $kept_or_upgraded { default upgrade; '' ''; }\n"
            "  upstream feed { server 127.0.0.1:5000; keepalive 16; }\n"
            "  server {\n"
            "    listen 127.0.0.1:4000;\n"
            "    location / {\n"
            "      proxy_pass http://feed;\n"
            "      proxy_http_version 1.1;\n"
            "      proxy_set_header Host $http_host;\n"
            "      proxy_set_header Upgrade $http_upgrade;\n"
            "      proxy_set_header Connection $kept_or_upgraded;\n"
            "      proxy_read_timeout 60000ms;\n"
            "      proxy_buffering off;\n"
            "      proxy_buffer_size 4096;\n"
            "      proxy_buffers 8 4096;\n"
            "    }\n"
            "  }\n"
            "}\n");
}

TEST(NginxConfiguration, SaysTlsHttp2AndWhatHoldsAStreamBack) {
  Front front;
  front.tls = Tls::v1_3;
  front.http2 = true;
  front.buffering = true;
  front.obeys = false;
  front.read_timeout = 2s;
  front.gzip = true;
  front.more = "proxy_hide_header ETag;";
  const std::string text = bench::nginx_configuration(front, "/tmp/x", "0.0.0.0:1", "127.0.0.1:2");
  EXPECT_THAT(text, HasSubstr("    listen 0.0.0.0:1 ssl http2;\n"
                              "    ssl_certificate /tmp/x/certificate.pem;\n"
                              "    ssl_certificate_key /tmp/x/key.pem;\n"
                              "    ssl_protocols TLSv1.3;\n"
                              "    ssl_session_cache off;\n"
                              "    ssl_session_tickets off;\n"
                              "    location / {\n"));
  EXPECT_THAT(text, HasSubstr("      proxy_read_timeout 2000ms;\n"
                              "      proxy_buffering on;\n"
                              "      proxy_buffer_size 4096;\n"
                              "      proxy_buffers 8 4096;\n"
                              "      proxy_ignore_headers X-Accel-Buffering;\n"
                              "      gzip on;\n"
                              "      gzip_types application/json text/event-stream;\n"
                              "      gzip_min_length 0;\n"
                              "      proxy_hide_header ETag;\n"
                              "    }\n"));
}

TEST(NginxConfiguration, PutsAHopBetweenWhereItAsksByHttp10) {
  Front front;
  front.asks_by_1_0 = true;
  const std::string text = bench::nginx_configuration(front, "/tmp/x", "127.0.0.1:1", "127.0.0.1:2");
  EXPECT_THAT(text, HasSubstr("  server {\n"
                              "    listen unix:/tmp/x/between;\n"
                              "    access_log off;\n"
                              "    location / {\n"
                              "      proxy_pass http://feed;\n"
                              "      proxy_http_version 1.1;\n"
                              "      proxy_set_header Host $http_host;\n"
                              "      proxy_set_header Connection '';\n"
                              "      proxy_buffering off;\n"
                              "      proxy_pass_header X-Accel-Buffering;\n"
                              "    }\n"
                              "  }\n"
                              "  server {\n"
                              "    listen 127.0.0.1:1;\n"
                              "    location / {\n"
                              "      proxy_pass http://unix:/tmp/x/between:;\n"
                              "      proxy_http_version 1.0;\n"
                              "      proxy_set_header Host $http_host;\n"
                              "      proxy_read_timeout 60000ms;\n"));
}

TEST(FindNginx, LooksWhereItIsToldAndWhereRootsProgramsAre) {
  bench::TemporaryDirectory directory("test");
  const fs::path program = directory.path() / "nginx";
  std::ofstream(program) << "#!/bin/sh\n";
  EXPECT_NE(bench::find_nginx(directory.path().string()), program.string()) << "it cannot be run";
  fs::permissions(program, fs::perms::owner_all);
  EXPECT_EQ(bench::find_nginx("/nowhere:" + directory.path().string()), program.string());
}

TEST(TemporaryDirectory, RemovesWhatADeadProcessLeftAndNothingElse) {
  const Temporary temporary;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const fs::path among = fs::temp_directory_path();
  const fs::path left = among / ("transports-test-" + std::to_string(dead) + "-AbCdEf");
  const fs::path of_others = among / ("transports-test-" + std::to_string(::getppid()) + "-AbCdEf");
  const fs::path no_number = among / "transports-test-x-AbCdEf";
  for (const fs::path& path : {left, of_others, no_number}) fs::create_directories(path / "below");
  std::optional<bench::TemporaryDirectory> directory("test");
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(of_others));
  EXPECT_TRUE(fs::exists(no_number));

  const fs::path path = directory->path();
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  fs::create_directories(path / "a/b");
  directory.reset();
  EXPECT_FALSE(fs::exists(path));
}

class NginxInFront : public testing::Test {
 protected:
  void SetUp() override {
    const char* const path = std::getenv("PATH");
    if (bench::find_nginx(path ? path : "").empty())
      GTEST_SKIP() << "nginx is not installed; feed/setup tests installs it";
  }

  bench::Callee callee(const FrontProxy& front, Tls tls) { return {front.room(), tls, front.certificate()}; }

  const Temporary temporary;
  bench::Site site{place(), "poll"};
};

TEST_F(NginxInFront, AnswersForTheServerAndLeavesNothingBehind) {
  pid_t pid = 0;
  {
    FrontProxy front(site, {}, {});
    pid = front.process().pid();
    EXPECT_EQ(directories_of(::getpid()).size(), 1u);
    bench::Asker asker(callee(front, Tls::none), {});
    const bench::Answer answer = asker.get(site.room().path + "/messages?after=latest");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.http, 11);
    EXPECT_THAT(answer.body, HasSubstr("\"messages\":[]"));
    EXPECT_EQ(answer.date.size(), std::string_view("Sun, 06 Nov 1994 08:49:37 GMT").size());
    const auto served = front.served(1);
    ASSERT_EQ(served.size(), 1u);
    EXPECT_EQ(served[0].protocol, "HTTP/1.1");
    EXPECT_EQ(served[0].tls, "-");
    EXPECT_EQ(served[0].status, 200);
    front.stop();
    EXPECT_TRUE(is_gone(pid));
  }
  EXPECT_TRUE(directories_of(::getpid()).empty());
}

TEST_F(NginxInFront, EndsWithItsObjectAlsoWhereNobodyStoppedIt) {
  std::optional<FrontProxy> front(std::in_place, site, bench::Cores{}, Front{});
  const pid_t pid = front->process().pid();
  front.reset();
  EXPECT_TRUE(is_gone(pid));
  EXPECT_TRUE(directories_of(::getpid()).empty());
}

// The harness in a process of its own, killed while nginx runs: it cannot clean up, the kernel and the next run do.
TEST_F(NginxInFront, EndsWithAHarnessThatWasKilledAndTheNextOneCleansUp) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t harness = ::fork();
  if (harness == 0) {
    try {
      bench::Site its(place(), "poll");
      FrontProxy front(its, {}, {});
      const pid_t pids[2] = {its.process()->pid(), front.process().pid()};
      if (::write(ends[1], pids, sizeof pids) == sizeof pids) ::raise(SIGKILL);
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "%s\n", failure.what());
    }
    ::_exit(1);
  }
  ::close(ends[1]);
  pid_t pids[2] = {0, 0};
  ASSERT_EQ(::read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  ::close(ends[0]);
  ::waitpid(harness, nullptr, 0);
  const auto due = std::chrono::steady_clock::now() + patience;
  while (!is_over(pids[0]) || !is_over(pids[1])) ASSERT_LT(std::chrono::steady_clock::now(), due);
  EXPECT_EQ(directories_of(harness).size(), 1u);

  const FrontProxy next(site, {}, {});
  EXPECT_TRUE(directories_of(harness).empty());
}

TEST_F(NginxInFront, SpeaksTheTlsVersionThatIsAskedForAndNoOther) {
  for (const Tls tls : {Tls::v1_2, Tls::v1_3}) {
    FrontProxy front(site, {}, {.tls = tls});
    EXPECT_EQ(front.room().origin, "https://bench.test:" + front.room().port);
    bench::Asker asker(callee(front, tls), {});
    EXPECT_EQ(asker.get("/healthz").body, "ok\n");
    const auto served = front.served(1);
    ASSERT_EQ(served.size(), 1u);
    EXPECT_EQ(served[0].tls, "TLSv" + std::string(to_string(tls)));
    const Tls other = tls == Tls::v1_2 ? Tls::v1_3 : Tls::v1_2;
    bench::Asker wrong(callee(front, other), {});
    EXPECT_THROW(wrong.get("/healthz"), std::runtime_error);
  }
}

TEST_F(NginxInFront, IsTrustedByItsOwnCertificateAlone) {
  const FrontProxy front(site, {}, {.tls = Tls::v1_3}), other(site, {}, {.tls = Tls::v1_3});
  bench::Asker asker({front.room(), Tls::v1_3, other.certificate()}, {});
  EXPECT_THROW(asker.get("/healthz"), std::runtime_error);
}

TEST_F(NginxInFront, SpeaksHttp2WhereItIsAskedFor) {
  FrontProxy front(site, {}, {.tls = Tls::v1_3, .http2 = true});
  bench::Asker newer(callee(front, Tls::v1_3), {.http2 = true});
  EXPECT_EQ(newer.get("/healthz").http, 20);
  EXPECT_EQ(newer.get("/healthz").connections, 0u);
  bench::Asker older(callee(front, Tls::v1_3), {});
  EXPECT_EQ(older.get("/healthz").http, 11);
  const auto served = front.served(3);
  ASSERT_EQ(served.size(), 3u);
  EXPECT_EQ(served[0].protocol, "HTTP/2.0");
  EXPECT_EQ(served[1].connection, served[0].connection);
  EXPECT_EQ(served[2].protocol, "HTTP/1.1");
}

TEST_F(NginxInFront, ResumesASessionWhereBothWantTo) {
  const std::string asked = "GET /healthz HTTP/1.1\r\nHost: bench.test\r\n\r\n";
  for (const Tls tls : {Tls::v1_2, Tls::v1_3}) {
    for (const bool allowed : {true, false}) {
      FrontProxy front(site, {}, {.tls = tls, .resumption = allowed});
      const bench::TlsSessions sessions;
      for (const bool remembers : {true, true, false}) {
        bench::Call call(callee(front, tls), remembers ? &sessions : nullptr);
        call.write_all(asked);
        std::string got;
        call.read_until(got, "\r\n\r\nok");
        EXPECT_GT(call.tls(), 0ns);
      }
      const auto served = front.served(3);
      ASSERT_EQ(served.size(), 3u);
      EXPECT_FALSE(served[0].resumed);
      EXPECT_EQ(served[1].resumed, allowed) << to_string(tls);
      EXPECT_FALSE(served[2].resumed);
    }
  }
}

TEST_F(NginxInFront, SaysWhyItDoesNotStart) {
  try {
    const FrontProxy front(site, {}, {.more = "no_such_directive on;"});
    FAIL() << "it started";
  } catch (const bench::NoFrontProxy& failure) {
    EXPECT_THAT(failure.what(),
                testing::StartsWith("nginx did not start: unknown directive \"no_such_directive\""));
  }
  EXPECT_TRUE(directories_of(::getpid()).empty());
}

TEST_F(NginxInFront, SaysThatAPortIsTaken) {
  const FrontProxy first(site, {}, {});
  const auto port = static_cast<std::uint16_t>(std::stoi(first.room().port));
  try {
    const FrontProxy second(site, {}, {.port = port});
    FAIL() << "it started";
  } catch (const bench::NoFrontProxy& failure) {
    EXPECT_EQ(failure.what(), "nginx cannot listen on 127.0.0.1:" + std::to_string(port) +
                                  ": Address already in use; port 0 takes any free one.");
  }
}

TEST_F(NginxInFront, TakesAnotherPortWhereSomebodyTakesTheFreeOneBeforeIt) {
  std::vector<bench::Socket> others;
  std::vector<std::uint16_t> taken;
  const auto take = [&](std::uint16_t port) {
    if (taken.size() == 2) return;
    taken.push_back(port);
    bench::Socket& other = others.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(other.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(other.fd(), 1), 0);  // and would be taken for nginx
  };
  const FrontProxy front(site, {}, {.before_start = take});
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_THAT(taken, Not(testing::Contains(std::stoi(front.room().port))));
  bench::Asker asker(callee(front, Tls::none), {});
  EXPECT_EQ(asker.get("/healthz").body, "ok\n");
}

TEST_F(NginxInFront, GivesUpWhereEachPortIsTakenBeforeIt) {
  std::vector<bench::Socket> others;
  const auto take = [&](std::uint16_t port) {
    bench::Socket& other = others.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(other.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(other.fd(), 1), 0);
  };
  try {
    const FrontProxy front(site, {}, {.before_start = take});
    FAIL() << "it started";
  } catch (const bench::NoFrontProxy& failure) {
    EXPECT_THAT(failure.what(), testing::AllOf(testing::StartsWith("nginx did not start: bind()"),
                                               HasSubstr("Address already in use")));
  }
  EXPECT_EQ(others.size(), 3u);
}

TEST_F(NginxInFront, SaysWhyThereIsNoCertificate) {
  const bench::TemporaryDirectory programs("test");
  const fs::path openssl = programs.path() / "openssl";
  std::ofstream(openssl) << "#!/bin/sh\necho no entropy >&2\nexit 1\n";
  fs::permissions(openssl, fs::perms::owner_all);
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", (programs.path().string() + ':' + before).c_str(), 1);
  std::string said;
  try {
    const FrontProxy front(site, {}, {.tls = Tls::v1_3});
  } catch (const bench::NoFrontProxy& failure) {
    said = failure.what();
  }
  ::setenv("PATH", before.c_str(), 1);
  EXPECT_EQ(
      said,
      "TLS needs a certificate, and there is none: openssl ended with exit code 1, expected exit code 0; it said: "
      "no entropy.");
}

TEST_F(NginxInFront, IsNotPutInFrontOfSomebodysServer) {
  bench::Place elsewhere = place();
  elsewhere.servers.emplace("poll", site.room());
  bench::Site given(elsewhere, "poll");
  EXPECT_THROW(FrontProxy(given, {}, {}), bench::NoFrontProxy);
}
