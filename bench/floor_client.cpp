#include "bench/floor_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdlib>

namespace bench {

net::awaitable<feed::Result<>> FloorClient::connect(feed::After after) {
  begin(std::move(after));
  boost::system::error_code error;
  const net::ip::tcp::endpoint server(net::ip::make_address(server_.host, error),
                                      static_cast<std::uint16_t>(std::atoi(server_.port.c_str())));
  co_await socket_.async_connect(server, net::redirect_error(net::use_awaitable, error));
  if (error) co_return feed::Error{feed::Errc::unreachable, error.message()};
  socket_.set_option(net::ip::tcp::no_delay(true), error);
  const std::string_view reader = "R";
  co_await net::async_write(socket_, net::buffer(reader), net::redirect_error(net::use_awaitable, error));
  if (error) co_return feed::Error{feed::Errc::left, error.message()};
  co_return feed::Result<>();
}

feed::Result<> FloorClient::take_frames(std::string& bytes, const feed::Events& events) {
  std::size_t at = 0;
  while (bytes.size() - at >= 4) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
    if (bytes.size() - at - 4 < length) break;
    const std::string_view json(bytes.data() + at + 4, length);
    at += 4 + length;
    feed::Result<> taken;
    if (!begun_) {
      begun_ = true;
      const auto hello = feed::parse_hello(json);
      taken = hello ? take(*hello, events) : feed::Result<>(hello.error());
    } else {
      const auto message = feed::parse_message(json);
      taken = message ? take(*message, events) : feed::Result<>(message.error());
    }
    if (!taken) return taken;
  }
  bytes.erase(0, at);
  return {};
}

net::awaitable<feed::Error> FloorClient::subscribe(const feed::Events& events) {
  std::string bytes;
  std::array<char, 65536> piece;
  while (!is_closed()) {
    boost::system::error_code error;
    const std::size_t got =
        co_await socket_.async_read_some(net::buffer(piece), net::redirect_error(net::use_awaitable, error));
    if (is_closed()) break;
    if (error) co_return feed::Error{feed::Errc::left, error.message()};
    bytes_read_ += got;
    bytes.append(piece.data(), got);
    const auto taken = take_frames(bytes, events);
    if (!taken) co_return taken.error();
  }
  co_return feed::Error{feed::Errc::closed, "closed"};
}

net::awaitable<feed::Result<feed::Cursor>> FloorClient::publish(std::string, std::string) {
  co_return feed::invalid("a reader of the floor does not publish");
}

void FloorClient::close() {
  feed::Client::close();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace bench
