#pragma once
// What a browser adds to a script's request, the script cannot see. The server can: it tells the sizes, and never the values (a
// cookie that is HttpOnly stays one).

#include "feed/exchange.hpp"
#include "feed/routes.hpp"

namespace feed {

/// GET and POST /mirror: `{"bytes":523,"fields":[["request-line",22],["host",22],["cookie",60]]}`. `bytes` is the size of this very
/// request's head, as it came; `fields` are the sizes of its lines, each with its CRLF, in the order in which they came and by
/// their names in lower case. The empty line at the end is in `bytes` alone, as is white space that a client need not send.
void mount_mirror(Routes& routes);

}  // namespace feed
