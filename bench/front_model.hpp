#pragma once
// What theory expects where connections are opened, encrypted and passed on: round trips and packets of a beginning, bytes of TLS and
// HTTP/2, and what a proxy keeps for itself. Like bench/model.hpp, it calls nothing that is measured.

#include "bench/model.hpp"
#include "bench/tls.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace bench {

// A beginning.

/// Round trips of a TLS handshake before the first request can go: 2 for TLS 1.2 (RFC 5246, 7.3), 1 for 1.3 (RFC 8446, 2) and for a session
/// of either that is resumed.
unsigned tls_round_trips(Tls tls, bool resumed = false);

/// From nothing to the first message, for all three alike: a round trip for TCP, those of TLS, and one for the request and what
/// answers it, be that a page, an event stream or an upgrade with a frame behind it.
Seconds cold_start(Tls tls, Seconds one_way, bool resumed = false);

/// How many connections a second a client can open to one server and close itself, for longer than a minute: each keeps one of the
/// client's ports for the 60 s of TIME_WAIT (RFC 9293, 3.6.1; 60 s is Linux's).
double polls_per_second_at_most(unsigned ports);

/// The packets of a short request and its answer on a connection that is opened for them and closed by who asked: three to open, request
/// and answer each with an acknowledgement of its own (TCP begins without delaying them), three to close.
std::uint64_t packets_of_fresh_exchange();
/// Their IPv4 bytes around `payload`. The two packets with a SYN have 8 bytes of options more than the others.
std::uint64_t ip_bytes_of_fresh_exchange(std::uint64_t payload);

// A proxy that gathers.

/// How long each message is kept by a proxy that passes its buffers on when they are full: until the message is said that fills the
/// one where its last byte is. Message i is said at said[i], ascending, and has bytes[i]; `head` come before the first. Nothing for those
/// that are still kept at the end.
std::vector<std::optional<Seconds>> kept_by_proxy(std::span<const Seconds> said,
                                                  std::span<const std::size_t> bytes, std::size_t head,
                                                  std::size_t buffer);
/// The head of an event stream that nginx passes on to who asks by HTTP/1.0: as ours, with `Server: nginx` and `Connection: close`, and
/// without chunks.
std::size_t nginx_stream_head_bytes();

// TLS and HTTP/2, for exchanges after the first.

/// A record of TLS 1.3 around so much: 5 bytes of header, one of type, 16 of tag (RFC 8446, 5.2).
std::size_t tls_record_bytes(std::size_t payload);

/// A string in HPACK: its length and its Huffman code, or its own bytes where those are fewer (RFC 7541, 5.2 and B).
std::size_t hpack_string_bytes(std::string_view text);

/// A request of HTTP/2 that differs from the one before it in nothing, as libcurl (nghttp2) sends it: 9 bytes of frame, one byte for each
/// of `fields` and of method, scheme and authority; the path is said anew, since nghttp2 expects it to change. Before it come 13 bytes that
/// reset the stream of the request before, though that is over: libcurl 7.88 does so, and other clients do not.
std::size_t http2_request_bytes(std::string_view path, std::size_t fields);

/// The answer 204 of nginx, which remembers nothing of what it said: 9 bytes of frame, the status, `server: nginx`, the date.
std::size_t http2_empty_response_bytes(std::string_view date);

/// The same over HTTP/1.1, with `Server`, `Date`, `Connection: keep-alive`.
std::size_t nginx_empty_response_bytes();

}  // namespace bench
