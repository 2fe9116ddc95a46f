// The floor below the transports: a server that sends what one connection says to all others, with four bytes
// of length before each message and nothing else. It keeps no log, so a reader must be there before the
// message. Callbacks, not coroutines: as little as possible between it and the kernel. How it writes can be chosen, to see
// what Nagle's algorithm makes of it and what a write costs.

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

constexpr std::string_view hello = "{\"cursor\":\"floor.0\"}";

std::string length_of(std::size_t bytes) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(bytes >> shift & 0xff);
  return out;
}

std::size_t length_in(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return length;
}

class Session;

// How a message goes out.
struct Writing {
  bool nagle = false;    // the kernel holds small segments until the last one was acknowledged (RFC 896)
  int writes = 1;        // of a message: 2 writes its length by itself
  bool together = true;  // all that has come goes out in one write; else each message in its own
};

// Who reads. One thread.
struct Room {
  Writing writing;
  std::set<std::shared_ptr<Session>> readers;
};

// One connection: its first byte says whether it reads (R), publishes (P) or is sent back what it says (E). Lives as
// long as it waits for something.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Room& room) : socket_(std::move(socket)), room_(room) {}

  void start() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(!room_.writing.nagle), ignored);
    socket_.non_blocking(true, ignored);
    read();
  }

  // Whole messages, in as many writes as is wanted.
  void send_messages(std::string_view messages) {
    if (room_.writing.together && room_.writing.writes == 1) return send(messages);
    while (!messages.empty()) {
      const std::size_t whole = 4 + length_in(messages);
      if (room_.writing.writes == 2) {
        send(messages.substr(0, 4));
        send(messages.substr(4, whole - 4));
      } else {
        send(messages.substr(0, whole));
      }
      messages.remove_prefix(whole);
    }
  }

  // At once as far as the socket takes it, the rest when it takes more.
  void send(std::string_view bytes) {
    error_code error;
    if (waiting_.empty() && !writing_) {
      bytes.remove_prefix(socket_.write_some(net::buffer(bytes), error));
      if (error == net::error::would_block) error = {};
    }
    if (error) return;  // the reading half notices
    waiting_ += bytes;
    flush();
  }

 private:
  void flush() {
    if (writing_ || waiting_.empty()) return;
    writing_ = true;
    auto out = std::make_shared<std::string>(std::move(waiting_));
    waiting_.clear();
    net::async_write(socket_, net::buffer(*out),
                     [self = shared_from_this(), out](const error_code& error, std::size_t) {
                       self->writing_ = false;
                       if (!error) self->flush();
                     });
  }

  void read() {
    socket_.async_read_some(net::buffer(piece_),
                            [self = shared_from_this()](const error_code& error, std::size_t got) {
                              if (error) {
                                self->room_.readers.erase(self);
                                return;
                              }
                              self->bytes_.append(self->piece_.data(), got);
                              self->take();
                              self->read();
                            });
  }

  void take() {
    if (kind_ == 0 && !bytes_.empty()) {
      kind_ = bytes_[0];
      bytes_.erase(0, 1);
      if (kind_ == 'R') {
        send(length_of(hello.size()) + std::string(hello));
        room_.readers.insert(shared_from_this());
      }
    }
    if (kind_ == 'E') send(bytes_);
    if (kind_ != 'P') return bytes_.clear();
    std::size_t whole = 0;
    std::string answers;
    while (bytes_.size() - whole >= 4) {
      const std::size_t length = length_in(std::string_view(bytes_).substr(whole));
      if (bytes_.size() - whole - 4 < length) break;
      whole += 4 + length;
      answers += length_of(++published_);
    }
    if (whole == 0) return;
    for (const auto& reader : room_.readers) reader->send_messages(std::string_view(bytes_).substr(0, whole));
    send(answers);
    bytes_.erase(0, whole);
  }

  tcp::socket socket_;
  Room& room_;
  std::array<char, 65536> piece_;
  std::string bytes_;
  std::string waiting_;
  bool writing_ = false;
  char kind_ = 0;
  std::size_t published_ = 0;
};

void accept(tcp::acceptor& acceptor, Room& room) {
  acceptor.async_accept([&acceptor, &room](const error_code& error, tcp::socket socket) {
    if (error == net::error::operation_aborted) return;
    if (!error) std::make_shared<Session>(std::move(socket), room)->start();
    accept(acceptor, room);
  });
}

// What the command line says.
struct Options {
  std::string host;
  std::uint16_t port = 0;
  Writing writing;
};

// Nothing where it is not understood.
std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  if (argc < 5 || argc % 2 == 0) return std::nullopt;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i], value = argv[i + 1];
    const bool on = value == "on", is_switch = on || value == "off";
    if (name == "--host") {
      options.host = value;
    } else if (name == "--port") {
      options.port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    } else if (name == "--nagle" && is_switch) {
      options.writing.nagle = on;
    } else if (name == "--together" && is_switch) {
      options.writing.together = on;
    } else if (name == "--writes" && (value == "1" || value == "2")) {
      options.writing.writes = value == "2" ? 2 : 1;
    } else {
      return std::nullopt;
    }
  }
  return options.host.empty() ? std::nullopt : std::optional(options);
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = read_options(argc, argv);
  if (!options) {
    std::fprintf(
        stderr,
        "usage: tcp_floor_server --host ADDRESS --port PORT [--nagle on|off] [--writes 1|2] [--together on|off]\n"
        "       (port 0 takes any free one; --together off: a write for each message, also where many have come)\n");
    return 2;
  }
  try {
    net::io_context io(1);
    Room room{options->writing, {}};
    tcp::acceptor acceptor(io, tcp::endpoint(net::ip::make_address(options->host), options->port));
    net::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&io](const error_code&, int) { io.stop(); });
    accept(acceptor, room);
    std::printf("listening on %s:%u\n", options->host.c_str(),
                static_cast<unsigned>(acceptor.local_endpoint().port()));
    std::fflush(stdout);
    io.run();
    room.readers.clear();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tcp_floor_server: %s\n", error.what());
    return 1;
  }
}
