#include "feed/options.hpp"

#include <CLI/CLI.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>

namespace feed {
namespace {

std::string check_origin(const std::string& text) {
  const auto url = boost::urls::parse_uri(text);
  const bool whole = !url.has_error() && (url->scheme() == "http" || url->scheme() == "https") &&
                     !url->host().empty() && url->encoded_path().empty() && !url->has_query() &&
                     !url->has_fragment();
  return whole ? std::string()
               : "origin is \"" + text + "\", expected scheme, host and port like \"http://localhost:3000\"";
}

// As of a script whose variable is not set: without this nothing would be kept, and nobody told.
std::string check_directory(const std::string& text) {
  return text.empty() ? "the directory's name is empty, expected one like \"chat-data\"" : std::string();
}

std::string check_address(const std::string& text) {
  boost::system::error_code error;
  boost::asio::ip::make_address(text, error);
  return error ? "address is \"" + text + "\", expected an IP address like \"127.0.0.1\" or \"::1\""
               : std::string();
}

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv, std::string_view name,
                                         std::uint16_t default_port) {
  Options options;
  options.port = default_port;
  double heartbeat = 15;
  double tick = 0;
  std::uint64_t max_images = 0;
  CLI::App app("Serves the chat feed over " + std::string(name) + ". Its first line says where it listens.",
               std::string(name) + "/run");
  app.option_defaults()->always_capture_default();
  app.add_option("--host", options.host, "address to listen on; 0.0.0.0 lets a phone in the same network in");
  app.add_option("--port", options.port, "0 takes any free one");
  app.add_option("--history", options.history.messages, "messages that a room remembers")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000'000}));
  app.add_option("--history-bytes", options.history.bytes, "bytes of messages that a room remembers")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 40));
  app.add_option("--max-message", options.max_message, "bytes of a POST body or a WebSocket message")
      ->check(CLI::Range(std::size_t{16}, std::size_t{1} << 26));
  app.add_option("--max-image", options.max_image, "bytes of a picture")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 30));
  const CLI::Option* images =
      app.add_option("--max-images", max_images,
                     "bytes of all pictures; then those go first that no room's memory shows")
          ->default_str("1073741824 with --data, 67108864 without")
          ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 50));
  app.add_option("--max-connections", options.max_connections, "further ones get 503")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000'000}));
  app.add_option("--threads", options.threads,
                 "that serve, each with rooms of its own; more than one helps where several rooms are busy")
      ->check(CLI::Range(std::size_t{1}, std::size_t{256}));
  app.add_option("--max-connections-per-address", options.max_connections_per_address,
                 "further ones from the same address get 429; 0 is no limit")
      ->check(CLI::Range(std::size_t{0}, std::size_t{10'000'000}));
  app.add_option("--max-rooms", options.max_rooms, "whoever makes another one gets 503; 0 is no limit")
      ->check(CLI::Range(std::size_t{0}, std::size_t{100'000'000}));
  app.add_option("--max-rooms-per-client", options.max_rooms_per_client,
                 "who has made as many from one address gets 429; 0 is no limit")
      ->check(CLI::Range(std::size_t{0}, std::size_t{100'000'000}));
  app.add_option(
         "--publish-rate", options.publish_rate,
         "messages a second over one connection, and at once as many; more get 429, or an error; 0 is no limit")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--heartbeat", heartbeat, "seconds of silence until a comment or a ping")
      ->check(CLI::Range(0.05, 3600.0));
  app.add_option("--tick", tick,
                 "publish a numbered message to the room \"lobby\" every so many seconds; 0 does not")
      ->check(CLI::Range(0.0, 86400.0));
  app.add_option("--allow-origin", options.allow_origin,
                 "a foreign origin whose pages may use this server; may be repeated")
      ->check(CLI::Validator(check_origin, "ORIGIN"));
  app.add_option("--echo-max", options.echo_max,
                 "bytes of a WebSocket message at GET /echo; 0 is --max-message")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 26));
  app.add_flag("--deflate", options.deflate,
               "permessage-deflate at GET /echo, for clients that offer it; a feed is never compressed");
  app.add_option(
         "--data", options.data,
         "a directory that keeps what is said across restarts, made if it is not there; without it all is in memory")
      ->check(CLI::Validator(check_directory, "DIR"));
  app.add_option("--trusted-proxy", options.trusted_proxy,
                 "the address of a proxy whose X-Forwarded-For and -Proto are believed; may be repeated")
      ->check(CLI::Validator(check_address, "ADDRESS"));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (images->count() > 0) options.max_images = max_images;
  options.heartbeat = std::chrono::milliseconds(static_cast<std::int64_t>(heartbeat * 1000));
  options.tick = std::chrono::milliseconds(static_cast<std::int64_t>(tick * 1000));
  return options;
}

}  // namespace feed
