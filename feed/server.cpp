#include "feed/server.hpp"

#include "feed/images.hpp"
#include "feed/publish.hpp"
#include "feed/store.hpp"
#include "feed/user.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <malloc.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>

namespace feed {
namespace {

constexpr std::string_view tick_room = "lobby";
// For readers that have been told and do not go; telling all may take 3 s, see Rooms::close().
constexpr std::chrono::seconds patience{5};

// A shell's usual limit of 1024 descriptors is meant for interactive programs; the hard limit is what may be used.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::vector<std::unique_ptr<net::io_context>> make_loops(std::size_t threads) {
  std::vector<std::unique_ptr<net::io_context>> loops;
  while (loops.size() < threads) loops.push_back(std::make_unique<net::io_context>(1));
  return loops;
}

// As long as it is there, no loop ends for want of work.
std::shared_ptr<void> keep_running(const std::vector<std::unique_ptr<net::io_context>>& loops) {
  using Guard = net::executor_work_guard<net::io_context::executor_type>;
  const auto guards = std::make_shared<std::vector<Guard>>();
  for (const auto& loop : loops) guards->emplace_back(loop->get_executor());
  return guards;
}

net::awaitable<void> send_file(Exchange& exchange, std::string_view type, std::string_view bytes) {
  // Who opens a page gets a name, where it has none.
  const bool is_page = type.starts_with("text/html");
  Response file{
      http::status::ok, type, std::string(bytes),
      "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n"
      "Content-Security-Policy: default-src 'self'; img-src 'self' blob:; base-uri 'none'; frame-ancestors 'none'\r\n"};
  if (is_page) file.fields += set_user(exchange.request(), exchange.is_secure());
  co_await exchange.reply(std::move(file));
}

// What is this large is given back to the system when it is freed. glibc would learn from the first such message (16 MiB of one at GET
// /echo) to keep the memory for the next.
void give_back_what_is_large() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

}  // namespace

Server::Server(Options options)
    : options_(std::move(options)),
      loops_(make_loops(options_.threads)),
      rooms_(executors(), options_.history,
             {options_.max_rooms, options_.max_rooms_per_client, options_.publish_rate}),
      listeners_(options_.max_connections_per_address),
      signals_(*loops_.front()),
      ticker_(*loops_[rooms_.thread_of(tick_room)]) {
  if (!options_.data.empty()) open_data();
  open_pictures();
}

std::vector<net::any_io_executor> Server::executors() {
  std::vector<net::any_io_executor> executors;
  for (const auto& loop : loops_) executors.emplace_back(loop->get_executor());
  return executors;
}

// Reads everything before it changes anything: a directory that is refused stays as it is.
void Server::open_data() {
  const auto store = std::make_shared<Store>(options_.data);
  rooms_.restore(store->epoch());
  store->load([this](const Kept& message) { rooms_.restore(message); });
  store->begin();
  for (std::size_t thread = 0; thread < loops_.size(); ++thread) {
    commits_.push_back(std::make_unique<GroupCommit>(rooms_.executor(thread), store));
    rooms_.keep(*commits_.back(), thread);
  }
}

std::uint64_t Server::transactions() const {
  std::uint64_t all = 0;
  for (const auto& commit : commits_) all += commit->transactions();
  return all;
}

void Server::open_pictures() {
  constexpr std::uint64_t on_disk = 1 << 30;
  constexpr std::uint64_t in_memory = 64 << 20;  // that a small machine can spare
  if (options_.data.empty()) {
    pictures_.emplace(std::filesystem::path(), options_.max_images.value_or(in_memory));
  } else {
    pictures_.emplace(std::filesystem::path(options_.data) / images_directory,
                      options_.max_images.value_or(on_disk));
    find_shown(*pictures_, rooms_);
  }
}

void Server::mount_file(std::string_view path, std::string_view type, std::string_view bytes) {
  routes_.add(http::verb::get, path,
              [type, bytes](Exchange& exchange) { return send_file(exchange, type, bytes); });
}

void Server::start() {
  try {
    for (std::size_t thread = 0; thread < loops_.size(); ++thread) {
      listeners_.by_thread.push_back(
          std::make_unique<Listener>(options_, routes_, rooms_, thread, listeners_));
    }
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(fmt::format(
        "cannot listen on {}:{}: {}; choose another with --host and --port (0 takes any free port)",
        options_.host, options_.port, error.code().message()));
  }
  mount_rooms(routes_, rooms_);
  mount_images(routes_, rooms_, *pictures_, options_.max_image);
  mount_stats(routes_, rooms_);
  const std::shared_ptr<void> busy = keep_running(loops_);
  for (const auto& listener : listeners_.by_thread) listener->start(busy);
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
  net::post(executor(), [this] { wind_down(); });
}

void Server::wind_down() {
  if (std::exchange(stopping_, true)) return;
  signals_.cancel();
  for (std::size_t thread = 1; thread < loops_.size(); ++thread)
    net::post(*loops_[thread], [this, thread] { wind_down_on(thread); });
  wind_down_on(0);
}

void Server::wind_down_on(std::size_t thread) {
  if (thread == rooms_.thread_of(tick_room)) ticker_.cancel();
  rooms_.close(thread);
  listeners_.by_thread[thread]->stop(patience);
}

void Server::run() {
  std::vector<std::exception_ptr> failures(loops_.size());
  const auto end_all = [this](std::exception_ptr& failure) {
    failure = std::current_exception();
    for (const auto& loop : loops_) loop->stop();
  };
  const auto serve = [this, &failures, &end_all](std::size_t thread) {
    try {
      loops_[thread]->run();
    } catch (...) {
      end_all(failures[thread]);
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      while (others.size() + 1 < loops_.size()) others.emplace_back(serve, others.size() + 1);
    } catch (...) {  // the machine allows no further thread
      end_all(failures.front());
    }
    if (!failures.front()) serve(0);
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

void Server::tick() {
  ticker_.expires_after(options_.tick);
  ticker_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    rooms_.open(tick_room).publish({"tick", "message number " + std::to_string(++ticks_)});
    tick();
  });
}

int run_server(int argc, char** argv, std::string_view name, std::uint16_t default_port,
               void (*mount)(Server&)) {
  const auto options = parse_options(argc, argv, name, default_port);
  if (const int* code = std::get_if<int>(&options)) return *code;
  raise_descriptor_limit();
  give_back_what_is_large();
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
