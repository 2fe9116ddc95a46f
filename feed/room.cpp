#include "feed/room.hpp"

#include "feed/group_commit.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>

namespace feed {
namespace {

// A flush is posted again until a whole turn of the loop has brought nothing new, so that what a busy publisher sends
// gathers into one write per reader. A lone message waits for one turn of the loop; a flood for this many at most.
constexpr int longest_gathering = 64;

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Room::Room(std::string name, std::string epoch, HistoryLimits limits, net::any_io_executor executor,
           Counters& counters, GroupCommit* commit, Seq first)
    : name_(std::move(name)),
      log_(std::move(epoch), limits, first),
      bell_(executor),
      executor_(std::move(executor)),
      counters_(counters),
      commit_(commit),
      kept_from_(first) {}

Publication Room::publish(Draft draft) {
  if (commit_) return commit_->add(*this, std::move(draft), now_ms());
  return Publication(append(encode(numbered(std::move(draft), log_.last() + 1, now_ms()))));
}

Cursor Room::append(std::string json) {
  const Cursor cursor = log_.append(std::move(json));
  prepared_.clear();
  for (const auto& encoded : tapes_) {
    encoded->tape.append(encoded->encoder(cursor, log_.at(cursor.seq)));
    encoded->tape.forget(log_.first() - 1);
  }
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
    : executor_(std::move(executor)), limits_(limits), epoch_(make_epoch()) {}

void Rooms::restore(const Kept& message) {
  Room* room = find(message.room);
  if (!room) room = &make(message.room, message.seq);
  room->log_.append(std::string(message.json));
}

void Rooms::keep(GroupCommit& commit) {
  commit_ = &commit;
  for (const auto& [name, room] : rooms_) room->commit_ = &commit;
}

Room& Rooms::open(std::string_view name) {
  if (Room* room = find(name)) return *room;
  return make(name, 1);
}

Room& Rooms::make(std::string_view name, Seq first) {
  auto room =
      std::make_unique<Room>(std::string(name), epoch_, limits_, executor_, counters_, commit_, first);
  if (closed_) room->close();
  return *rooms_.emplace(std::string(name), std::move(room)).first->second;
}

Room* Rooms::find(std::string_view name) const {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : found->second.get();
}

void Rooms::close() {
  closed_ = true;
  for (const auto& [name, room] : rooms_) room->close();
}

}  // namespace feed
