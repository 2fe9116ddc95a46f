// The floor below the transports: a server that sends what one connection says to all others, with four bytes
// of length before each message and nothing else. It keeps no log, so a reader must be there before the
// message. Callbacks, not coroutines: as little as possible between it and the kernel.

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
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

class Session;

// Who reads. One thread.
struct Room {
  std::set<std::shared_ptr<Session>> readers;
};

// One connection: its first byte says whether it reads (R) or publishes (P). Lives as long as it waits for
// something.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Room& room) : socket_(std::move(socket)), room_(room) {}

  void start() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    read();
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
    if (kind_ != 'P') return bytes_.clear();
    std::size_t whole = 0;
    std::string answers;
    while (bytes_.size() - whole >= 4) {
      std::size_t length = 0;
      for (std::size_t i = 0; i < 4; ++i)
        length = length << 8 | static_cast<unsigned char>(bytes_[whole + i]);
      if (bytes_.size() - whole - 4 < length) break;
      whole += 4 + length;
      answers += length_of(++published_);
    }
    if (whole == 0) return;
    for (const auto& reader : room_.readers) reader->send(std::string_view(bytes_).substr(0, whole));
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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 || std::strcmp(argv[1], "--host") != 0 || std::strcmp(argv[3], "--port") != 0) {
    std::fprintf(stderr, "usage: tcp_floor_server --host ADDRESS --port PORT (0 takes any free one)\n");
    return 2;
  }
  try {
    net::io_context io(1);
    Room room;
    tcp::acceptor acceptor(
        io, tcp::endpoint(net::ip::make_address(argv[2]), static_cast<std::uint16_t>(std::atoi(argv[4]))));
    net::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&io](const error_code&, int) { io.stop(); });
    accept(acceptor, room);
    std::printf("listening on %s:%u\n", argv[2], static_cast<unsigned>(acceptor.local_endpoint().port()));
    std::fflush(stdout);
    io.run();
    room.readers.clear();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tcp_floor_server: %s\n", error.what());
    return 1;
  }
}
