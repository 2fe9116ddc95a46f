#include "bench/nginx.hpp"

#include <fmt/format.h>

#include <sstream>

#include <unistd.h>

namespace bench {

std::string nginx_configuration(const Front& front, const std::string& directory, std::string_view listen,
                                std::string_view upstream) {
  const bool tls = front.tls != Tls::none;
  std::string out = fmt::format(
      "daemon off;\n"
      "master_process off;\n"  // one process, which ends when the harness does
      "pid {0}/nginx.pid;\n"
      "error_log {0}/error.log warn;\n"
      "events {{ worker_connections 1024; }}\n"
      "http {{\n"
      "  log_format harness '$connection $ssl_protocol $ssl_session_reused $server_protocol $status';\n"
      "  access_log {0}/access.log harness;\n"
      "  client_body_temp_path {0}/body;\n"
      "  proxy_temp_path {0}/proxy;\n"
      "  fastcgi_temp_path {0}/fastcgi;\n"
      "  uwsgi_temp_path {0}/uwsgi;\n"
      "  scgi_temp_path {0}/scgi;\n"
      "  server_tokens off;\n"
      "  map $http_upgrade $kept_or_upgraded {{ default upgrade; '' ''; }}\n"
      "  upstream feed {{ server {1}; keepalive 16; }}\n",
      directory, upstream);
  if (front.asks_by_1_0) {
    out += fmt::format(
        "  server {{\n"
        "    listen unix:{0}/between;\n"
        "    access_log off;\n"
        "    location / {{\n"
        "      proxy_pass http://feed;\n"
        "      proxy_http_version 1.1;\n"
        "      proxy_set_header Host $http_host;\n"
        "      proxy_set_header Connection '';\n"
        "      proxy_buffering off;\n"
        "      proxy_pass_header X-Accel-Buffering;\n"
        "    }}\n"
        "  }}\n",
        directory);
  }
  out += fmt::format(
      "  server {{\n"
      "    listen {}{}{};\n",
      listen, tls ? " ssl" : "", front.http2 ? " http2" : "");
  if (tls) {
    out += fmt::format(
        "    ssl_certificate {0}/certificate.pem;\n"
        "    ssl_certificate_key {0}/key.pem;\n"
        "    ssl_protocols TLSv{1};\n"
        "    ssl_session_cache {2};\n"
        "    ssl_session_tickets {3};\n",
        directory, to_string(front.tls), front.resumption ? "builtin" : "off",
        front.resumption ? "on" : "off");
  }
  out += front.asks_by_1_0 ? fmt::format(
                                 "    location / {{\n"
                                 "      proxy_pass http://unix:{}/between:;\n"
                                 "      proxy_http_version 1.0;\n"
                                 "      proxy_set_header Host $http_host;\n",
                                 directory)
                           : std::string(
                                 "    location / {\n"
                                 "      proxy_pass http://feed;\n"
                                 "      proxy_http_version 1.1;\n"
                                 "      proxy_set_header Host $http_host;\n"
                                 "      proxy_set_header Upgrade $http_upgrade;\n"
                                 "      proxy_set_header Connection $kept_or_upgraded;\n");
  out += fmt::format(
      "      proxy_read_timeout {0}ms;\n"
      "      proxy_buffering {1};\n"
      "      proxy_buffer_size {2};\n"
      "      proxy_buffers 8 {2};\n",
      front.read_timeout.count(), front.buffering ? "on" : "off", nginx_buffer);
  if (!front.obeys) out += "      proxy_ignore_headers X-Accel-Buffering;\n";
  if (front.gzip) {
    out +=
        "      gzip on;\n"
        "      gzip_types application/json text/event-stream;\n"
        "      gzip_min_length 0;\n";
  }
  if (!front.more.empty()) out += "      " + front.more + '\n';
  return out + "    }\n  }\n}\n";
}

std::string find_nginx(std::string_view path) {
  std::istringstream places(std::string(path) + ":/usr/sbin:/usr/local/sbin");
  for (std::string place; std::getline(places, place, ':');) {
    const std::string program = place + "/nginx";
    if (!place.empty() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

}  // namespace bench
