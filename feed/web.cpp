#include "feed/web.hpp"

#include "feed/mirror.hpp"

#include "embedded/feed/web/feed.js.hpp"
#include "embedded/feed/web/icon.svg.hpp"
#include "embedded/feed/web/index.html.hpp"
#include "embedded/feed/web/page.css.hpp"
#include "embedded/feed/web/page.js.hpp"

namespace feed {

void mount_page(Server& server, std::string_view client) {
  constexpr std::string_view javascript = "text/javascript";
  server.mount_file("/", "text/html; charset=utf-8", embedded::index_html);
  server.mount_file("/page.css", "text/css", embedded::page_css);
  server.mount_file("/page.js", javascript, embedded::page_js);
  server.mount_file("/feed.js", javascript, embedded::feed_js);
  server.mount_file("/icon.svg", "image/svg+xml", embedded::icon_svg);
  server.mount_file("/client.js", javascript, client);
  mount_mirror(server.routes());
}

}  // namespace feed
