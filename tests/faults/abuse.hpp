#pragma once
// Things that clients do to a server, small enough to be mixed.

#include <cstdint>
#include <random>

namespace faults {

/// So many connections, `rate` a second, that say something or a part of it; a random half is reset, the others end properly.
void come_and_go(std::uint16_t port, int count, int rate, std::mt19937_64& random);

/// A few readers that never read, while 5 MB are said in their room; then they are gone.
void stall_for_a_while(std::uint16_t port, int readers, std::mt19937_64& random);

/// Requests and frames that are not what they should be, each on a connection of its own; what is answered does not matter.
void talk_nonsense(std::uint16_t port, int times, std::mt19937_64& random);

/// Pings and fragments in numbers that no honest client sends, whose answers nobody reads.
void flood_with_frames(std::uint16_t port, int frames, std::mt19937_64& random);

}  // namespace faults
