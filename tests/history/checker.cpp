#include "history/checker.hpp"

#include <algorithm>
#include <utility>

namespace history {
namespace {

constexpr std::size_t most_faults = 100;  // that are told in words; all are counted

using feed::Cursor;
using feed::Seq;

std::string name_of(const std::string& client, const std::string& room) {
  return client + " in \"" + room + '"';
}

std::string shown(const std::string& text) {
  return feed::quote(text.size() <= 60 ? text : feed::valid_utf8(text.substr(0, 60)) + "…");
}

std::string shown(const feed::Message& message) {
  return shown(message.text) + " by " + shown(message.author) + ", at " + std::to_string(message.at_ms);
}

std::string places(const std::string& epoch, Seq from, Seq to) {
  const std::string first = to_string(Cursor{epoch, from});
  return from == to ? first : first + " to " + to_string(Cursor{epoch, to});
}

bool holds(const std::map<Seq, Seq>& ranges, Seq seq) {
  auto behind = ranges.upper_bound(seq);
  return behind != ranges.begin() && std::prev(behind)->second >= seq;
}

void remove(std::map<Seq, Seq>& ranges, Seq seq) {
  const auto range = std::prev(ranges.upper_bound(seq));
  const auto [from, to] = *range;
  ranges.erase(range);
  if (from < seq) ranges.emplace(from, seq - 1);
  if (seq < to) ranges.emplace(seq + 1, to);
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::lost:
      return "lost";
    case Kind::doubled:
      return "doubled";
    case Kind::reordered:
      return "reordered";
    case Kind::invented:
      return "invented";
    case Kind::contradicting:
      return "contradicting";
    case Kind::unsaid:
      return "unsaid";
    case Kind::ended:
      return "ended";
    case Kind::malformed:
      break;
  }
  return "malformed";
}

std::string summary(const Report& report) {
  std::string out = std::to_string(report.published) + " published, " + std::to_string(report.acknowledged) +
                    " acknowledged, " + std::to_string(report.unanswered) + " unanswered; " +
                    std::to_string(report.readers) + " readers, " + std::to_string(report.delivered) +
                    " delivered, " + std::to_string(report.reconnects) + " reconnects, " +
                    std::to_string(report.gaps) + " gaps of " + std::to_string(report.missed) + " messages; ";
  if (report.is_silent()) return out + "nothing is wrong\n";
  std::string counts;
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    if (report.count[kind] == 0) continue;
    counts += (counts.empty() ? "" : ", ") + std::to_string(report.count[kind]) + ' ' +
              std::string(to_string(static_cast<Kind>(kind)));
  }
  out += counts + '\n';
  for (const Fault& fault : report.faults)
    out += std::string(to_string(fault.kind)) + ": " + fault.text + '\n';
  return out;
}

void Checker::add(Kind kind, std::string text) {
  ++report_.count[static_cast<std::size_t>(kind)];
  if (report_.faults.size() < most_faults) report_.faults.push_back({kind, std::move(text)});
}

Checker::Log& Checker::log(const std::string& room, const std::string& epoch, std::int64_t at_us) {
  const auto [found, is_new] = rooms_[room].logs.try_emplace(epoch);
  Log& log = found->second;
  log.first_seen_us = is_new ? at_us : std::min(log.first_seen_us, at_us);
  return log;
}

void Checker::take(const feed::Record& record) {
  std::visit([&](const auto& what) { take(record, what); }, record.what);
}

// --- reading ----------------------------------------------------------------------------------------------------------

void Checker::take(const feed::Record& record, const feed::Follows& what) {
  Reader& reader = readers_[{record.client, record.room}];
  if (reader.follows && !reader.is_closed)
    add(Kind::malformed, name_of(record.client, record.room) + " follows twice at once");
  close_holes(name_of(record.client, record.room), reader);
  reader = {};
  reader.asked = what.after;
  reader.follows = true;
}

void Checker::take(const feed::Record& record, const feed::Told& what) {
  const std::string who = name_of(record.client, record.room);
  Reader& reader = readers_[{record.client, record.room}];
  if (!reader.follows) return add(Kind::malformed, who + " was told where its feed begins before it asked");
  const Cursor& begin = what.hello.cursor;
  log(record.room, begin.epoch, record.at_us);

  const bool named_a_place = reader.at || reader.asked.kind == feed::After::Kind::cursor;
  const Cursor was = reader.at.value_or(reader.asked.cursor);
  if (what.hello.gap) {
    ++report_.gaps;
    report_.missed += what.hello.gap->missed.value_or(0);
    if (named_a_place) check_gap(who, reader, what.hello);
  } else if (named_a_place && begin != was) {
    add(Kind::unsaid,
        who + " was at " + to_string(was) + ", and goes on at " + to_string(begin) + " without a gap");
  }

  if (!reader.at || reader.at->epoch != begin.epoch) {
    close_holes(who, reader);
    reader.skipped.clear();
    if (begin.seq > 0) reader.skipped.emplace(1, begin.seq);
    reader.epochs.push_back(begin.epoch);
  } else if (begin.seq > reader.at->seq) {
    reader.skipped.emplace(reader.at->seq + 1, begin.seq);
  }
  reader.at = begin;
}

void Checker::check_gap(const std::string& who, const Reader& reader, const feed::Hello& hello) {
  const Cursor was = reader.at.value_or(reader.asked.cursor);
  const feed::Gap& gap = *hello.gap;
  const std::string told = who + " was at " + to_string(was) + " and goes on at " + to_string(hello.cursor) +
                           ", told as a gap (" + std::string(to_string(gap.reason)) + "): ";
  if (hello.cursor.epoch != was.epoch) {
    if (gap.reason != feed::Gap::Reason::epoch) {
      add(Kind::unsaid, told + "the epoch is another one, and the reason does not say so");
    } else if (rules_.is_kept && reader.at) {
      add(Kind::lost, told + "an epoch ended, although the server keeps its messages");
    }
    return;
  }
  switch (gap.reason) {
    case feed::Gap::Reason::epoch:
      return add(Kind::unsaid, told + "the epoch is the same");
    case feed::Gap::Reason::unknown:
      // Fair enough where the client made the cursor up; but this one the server had given it.
      if (reader.at) add(Kind::contradicting, told + "the log ended before what it had given out");
      return;
    case feed::Gap::Reason::forgotten:
      break;
  }
  if (hello.cursor.seq < was.seq) return add(Kind::unsaid, told + "that is back, and no gap");
  const Seq missed = hello.cursor.seq - was.seq;
  if (!gap.missed) {
    add(Kind::unsaid, told + std::to_string(missed) + " messages were missed, and no number was told");
  } else if (*gap.missed != missed) {
    add(Kind::unsaid, told + std::to_string(missed) + " messages were missed, and " +
                          std::to_string(*gap.missed) + " were told");
  }
}

void Checker::take(const feed::Record& record, const feed::Received& what) {
  ++report_.delivered;
  const Cursor got{what.epoch, what.message.seq};
  Reader& reader = readers_[{record.client, record.room}];
  if (!reader.at || reader.is_closed) {
    return add(Kind::malformed, name_of(record.client, record.room) + " got " + to_string(got) +
                                    (reader.is_closed ? " after its end" : " before its feed began"));
  }
  Place& place = log(record.room, what.epoch, record.at_us).places[what.message.seq];
  if (!place.message) {
    place.message = what.message;
    place.reader = record.client;
  } else if (*place.message != what.message) {
    add(Kind::contradicting, to_string(got) + " in \"" + record.room + "\" is " + shown(what.message) +
                                 " for " + record.client + ", and " + shown(*place.message) + " for " +
                                 place.reader);
  }
  check_place(name_of(record.client, record.room), reader, got);
}

void Checker::check_place(const std::string& who, Reader& reader, const Cursor& got) {
  Cursor& at = *reader.at;
  if (got.epoch != at.epoch) {
    return add(Kind::unsaid, who + " was at " + to_string(at) + " and got " + to_string(got) +
                                 ": the epoch changed without a gap");
  }
  if (got.seq > at.seq) {
    if (got.seq > at.seq + 1) reader.holes.emplace(at.seq + 1, got.seq - 1);
    at.seq = got.seq;
    return;
  }
  const std::string late = who + " got " + to_string(got) + " after " + to_string(at);
  if (holds(reader.holes, got.seq)) {
    remove(reader.holes, got.seq);
    add(Kind::reordered, late);
  } else if (holds(reader.skipped, got.seq)) {
    add(Kind::reordered, late + ", from before its feed began or out of a gap");
  } else {
    add(Kind::doubled, late + ", for the second time");
  }
}

void Checker::close_holes(const std::string& who, Reader& reader) {
  for (const auto& [from, to] : reader.holes) {
    add(Kind::lost,
        who + " did not get " + places(reader.at->epoch, from, to) + ", and was told of no gap there");
  }
  reader.holes.clear();
}

void Checker::take(const feed::Record&, const feed::Lost&) { ++report_.reconnects; }

void Checker::take(const feed::Record& record, const feed::Closed& what) {
  Reader& reader = readers_[{record.client, record.room}];
  reader.is_closed = true;
  if (!what.reason.empty())
    add(Kind::ended, name_of(record.client, record.room) + " could not go on: " + what.reason);
}

// --- publishing -------------------------------------------------------------------------------------------------------

void Checker::take(const feed::Record& record, const feed::Publishes& what) {
  ++report_.published;
  const bool is_new =
      by_id_.emplace(std::pair(Name(record.client, record.room), what.id), publishes_.size()).second;
  if (!is_new) {
    return add(Kind::malformed, name_of(record.client, record.room) + " publishes " +
                                    std::to_string(what.id) + " twice, expected a new id");
  }
  Publish& publish = publishes_.emplace_back();
  publish.client = record.client;
  publish.room = record.room;
  publish.author = what.author;
  publish.text = what.text;
  publish.began_us = record.at_us;
}

Checker::Publish* Checker::publish(const feed::Record& record, std::uint64_t id, Outcome outcome) {
  const auto found = by_id_.find({{record.client, record.room}, id});
  if (found == by_id_.end() || publishes_[found->second].outcome != Outcome::pending) {
    add(Kind::malformed, name_of(record.client, record.room) + " got an answer to " + std::to_string(id) +
                             (found == by_id_.end() ? ", which it did not publish" : " twice"));
    return nullptr;
  }
  Publish& publish = publishes_[found->second];
  publish.outcome = outcome;
  publish.ended_us = record.at_us;
  return &publish;
}

void Checker::take(const feed::Record& record, const feed::Acknowledged& what) {
  ++report_.acknowledged;
  Publish* const published = publish(record, what.id, Outcome::acknowledged);
  if (!published) return;
  published->cursor = what.cursor;
  Place& place = log(record.room, what.cursor.epoch, record.at_us).places[what.cursor.seq];
  if (place.publish) {
    const Publish& other = publishes_[*place.publish];
    add(Kind::contradicting, to_string(what.cursor) + " in \"" + record.room + "\" was given to " +
                                 shown(published->text) + " by " + published->client + ", and to " +
                                 shown(other.text) + " by " + other.client);
    return;
  }
  place.publish = static_cast<std::size_t>(published - publishes_.data());
}

void Checker::take(const feed::Record& record, const feed::Refused& what) {
  if (Publish* const refused = publish(record, what.id, Outcome::refused)) refused->reason = what.reason;
}

void Checker::take(const feed::Record& record, const feed::Unanswered& what) {
  ++report_.unanswered;
  publish(record, what.id, Outcome::unanswered);
}

// --- what the whole shows ---------------------------------------------------------------------------------------------

Report Checker::finish() {
  for (std::size_t n = 0; n < publishes_.size(); ++n)
    by_text_.emplace(std::pair(publishes_[n].room, publishes_[n].text), n);
  // First what is known, so that the rest has only what is left to be taken for.
  for (const auto& [name, room] : rooms_) {
    for (const auto& [epoch, log] : room.logs) {
      for (const auto& [seq, place] : log.places)
        if (place.publish) match_acknowledged(name, {epoch, seq}, place);
      check_publish_order(name, epoch, log);
    }
  }
  for (const auto& [name, room] : rooms_) {
    for (const auto& [epoch, log] : room.logs) {
      for (const auto& [seq, place] : log.places)
        if (!place.publish) match(name, {epoch, seq}, place);
    }
  }
  for (auto& [name, reader] : readers_) {
    if (!reader.follows) continue;
    ++report_.readers;
    close_holes(name_of(name.first, name.second), reader);
    check_end(name, reader);
  }
  return std::move(report_);
}

void Checker::match_acknowledged(const std::string& room, const Cursor& at, const Place& place) {
  Publish& published = publishes_[*place.publish];
  published.is_matched = true;
  if (!place.message) return;  // nobody read it; whether somebody should have, check_end() says
  const bool is_same = place.message->text == published.text &&
                       (published.author.empty() || place.message->author == published.author);
  if (is_same) return;
  add(Kind::contradicting, to_string(at) + " in \"" + room + "\" was given to " + shown(published.text) +
                               " by " + published.client + ", and is " + shown(*place.message) + " for " +
                               place.reader);
}

// A message that no acknowledgement names: one that was published without an answer.
void Checker::match(const std::string& room, const Cursor& at, const Place& place) {
  const auto [begin, end] = by_text_.equal_range({room, place.message->text});
  const Publish* refused = nullptr;
  const Publish* taken = nullptr;
  for (auto candidate = begin; candidate != end; ++candidate) {
    Publish& published = publishes_[candidate->second];
    if (!published.author.empty() && published.author != place.message->author) continue;
    if (published.is_matched) {
      taken = &published;
    } else if (published.outcome == Outcome::refused) {
      refused = &published;
    } else {
      published.is_matched = true;
      published.cursor = at;
      return;
    }
  }
  if (rules_.others_publish) return;
  const std::string what = to_string(at) + " in \"" + room + "\", " + shown(*place.message) + ", ";
  if (taken) {
    add(Kind::doubled,
        what + "was published by " + taken->client + " and is at " + to_string(taken->cursor) + " already");
  } else if (refused) {
    add(Kind::invented,
        what + "is in the log, although it was refused to " + refused->client + " (" + refused->reason + ')');
  } else {
    add(Kind::invented, what + "was published by nobody");
  }
}

// What was published after the acknowledgement of something else stands behind it.
void Checker::check_publish_order(const std::string& room, const std::string& epoch, const Log& log) {
  const Publish* latest = nullptr;  // to begin, of those so far
  for (const auto& [seq, place] : log.places) {
    if (!place.publish) continue;
    const Publish& published = publishes_[*place.publish];
    if (latest && published.ended_us < latest->began_us) {
      add(Kind::reordered, shown(published.text) + " by " + published.client + " in \"" + room +
                               "\" was acknowledged before " + shown(latest->text) + " by " + latest->client +
                               " was published, and stands behind it: " + to_string(Cursor{epoch, seq}) +
                               " and " + to_string(latest->cursor));
    }
    if (!latest || published.began_us > latest->began_us) latest = &published;
  }
}

// Who was there to the end has everything up to the end.
void Checker::check_end(const Name& name, const Reader& reader) {
  if (reader.is_closed) return;
  const std::string who = name_of(name.first, name.second);
  const auto room = rooms_.find(name.second);
  if (room == rooms_.end()) return;  // nothing was ever said there
  for (const auto& [epoch, log] : room->second.logs) {
    if (log.places.empty()) continue;
    const Seq last = log.places.rbegin()->first;
    const auto end = [&, &epoch = epoch] { return to_string(Cursor{epoch, last}); };
    if (!reader.at) {
      add(Kind::lost, who + " was there to the end and was told nothing, although " + end() + " was said");
    } else if (reader.at->epoch == epoch) {
      if (reader.at->seq < last) {
        add(Kind::lost,
            who + " was there to the end and did not get " + places(epoch, reader.at->seq + 1, last));
      }
    } else if (std::find(reader.epochs.begin(), reader.epochs.end(), epoch) == reader.epochs.end()) {
      const Log& own = room->second.logs.at(reader.at->epoch);
      if (log.first_seen_us > own.first_seen_us) {
        add(Kind::lost, who + " was there to the end and knows nothing of " + end() + ", only of " +
                            to_string(*reader.at));
      }
    }
  }
}

}  // namespace history
