#include "feed/room.hpp"

#include "feed/group_commit.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace feed {
namespace {

// A flush is posted again until a whole turn of the loop has brought nothing new, so that what a busy publisher sends
// gathers into one write per reader. A lone message waits for one turn of the loop; a flood for this many at most.
constexpr int longest_gathering = 64;

// All readers of a server that stops are told within this time, so many at a time; a few at once.
constexpr std::chrono::milliseconds longest_goodbyes{3000};
constexpr std::chrono::milliseconds goodbye_interval{20};
constexpr std::size_t few_goodbyes = 10;

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Counters& Counters::operator+=(const Counters& other) {
  connections += other.connections;
  readers += other.readers;
  accepted += other.accepted;
  requests += other.requests;
  published += other.published;
  delivered += other.delivered;
  refused += other.refused;
  gaps += other.gaps;
  traffic.in += other.traffic.in;
  traffic.out += other.traffic.out;
  return *this;
}

Room::Room(std::string name, std::string epoch, HistoryLimits limits, net::any_io_executor executor,
           Counters& counters, GroupCommit* commit, Seq first)
    : name_(std::move(name)),
      log_(std::move(epoch), limits, first),
      bell_(executor),
      executor_(std::move(executor)),
      counters_(counters),
      commit_(commit),
      oldest_(first),
      kept_from_(first) {}

Publication Room::publish(Draft draft) {
  spoken_ = true;
  if (commit_) return commit_->add(*this, std::move(draft), now_ms());
  // In memory alone nobody would hear it: the readers are leaving.
  if (closed_) return Publication(Error{Errc::refused, "the server stops, and takes no more messages", 503});
  return Publication(append(encode(numbered(std::move(draft), log_.last() + 1, now_ms()))));
}

Cursor Room::append(std::string json) {
  const Cursor cursor = log_.append(std::move(json));
  for (const auto& encoded : tapes_) {
    encoded->tape.append(encoded->encoder(cursor, log_.at(cursor.seq)));
    encoded->tape.forget(log_.first() - 1);
  }
  oldest_.store(log_.first(), std::memory_order_relaxed);
  ++counters_.published;
  if (!flush_posted_ && bell_.anybody()) {
    flush_posted_ = true;
    gathered_ = 0;
    gathering_ = 0;
    net::post(executor_, [this] { flush(); });
  }
  return cursor;
}

void Room::flush() {
  if (log_.last() != gathered_ && ++gathering_ < longest_gathering) {
    gathered_ = log_.last();
    net::post(executor_, [this] { flush(); });
    return;
  }
  flush_posted_ = false;
  bell_.ring();
}

void Room::close() {
  closed_ = true;
  bell_.ring();
}

const Tape& Room::tape(Encoder encoder) {
  if (encoder == as_json) return log_.json();
  for (const auto& encoded : tapes_) {
    if (encoded->encoder == encoder) return encoded->tape;
  }
  auto& made = *tapes_.emplace_back(std::make_unique<Encoded>(Encoded{encoder, Tape(log_.first())}));
  for (Seq seq = log_.first(); seq <= log_.last(); ++seq)
    made.tape.append(encoder({log_.epoch(), seq}, log_.at(seq)));
  return made.tape;
}

Reader::Reader(Room& room, Encoder encoder, const After& after)
    : room_(room), tape_(room.tape(encoder)), hello_(room.log_.locate(after)), position_(hello_.cursor.seq) {
  ++room_.readers_;
  ++room_.counters_.readers;
  if (hello_.gap) ++room_.counters_.gaps;
}

Reader::~Reader() {
  --room_.readers_;
  --room_.counters_.readers;
  if (room_.readers_ == 0 && !room_.spoken_ && room_.rooms_) room_.rooms_->let_go(room_);
}

News Reader::ready(std::size_t limit) {
  News news;
  if (position_ + 1 < tape_.first()) {
    news.gap = room_.log_.resume(position_);
    position_ = news.gap->cursor.seq;
    ++room_.counters_.gaps;
  }
  news.frames = tape_.read(position_, limit);
  if (news.frames.count > 0) position_ = news.frames.last;
  room_.counters_.delivered += news.frames.count;
  return news;
}

Result<News> Reader::woken(Wake why, std::size_t limit) {
  if (why == Wake::due) return Error{Errc::timed_out, "nothing new"};
  if (left_) return Error{Errc::left, "the reader left"};
  if (position_ < tape_.last()) return ready(limit);
  return Error{Errc::closed, "the room closed"};
}

void Reader::leave() {
  left_ = true;
  waiter_.wake();
}

Rooms::Rooms(net::any_io_executor executor, HistoryLimits limits)
    : Rooms(std::vector<net::any_io_executor>{std::move(executor)}, limits) {}

Rooms::Rooms(const std::vector<net::any_io_executor>& threads, HistoryLimits limits, RoomLimits most)
    : limits_(limits),
      most_(most),
      made_by_(most.rooms_per_client),
      epoch_(make_epoch()),
      parts_(threads.begin(), threads.end()) {}

// FNV-1a. Not std::hash: its lowest bits are as good as thrown dice, of which 16 seldom show each of two sides 8 times. These tell
// names that count up apart, room-1 and room-2, and so spread them evenly over 2 or 4 threads.
std::size_t Rooms::thread_of(std::string_view room) const {
  if (parts_.size() == 1) return 0;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : room) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash % parts_.size();
}

void Rooms::restore(const Kept& message) {
  Room* room = find(message.room);
  if (!room) room = &make(message.room, message.seq);
  room->spoken_ = true;
  room->log_.append(std::string(message.json));
  room->oldest_.store(room->log_.first(), std::memory_order_relaxed);
}

void Rooms::keep(GroupCommit& commit, std::size_t thread) {
  parts_[thread].commit = &commit;
  for (const auto& [name, room] : parts_[thread].rooms) room->commit_ = &commit;
}

Room& Rooms::open(std::string_view name) {
  if (Room* room = find(name)) return *room;
  return make(name, 1);
}

Result<Room*> Rooms::open(std::string_view name, const net::ip::address& who) {
  if (Room* room = find(name)) return room;
  if (most_.rooms > 0 && count_ >= most_.rooms) {
    return Error{Errc::refused,
                 "there are " + std::to_string(most_.rooms) + " rooms already, the limit of --max-rooms",
                 503};
  }
  if (!made_by_.take(who)) {
    return Error{Errc::refused,
                 "this client has made " + std::to_string(most_.rooms_per_client) +
                     " rooms already, the limit of --max-rooms-per-client",
                 429};
  }
  Room& room = make(name, 1);
  room.made_by_ = who;
  return &room;
}

// Not at once: whoever rang the bell, or whose time was up, is still in the midst of it.
void Rooms::let_go(const Room& room) {
  Part& part = part_of(room.name_);
  net::post(part.executor, [this, &part, name = room.name_] {
    const auto found = part.rooms.find(name);
    if (part.closed || found == part.rooms.end()) return;
    const Room& unspoken = *found->second;
    if (unspoken.spoken_ || unspoken.readers_ > 0) return;
    if (unspoken.made_by_) made_by_.give_back(*unspoken.made_by_);
    --count_;
    part.rooms.erase(found);
  });
}

Room& Rooms::make(std::string_view name, Seq first) {
  Part& part = part_of(name);
  auto room = std::make_unique<Room>(std::string(name), epoch_, limits_, part.executor, part.counters,
                                     part.commit, first);
  room->rooms_ = this;
  ++count_;
  if (part.closed) room->close();
  return *part.rooms.emplace(std::string(name), std::move(room)).first->second;
}

Room* Rooms::find(std::string_view name) const {
  const ByName& rooms = all(thread_of(name));
  const auto found = rooms.find(name);
  return found == rooms.end() ? nullptr : found->second.get();
}

void Rooms::close(std::size_t thread) {
  Part& part = parts_[thread];
  part.closed = true;
  std::size_t readers = 0;
  for (const auto& [name, room] : part.rooms) {
    room->closed_ = true;
    readers += room->readers_;
  }
  part.goodbyes =
      std::max<std::size_t>(few_goodbyes, readers * goodbye_interval.count() / longest_goodbyes.count());
  say_goodbye(part);
}

void Rooms::say_goodbye(Part& part) {
  std::size_t left = part.goodbyes;
  for (const auto& [name, room] : part.rooms) {
    left -= room->bell_.ring(left);
    if (left == 0) break;
  }
  if (left > 0) return;  // nobody waits any more
  part.goodbye.expires_after(goodbye_interval);
  part.goodbye.async_wait([this, &part](const boost::system::error_code& error) {
    if (!error) say_goodbye(part);
  });
}

}  // namespace feed
