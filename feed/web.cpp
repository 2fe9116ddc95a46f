#include "feed/web.hpp"

#include "embedded/feed/web/composer.js.hpp"
#include "embedded/feed/web/dom.js.hpp"
#include "embedded/feed/web/echo.css.hpp"
#include "embedded/feed/web/echo.js.hpp"
#include "embedded/feed/web/feed.js.hpp"
#include "embedded/feed/web/how.js.hpp"
#include "embedded/feed/web/http.js.hpp"
#include "embedded/feed/web/icon.svg.hpp"
#include "embedded/feed/web/index.html.hpp"
#include "embedded/feed/web/inside.js.hpp"
#include "embedded/feed/web/messages.js.hpp"
#include "embedded/feed/web/mirror.js.hpp"
#include "embedded/feed/web/outbox.js.hpp"
#include "embedded/feed/web/page.css.hpp"
#include "embedded/feed/web/page.js.hpp"
#include "embedded/feed/web/rooms.js.hpp"
#include "embedded/feed/web/start.js.hpp"
#include "embedded/feed/web/upload.js.hpp"
#include "embedded/feed/web/wire.js.hpp"
#include "feed/mirror.hpp"

namespace feed {
namespace {

constexpr std::string_view javascript = "text/javascript";

}  // namespace

void mount_modules(Server& server) {
  server.mount_file("/feed.js", javascript, embedded::feed_js);
  server.mount_file("/http.js", javascript, embedded::http_js);
  server.mount_file("/upload.js", javascript, embedded::upload_js);
}

void mount_page(Server& server, std::string_view client) {
  server.mount_file("/", "text/html; charset=utf-8", embedded::index_html);
  server.mount_file("/icon.svg", "image/svg+xml", embedded::icon_svg);
  server.mount_file("/page.css", "text/css", embedded::page_css);
  server.mount_file("/page.js", javascript, embedded::page_js);
  server.mount_file("/composer.js", javascript, embedded::composer_js);
  server.mount_file("/dom.js", javascript, embedded::dom_js);
  server.mount_file("/echo.css", "text/css", embedded::echo_css);
  server.mount_file("/echo.js", javascript, embedded::echo_js);
  server.mount_file("/how.js", javascript, embedded::how_js);
  server.mount_file("/inside.js", javascript, embedded::inside_js);
  server.mount_file("/messages.js", javascript, embedded::messages_js);
  server.mount_file("/mirror.js", javascript, embedded::mirror_js);
  server.mount_file("/outbox.js", javascript, embedded::outbox_js);
  server.mount_file("/rooms.js", javascript, embedded::rooms_js);
  server.mount_file("/start.js", javascript, embedded::start_js);
  server.mount_file("/wire.js", javascript, embedded::wire_js);
  server.mount_file("/client.js", javascript, client);
  mount_modules(server);
  mount_mirror(server.routes());
}

}  // namespace feed
