// ws_echo_client as the Autobahn suite drives it: a server on this side says how many cases there are, and runs them.
#include "support/child.hpp"
#include "support/deadline.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ws = beast::websocket;
using Socket = ws::stream<net::ip::tcp::socket>;

// One connection after the other, on this thread.
class FuzzingServer {
 public:
  std::string url() const { return "ws://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

  // Waits for the next client; returns what it asked for when `script` has used the socket, and closed it.
  std::string serve(const std::function<void(Socket&)>& script) {
    net::ip::tcp::socket tcp = acceptor_.accept();
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    http::read(tcp, buffer, request);
    Socket socket(std::move(tcp));
    socket.accept(request);
    script(socket);
    return std::string(request.target().data(), request.target().size());
  }

 private:
  net::io_context io_;
  net::ip::tcp::acceptor acceptor_{io_, {net::ip::address_v4::loopback(), 0}};
};

void close(Socket& socket) {
  beast::error_code ignored;
  socket.close(ws::close_code::normal, ignored);
}

std::string read(Socket& socket) {
  beast::flat_buffer buffer;
  socket.read(buffer);
  return beast::buffers_to_string(buffer.data());
}

// The program with its environment.
std::vector<std::string> command(const std::string& url, const std::string& agent) {
  return {"/usr/bin/env", "AB_URL=" + url, "AB_AGENT=" + agent,
          std::string(PROGRAM_DIRECTORY) + "/ws_echo_client"};
}

TEST(WsEchoClient, RunsEachCaseAndHasTheReportsUpdated) {
  FuzzingServer server;
  support::Child client(command(server.url(), "our client/1.0"));
  EXPECT_EQ(server.serve([](Socket& socket) {
    socket.write(net::buffer(std::string_view("3")));
    close(socket);
  }),
            "/getCaseCount");
  EXPECT_EQ(server.serve([](Socket& socket) {
    socket.text(true);
    for (const std::size_t size : {0, 1, 125, 126, 65535, 65536, 1 << 20}) {
      const std::string text(size, 'x');
      socket.write(net::buffer(text));
      EXPECT_TRUE(read(socket) == text) << size;
      EXPECT_TRUE(socket.got_text());
    }
    close(socket);
  }),
            "/runCase?case=1&agent=our%20client%2F1.0");
  EXPECT_EQ(server.serve([](Socket& socket) {
    socket.binary(true);
    // In fragments, with a ping between them.
    socket.write_some(false, net::buffer(std::string_view("\xff\x00", 2)));
    socket.ping("between");
    socket.write_some(true, net::buffer(std::string_view("\x01")));
    EXPECT_EQ(read(socket), std::string("\xff\x00\x01", 3));
    EXPECT_TRUE(socket.got_binary());
    close(socket);
  }),
            "/runCase?case=2&agent=our%20client%2F1.0");
  EXPECT_EQ(server.serve([](Socket& socket) {
    // What breaks the protocol is answered with a close, and the next case comes all the same.
    net::write(socket.next_layer(), net::buffer(std::string_view("\x83\x00", 2)));  // opcode 3 is reserved
    beast::error_code error;
    beast::flat_buffer buffer;
    socket.read(buffer, error);
    EXPECT_EQ(error, ws::error::closed);
    EXPECT_EQ(socket.reason().code, ws::close_code::protocol_error);
  }),
            "/runCase?case=3&agent=our%20client%2F1.0");
  EXPECT_EQ(server.serve([](Socket& socket) { close(socket); }), "/updateReports?agent=our%20client%2F1.0");
  EXPECT_EQ(client.read_line(), "3 cases");
  EXPECT_EQ(client.wait(), 0);
}

TEST(WsEchoClient, EndsWith1WhereThereIsNoSuchServer) {
  std::string url;
  {
    const FuzzingServer server;
    url = server.url();
  }
  support::Child client(command(url, "x"));
  EXPECT_EQ(client.wait(), 1);
  EXPECT_THAT(client.errors(), testing::HasSubstr("ws_echo_client: 127.0.0.1:"));
}

TEST(WsEchoClient, EndsWith2AtAnAddressThatIsNone) {
  support::Child client(command("http://127.0.0.1", "x"));
  EXPECT_EQ(client.wait(), 2);
  EXPECT_THAT(client.errors(), testing::HasSubstr("AB_URL is \"http://127.0.0.1\""));
}

}  // namespace
