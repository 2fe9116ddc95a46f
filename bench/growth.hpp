#pragma once
// What the experiments share that ask how a delivery's cost grows: so many readers in so many rooms, and one publisher who goes from room
// to room.

#include "bench/experiment.hpp"
#include "bench/sink.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

struct Growth {
  std::string arm;
  std::size_t rooms, readers;          ///< readers: in all rooms together
  std::size_t payload;                 ///< bytes
  std::chrono::milliseconds interval;  ///< of poll: its readers have to be answered within
  std::size_t messages;                ///< in each room, one after the other
  std::size_t burst = 0;               ///< in each room, then, all at once
};

/// Its server.
Serving serving(const Growth& growth);

/// The readers and the publisher, on one server. One thread.
class Crowd {
 public:
  /// `messages`: how many there will be in each room. `growth` has to outlive it.
  Crowd(Site& site, const Growth& growth, std::size_t messages, std::uint64_t seed);

  /// A message in each room, and the next ones when everybody has these, until there are `until` in each. False where one did not come within
  /// `patience`.
  bool say(std::size_t until, std::chrono::seconds patience);

  Sink& sink() { return *sink_; }
  PostOutlet& outlet() { return *outlet_; }

 private:
  std::vector<feed::Address> rooms(const feed::Address& first) const;

  const Growth& growth_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<PostOutlet> outlet_;
  std::size_t said_ = 0;
};

/// Its gates.
void judge(Run& run, bool complete, const Sink& sink);

/// A cell called EXPERIMENT/ARM/rooms:1/readers:100/payload:16.
Cell cell_of(const std::string& experiment, const Growth& growth);

/// Calls function(rooms, readers, payload): one thing grows at a time.
template <class Function>
void for_each_growth(Function function) {
  for (const std::size_t rooms : {1, 10, 100}) function(rooms, std::size_t{1000}, std::size_t{100});
  for (const std::size_t payload : {16, 256, 4096, 65536})
    function(std::size_t{1}, std::size_t{100}, payload);
}

}  // namespace bench
