#pragma once
// Nchan, the publish/subscribe module of nginx: the text of its configuration, where a poller is in its messages, and how messages get there. It numbers
// nothing itself, so the publisher does, and sends what the readers are to get.

#include "bench/publisher.hpp"
#include "feed/client.hpp"

#include <string>
#include <string_view>

namespace bench {

/// The whole nginx.conf: one room, `path` ("/rooms/bench"), with /messages to post to, and /socket, /events, /wait (long polls) and /poll below it,
/// /echo, which sends back; beside it /static.json, a file of `directory`. `module`: where Nchan's own is; empty: nginx alone, with nothing
/// but that file. Everything that nginx writes lies below `directory`.
std::string nchan_configuration(std::string_view module, const std::string& directory,
                                std::string_view listen, std::string_view path);

/// Where Debian has the module; empty where it is not there.
std::string find_nchan();

/// What a poller says to get what follows the message of that answer: `If-Modified-Since: …` and `If-None-Match: …`, the answer's `Last-Modified` and `Etag`
/// (nchan.io, "Long-Polling"), with their line ends.
std::string nchan_position(std::string_view head);

/// POSTs messages as they are to be read, pipelined on one connection. Answered by 201, or 202 where nobody reads.
class NchanOutlet final : public HttpOutlet {
 public:
  NchanOutlet(const feed::Address& room, std::size_t payload_bytes);
  void send(std::size_t index) override;
  void send_together(std::size_t index, std::size_t count) override;

 private:
  std::string request(std::size_t index) const;
  std::size_t take_answers(std::string& came) override;
  feed::Address room_;
  std::size_t payload_bytes_;
};

}  // namespace bench
