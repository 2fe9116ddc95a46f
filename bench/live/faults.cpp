#include "bench/live/faults.hpp"

#include "feed/message.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string>
#include <utility>

namespace live {
namespace {

using What = Command::What;
constexpr std::pair<std::string_view, What> names[] = {{"cut", What::cut},     {"stall", What::stall},
                                                       {"delay", What::delay}, {"hold", What::hold},
                                                       {"idle", What::idle},   {"restart", What::restart}};

}  // namespace

feed::Result<Command> parse_command(std::string_view json) {
  const auto object = feed::parse_object(json);
  if (!object) return object.error();
  const auto* fault = object->if_contains("fault");
  const auto* on = object->if_contains("on");
  for (const auto& [name, what] : names) {
    if (!fault || !fault->is_string() || fault->get_string() != name) continue;
    const bool happens = what == What::cut || what == What::restart;
    if (happens && on) {
      return feed::invalid('"' + std::string(name) +
                           "\" happens once and is not switched on or off, expected no \"on\"");
    }
    if (!happens && (!on || !on->is_bool())) {
      return feed::invalid("\"on\" is " + (on ? boost::json::serialize(*on) : std::string("not there")) +
                           ", expected true or false");
    }
    return Command{what, !happens && on->get_bool()};
  }
  return feed::invalid("\"fault\" is " + (fault ? boost::json::serialize(*fault) : std::string("not there")) +
                       ", expected one of cut, stall, delay, hold, idle, restart");
}

Faults apply(const Command& command, Faults faults) {
  switch (command.what) {
    case What::stall:
      faults.stall = command.on;
      break;
    case What::delay:
      faults.delay = command.on;
      break;
    case What::hold:
      faults.hold = command.on;
      break;
    case What::idle:
      faults.idle = command.on;
      break;
    case What::cut:
    case What::restart:
      break;
  }
  return faults;
}

}  // namespace live
