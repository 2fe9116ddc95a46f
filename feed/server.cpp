#include "feed/server.hpp"

#include "feed/images.hpp"
#include "feed/publish.hpp"
#include "feed/store.hpp"
#include "feed/user.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <utility>

namespace feed {
namespace {

constexpr std::chrono::seconds patience{4};  // for readers that have been told and do not go

// A shell's usual limit of 1024 descriptors is meant for interactive programs; the hard limit is what may be used.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

net::awaitable<void> send_file(Exchange& exchange, std::string_view type, std::string_view bytes) {
  // Who opens a page gets a name, where it has none.
  const bool is_page = type.starts_with("text/html");
  Response file{http::status::ok, type, std::string(bytes),
                "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n"
                "Content-Security-Policy: default-src 'self'; img-src 'self' blob:; base-uri 'none'; frame-ancestors 'none'\r\n"};
  if (is_page) file.fields += set_user(exchange.request(), exchange.is_secure());
  co_await exchange.reply(std::move(file));
}

}  // namespace

Server::Server(Options options)
    : options_(std::move(options)),
      rooms_(io_.get_executor(), options_.history),
      signals_(io_),
      ticker_(io_) {
  if (!options_.data.empty()) open_data();
  open_pictures();
}

// Reads everything before it changes anything: a directory that is refused stays as it is.
void Server::open_data() {
  auto store = std::make_unique<Store>(options_.data);
  rooms_.restore(store->epoch());
  store->load([this](const Kept& message) { rooms_.restore(message); });
  store->begin();
  commit_.emplace(io_.get_executor(), std::move(store));
  rooms_.keep(*commit_);
}

void Server::open_pictures() {
  constexpr std::uint64_t on_disk = 1 << 30;
  constexpr std::uint64_t in_memory = 64 << 20;  // that a small machine can spare
  if (options_.data.empty()) {
    pictures_.emplace(std::filesystem::path(), options_.max_images.value_or(in_memory));
  } else {
    pictures_.emplace(std::filesystem::path(options_.data) / "images", options_.max_images.value_or(on_disk));
    find_shown(*pictures_, rooms_);
  }
}

void Server::mount_file(std::string_view path, std::string_view type, std::string_view bytes) {
  routes_.add(http::verb::get, path,
              [type, bytes](Exchange& exchange) { return send_file(exchange, type, bytes); });
}

void Server::start() {
  try {
    listener_.emplace(io_.get_executor(), options_, routes_, rooms_.counters());
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(fmt::format(
        "cannot listen on {}:{}: {}; choose another with --host and --port (0 takes any free port)",
        options_.host, options_.port, error.code().message()));
  }
  mount_rooms(routes_, rooms_);
  mount_images(routes_, rooms_, *pictures_, options_.max_image);
  mount_stats(routes_, rooms_, *listener_);
  listener_->start();
  if (options_.tick.count() > 0) tick();
}

std::string Server::url() const {
  const bool v6 = options_.host.find(':') != std::string::npos;
  return fmt::format("http://{}:{}", v6 ? '[' + options_.host + ']' : options_.host, port());
}

void Server::stop_on_signals() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    wind_down();
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
  });
}

void Server::stop() {
  net::post(io_, [this] { wind_down(); });
}

void Server::wind_down() {
  if (std::exchange(stopping_, true)) return;
  signals_.cancel();
  ticker_.cancel();
  rooms_.close();
  listener_->stop(patience);
}

void Server::tick() {
  ticker_.expires_after(options_.tick);
  ticker_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    rooms_.open("lobby").publish({"tick", "message number " + std::to_string(++ticks_)});
    tick();
  });
}

int run_server(int argc, char** argv, std::string_view name, std::uint16_t default_port,
               void (*mount)(Server&)) {
  const auto options = parse_options(argc, argv, name, default_port);
  if (const int* code = std::get_if<int>(&options)) return *code;
  raise_descriptor_limit();
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is a full disk, and no reason to end
  try {
    Server server(std::get<Options>(options));
    mount(server);
    server.start();
    server.stop_on_signals();
    std::printf("listening on %s\n", server.url().c_str());
    std::fflush(stdout);
    server.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s/run: %s\n", std::string(name).c_str(), error.what());
    return 1;
  }
}

}  // namespace feed
