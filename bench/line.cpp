#include "bench/line.hpp"

#include <fmt/format.h>

namespace bench {

feed::Address TwoSides::for_clients(std::uint16_t port) {
  return *feed::parse_address(fmt::format("http://{}:{}/rooms/bench", server_address, port));
}

std::map<std::string, std::string> TwoSides::settings() const {
  const Inside inside(server_.fd());
  return settings_here();
}

}  // namespace bench
