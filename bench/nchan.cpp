#include "bench/nchan.hpp"

#include "bench/http_answer.hpp"
#include "feed/message.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

#include <unistd.h>

namespace bench {

std::string nchan_configuration(std::string_view module, const std::string& directory,
                                std::string_view listen, std::string_view path) {
  std::string out;
  if (!module.empty()) out += fmt::format("load_module {};\n", module);
  // As nginx recommends it for speed: connections are accepted several at once and kept, files go out by sendfile and stay open, nothing
  // is logged (nginx.org, "Serving Static Content" and ngx_http_core_module).
  out += fmt::format(
      "daemon off;\n"
      "master_process off;\n"  // one process, which ends when the harness does
      "pid {0}/nginx.pid;\n"
      "error_log {0}/error.log error;\n"
      "events {{ worker_connections 20000; multi_accept on; }}\n"
      "http {{\n"
      "  access_log off;\n"
      "  client_body_temp_path {0}/body;\n"
      "  proxy_temp_path {0}/proxy;\n"
      "  fastcgi_temp_path {0}/fastcgi;\n"
      "  uwsgi_temp_path {0}/uwsgi;\n"
      "  scgi_temp_path {0}/scgi;\n"
      "  server_tokens off;\n"
      "  sendfile on;\n"
      "  tcp_nopush on;\n"
      "  tcp_nodelay on;\n"
      "  keepalive_timeout 1h;\n"
      "  keepalive_requests 100000000;\n"
      "  open_file_cache max=16;\n",
      directory);
  // A reader may be behind by what a run has under way: the default of 10 messages would lose some.
  if (!module.empty())
    out +=
        "  nchan_shared_memory_size 512M;\n"
        "  nchan_message_buffer_length 20000;\n";
  out += fmt::format(
      "  server {{\n"
      "    listen {} backlog=4096;\n"
      "    location = /static.json {{ root {}; }}\n",
      listen, directory);
  if (!module.empty()) {
    const auto slash = path.rfind('/');
    const std::string_view channel = path.substr(slash + 1);
    const auto location = [&](std::string_view name, std::string_view directive) {
      // Exact: no regular expression is matched for a request.
      out += fmt::format("    location = {}/{} {{ {}; nchan_channel_id {}; }}\n", path, name, directive,
                         name == "echo" ? "echo" : channel);
    };
    location("messages", "nchan_publisher http");
    location("socket", "nchan_subscriber websocket");
    location("events", "nchan_subscriber eventsource");
    location("wait", "nchan_subscriber longpoll");
    location("poll", "nchan_subscriber intervalpoll");
    location("echo", "nchan_pubsub websocket");
  }
  return out + "  }\n}\n";
}

std::string find_nchan() {
  for (const char* path :
       {"/usr/lib/nginx/modules/ngx_nchan_module.so", "/usr/lib64/nginx/modules/ngx_nchan_module.so"}) {
    if (::access(path, R_OK) == 0) return path;
  }
  return {};
}

std::string nchan_position(std::string_view head) {
  const std::string_view modified = field_of(head, "Last-Modified"), tag = field_of(head, "Etag");
  if (modified.empty() || tag.empty())
    throw std::runtime_error("Nchan's answer has no Last-Modified and Etag: " +
                             std::string(head.substr(0, head.find('\r'))));
  return fmt::format("If-Modified-Since: {}\r\nIf-None-Match: {}\r\n", modified, tag);
}

NchanOutlet::NchanOutlet(const feed::Address& room, std::size_t payload_bytes)
    : HttpOutlet(room), room_(room), payload_bytes_(payload_bytes) {}

std::string NchanOutlet::request(std::size_t index) const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string body = feed::encode(
      feed::Message{index + 1, std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
                    std::string(author), text_of(index, payload_bytes_)});
  return fmt::format(
      "POST {}/messages HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      room_.path, room_.authority, body.size(), body);
}

void NchanOutlet::send(std::size_t index) { write(request(index), index, 1); }

void NchanOutlet::send_together(std::size_t index, std::size_t count) {
  std::string together;
  for (std::size_t i = index; i < index + count; ++i) together += request(i);
  write(together, index, count);
}

std::size_t NchanOutlet::take_answers(std::string& came) {
  std::size_t answers = 0, done = 0;
  while (const auto answer = first_answer(std::string_view(came).substr(done))) {
    if (answer->status != 201 && answer->status != 202)
      throw std::runtime_error("a message was refused: " +
                               std::string(answer->head.substr(0, answer->head.find('\r'))));
    done += answer->bytes();
    ++answers;
  }
  came.erase(0, done);
  return answers;
}

}  // namespace bench
