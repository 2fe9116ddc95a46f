#pragma once
// How the bare readers of each arm talk, ours and the peers': the literal bytes that they say, and what they look for in what they hear. Pure.

#include "bench/http_answer.hpp"
#include "feed/client.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace bench {

struct Dialect {
  enum class Way {
    streams,  ///< asks once
    polls,    ///< asks again and again
    waits,    ///< asks again as soon as it was answered, and is answered when there is something
  };
  Way way = Way::streams;

  // Who streams.
  std::string greeting;    ///< what it says when it is connected
  std::string cue, reply;  ///< when that has come, it says this, once; empty where it has nothing more to say
  std::string begins;      ///< its feed has begun when that has come

  // Who polls or waits. A position is whatever the server calls it.
  std::string position = {};  ///< before the first answer
  std::function<std::string(std::string_view position)> ask = {};
  std::function<std::string(const HttpAnswer&)> next =
      {};  ///< the position behind that answer; empty: it is where it was
};

/// Of a reader of that room, from its first message on. `epoch`: of the room, for the arm poll alone. Throws std::invalid_argument where no bare reader
/// speaks for the arm.
Dialect dialect_of(std::string_view arm, const feed::Address& room, std::string_view epoch);

}  // namespace bench
