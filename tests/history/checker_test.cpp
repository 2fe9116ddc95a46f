// A checker that finds nothing proves nothing: each fault is planted here, and has to be found as what it is, and alone.
#include "history/checker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace history {
namespace {

using feed::After;
using feed::Cursor;
using feed::Gap;
using feed::Seq;
using testing::HasSubstr;

Cursor at(const std::string& cursor) { return feed::parse_cursor(cursor).value(); }

// Histories as clients would write them, one happening a microsecond. All in the room "lobby"; the author is the publisher.
class Story {
 public:
  explicit Story(Rules rules = {}) : checker_(rules) {}

  Story& follows(const std::string& who, After after = {}) { return happens(who, feed::Follows{after}); }
  Story& hello(const std::string& who, const std::string& cursor, std::optional<Gap> gap = {}) {
    epochs_[who] = at(cursor).epoch;
    return happens(who, feed::Told{{at(cursor), gap}});
  }
  Story& gap(const std::string& who, const std::string& cursor, Gap::Reason reason,
             std::optional<Seq> missed = {}) {
    return hello(who, cursor, Gap{reason, missed});
  }
  Story& gets(const std::string& who, Seq seq, const std::string& text, const std::string& author = "ada") {
    return happens(who, feed::Received{epochs_[who], {seq, 1763780000000, author, text}});
  }
  Story& loses(const std::string& who) { return happens(who, feed::Lost{"end of stream"}); }
  Story& closes(const std::string& who, const std::string& reason = {}) {
    return happens(who, feed::Closed{reason});
  }
  Story& begins(const std::string& who, std::uint64_t id, const std::string& text) {
    return happens(who, feed::Publishes{id, who, text});
  }
  Story& acknowledged(const std::string& who, std::uint64_t id, const std::string& cursor) {
    return happens(who, feed::Acknowledged{id, at(cursor)});
  }
  Story& refused(const std::string& who, std::uint64_t id) {
    return happens(who, feed::Refused{id, "status 413"});
  }
  Story& unanswered(const std::string& who, std::uint64_t id) {
    return happens(who, feed::Unanswered{id, "end of stream"});
  }
  Story& publishes(const std::string& who, std::uint64_t id, const std::string& text,
                   const std::string& cursor) {
    return begins(who, id, text).acknowledged(who, id, cursor);
  }
  Story& happens(const std::string& who, decltype(feed::Record::what) what) {
    const feed::Record record{who, "lobby", ++now_us_, std::move(what)};
    // As it would be read from a file.
    checker_.take(feed::parse_record(feed::encode(record)).value());
    return *this;
  }

  Report end() { return checker_.finish(); }

 private:
  Checker checker_;
  std::map<std::string, std::string> epochs_;
  std::int64_t now_us_ = 0;
};

// "1 lost, 2 doubled"; "" where nothing is wrong.
std::string found(const Report& report) {
  std::string out;
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    if (report.count[kind] == 0) continue;
    out += (out.empty() ? "" : ", ") + std::to_string(report.count[kind]) + ' ' +
           std::string(to_string(static_cast<Kind>(kind)));
  }
  return out;
}

// One that reads, and ada who says three things that it gets.
Story chat(Rules rules = {}) {
  Story story(rules);
  story.follows("bob").hello("bob", "k3f9.0");
  story.publishes("ada", 1, "one", "k3f9.1").gets("bob", 1, "one");
  story.publishes("ada", 2, "two", "k3f9.2").gets("bob", 2, "two");
  story.publishes("ada", 3, "three", "k3f9.3").gets("bob", 3, "three");
  return story;
}

// --- what is right ----------------------------------------------------------------------------------------------------

TEST(Checker, FindsNothingInAChat) {
  const Report report = chat().end();
  EXPECT_EQ(found(report), "");
  EXPECT_TRUE(report.is_silent());
  EXPECT_EQ(report.readers, 1u);
  EXPECT_EQ(report.published, 3u);
  EXPECT_EQ(report.acknowledged, 3u);
  EXPECT_EQ(report.delivered, 3u);
  EXPECT_THAT(summary(report), HasSubstr("nothing is wrong"));
}

TEST(Checker, FindsNothingWhereNothingHappened) { EXPECT_EQ(found(Checker().finish()), ""); }

TEST(Checker, TakesAReconnectThatGoesOnWhereItWas) {
  Story story = chat();
  story.loses("bob").hello("bob", "k3f9.3").publishes("ada", 4, "four", "k3f9.4").gets("bob", 4, "four");
  const Report report = story.end();
  EXPECT_EQ(found(report), "");
  EXPECT_EQ(report.reconnects, 1u);
}

TEST(Checker, TakesAMessageThatComesBeforeItsAcknowledgement) {
  Story story = chat();
  story.begins("ada", 4, "four").gets("bob", 4, "four").acknowledged("ada", 4, "k3f9.4");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, TakesWhatALogHasForgottenWhereTheNumberIsTold) {
  Story story = chat();
  story.loses("bob");
  for (const std::string n : {"4", "5", "6"})
    story.publishes("ada", std::stoull(n), "text " + n, "k3f9." + n);
  story.gap("bob", "k3f9.5", Gap::Reason::forgotten, 2).gets("bob", 6, "text 6");
  const Report report = story.end();
  EXPECT_EQ(found(report), "");
  EXPECT_EQ(report.gaps, 1u);
  EXPECT_EQ(report.missed, 2u);
}

TEST(Checker, TakesANewEpochThatIsTold) {
  Story story = chat();
  story.publishes("ada", 4, "four", "k3f9.4").loses("bob");  // it is lost with the log
  story.gap("bob", "m7x2.0", Gap::Reason::epoch);
  story.publishes("ada", 5, "five", "m7x2.1").gets("bob", 1, "five");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, TakesANewEpochThatBeginsWithMessagesThatWereForgottenAlready) {
  Story story = chat();
  story.loses("bob");
  for (const std::string n : {"1", "2", "3"})
    story.publishes("ada", 3 + std::stoull(n), "text " + n, "m7x2." + n);
  story.gap("bob", "m7x2.2", Gap::Reason::epoch).gets("bob", 3, "text 3");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, TakesReadersThatBeginAnywhere) {
  Story story = chat();
  story.follows("all")
      .hello("all", "k3f9.1")
      .gets("all", 2, "two")
      .gets("all", 3, "three");  // 1 is forgotten
  story.follows("late", After::latest()).hello("late", "k3f9.3");
  story.follows("from", After::at(at("k3f9.2"))).hello("from", "k3f9.2").gets("from", 3, "three");
  story.follows("ahead", After::at(at("k3f9.9"))).gap("ahead", "k3f9.2", Gap::Reason::unknown);
  story.gets("ahead", 3, "three");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, TakesAReaderThatLeavesBeforeTheEnd) {
  Story story = chat();
  story.closes("bob").publishes("ada", 4, "four", "k3f9.4");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, TakesAReaderThatLeavesAndComesBackAsANewOne) {
  Story story = chat();
  story.closes("bob").follows("bob").hello("bob", "k3f9.0");
  story.gets("bob", 1, "one").gets("bob", 2, "two").gets("bob", 3, "three");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, TakesAnUnansweredPublishThatHappenedAndOneThatDidNot) {
  Story story = chat();
  story.begins("ada", 4, "four").unanswered("ada", 4).begins("ada", 5, "five").unanswered("ada", 5);
  story.gets("bob", 4, "five");
  const Report report = story.end();
  EXPECT_EQ(found(report), "");
  EXPECT_EQ(report.unanswered, 2u);
}

TEST(Checker, TakesAPublishWhoseClientDidNotLiveToHearOfIt) {
  Story story = chat();
  story.begins("ada", 4, "four").gets("bob", 4, "four");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, TakesTheSameTextTwiceWhereItWasPublishedTwice) {
  Story story = chat();
  story.publishes("ada", 4, "one", "k3f9.4").gets("bob", 4, "one");
  story.begins("ada", 5, "one").unanswered("ada", 5).gets("bob", 5, "one");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, TakesTheNameThatTheServerGivesWhereNoneWasSaid) {
  Story story = chat();
  story.happens("ada", feed::Publishes{4, "", "four"}).acknowledged("ada", 4, "k3f9.4");
  story.gets("bob", 4, "four", "guest-x7k2p9");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, TakesPublishesAtTheSameTimeInAnyOrder) {
  Story story = chat();
  story.begins("ada", 4, "four").begins("eve", 1, "five");
  story.acknowledged("eve", 1, "k3f9.4").acknowledged("ada", 4, "k3f9.5");
  story.gets("bob", 4, "five", "eve").gets("bob", 5, "four");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, TakesWhatOthersSaidWhereOthersPublish) {
  Rules rules;
  rules.others_publish = true;
  Story story = chat(rules);
  story.gets("bob", 4, "who am I?", "stranger").gets("bob", 5, "one");
  EXPECT_EQ(found(story.end()), "");
}

TEST(Checker, KeepsRoomsApart) {
  Checker checker;
  for (const std::string room : {"lobby", "attic"}) {
    checker.take({"ada", room, 1, feed::Publishes{1, "ada", room}});
    checker.take({"ada", room, 2, feed::Acknowledged{1, at("k3f9.1")}});
    checker.take({"bob", room, 3, feed::Follows{}});
    checker.take({"bob", room, 4, feed::Told{{at("k3f9.0"), {}}}});
    checker.take({"bob", room, 5, feed::Received{"k3f9", {1, 1763780000000, "ada", room}}});
  }
  EXPECT_EQ(found(checker.finish()), "");
}

// --- lost -------------------------------------------------------------------------------------------------------------

TEST(Checker, FindsAMessageLeftOut) {
  Story story = chat();
  story.publishes("ada", 4, "four", "k3f9.4").publishes("ada", 5, "five", "k3f9.5").gets("bob", 5, "five");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 lost");
  EXPECT_EQ(report.faults[0].text, "bob in \"lobby\" did not get k3f9.4, and was told of no gap there");
}

TEST(Checker, FindsMessagesLeftOutBeforeAReaderLeaves) {
  Story story = chat();
  for (const std::string n : {"4", "5", "6"})
    story.publishes("ada", std::stoull(n), "text " + n, "k3f9." + n);
  story.gets("bob", 6, "text 6").closes("bob");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 lost");
  EXPECT_THAT(report.faults[0].text, HasSubstr("did not get k3f9.4 to k3f9.5"));
}

TEST(Checker, FindsAMessageLeftOutBeforeANewEpoch) {
  Story story = chat();
  story.begins("ada", 4, "four").unanswered("ada", 4).publishes("ada", 5, "five", "k3f9.5");
  story.gets("bob", 5, "five").loses("bob").gap("bob", "m7x2.0", Gap::Reason::epoch);
  EXPECT_EQ(found(story.end()), "1 lost");
}

TEST(Checker, FindsAnAcknowledgedMessageThatNobodyGot) {
  Story story = chat();
  story.publishes("ada", 4, "four", "k3f9.4");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 lost");
  EXPECT_THAT(report.faults[0].text, HasSubstr("there to the end and did not get k3f9.4"));
}

TEST(Checker, FindsAMessageThatOneReaderGotAndAnotherDidNot) {
  Story story = chat();
  story.follows("eve").hello("eve", "k3f9.0").gets("eve", 1, "one").gets("eve", 2, "two");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 lost");
  EXPECT_THAT(report.faults[0].text, HasSubstr("eve in \"lobby\""));
}

TEST(Checker, FindsAReaderThatWasNeverToldAnything) {
  Story story = chat();
  story.follows("eve").loses("eve");
  EXPECT_EQ(found(story.end()), "1 lost");
}

TEST(Checker, FindsAReaderThatWasNotToldOfANewEpoch) {
  Story story = chat();
  story.loses("bob").publishes("ada", 4, "four", "m7x2.1");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 lost");
  EXPECT_THAT(report.faults[0].text, HasSubstr("knows nothing of m7x2.1"));
}

TEST(Checker, FindsAnEpochThatEndsAtAServerThatKeepsItsMessages) {
  Rules rules;
  rules.is_kept = true;
  Story story = chat(rules);
  story.loses("bob").gap("bob", "m7x2.0", Gap::Reason::epoch);
  EXPECT_EQ(found(story.end()), "1 lost");
}

// --- doubled, reordered -----------------------------------------------------------------------------------------------

TEST(Checker, FindsAMessageThatComesTwice) {
  Story story = chat();
  story.gets("bob", 3, "three");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 doubled");
  EXPECT_THAT(report.faults[0].text, HasSubstr("got k3f9.3 after k3f9.3, for the second time"));
}

TEST(Checker, FindsAMessageThatComesAgainAfterAReconnect) {
  Story story = chat();
  story.loses("bob").hello("bob", "k3f9.3").gets("bob", 2, "two");
  EXPECT_EQ(found(story.end()), "1 doubled");
}

TEST(Checker, FindsAMessageThatIsInTheLogTwice) {
  Story story = chat();
  story.gets("bob", 4, "three");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 doubled");
  EXPECT_THAT(report.faults[0].text, HasSubstr("was published by ada and is at k3f9.3 already"));
}

TEST(Checker, FindsAnUnansweredMessageThatIsInTheLogTwice) {
  Story story = chat();
  story.begins("ada", 4, "four").unanswered("ada", 4).gets("bob", 4, "four").gets("bob", 5, "four");
  EXPECT_EQ(found(story.end()), "1 doubled");
}

TEST(Checker, FindsAMessageThatComesTooLate) {
  Story story = chat();
  story.publishes("ada", 4, "four", "k3f9.4").publishes("ada", 5, "five", "k3f9.5");
  story.gets("bob", 5, "five").gets("bob", 4, "four");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 reordered");
  EXPECT_THAT(report.faults[0].text, HasSubstr("got k3f9.4 after k3f9.5"));
}

TEST(Checker, FindsTheOneInTheMiddleThatComesTooLate) {
  Story story = chat();
  for (const std::string n : {"4", "5", "6", "7"})
    story.publishes("ada", std::stoull(n), "text " + n, "k3f9." + n);
  story.gets("bob", 7, "text 7").gets("bob", 5, "text 5");
  const Report report = story.end();
  EXPECT_EQ(found(report), "2 lost, 1 reordered");  // 4 and 6 are two holes then
}

TEST(Checker, FindsAMessageThatComesOutOfAGap) {
  Story story = chat();
  story.publishes("ada", 4, "four", "k3f9.4").publishes("ada", 5, "five", "k3f9.5");
  story.loses("bob").gap("bob", "k3f9.4", Gap::Reason::forgotten, 1).gets("bob", 4, "four");
  story.gets("bob", 5, "five");
  EXPECT_EQ(found(story.end()), "1 reordered");
}

TEST(Checker, FindsAMessageFromBeforeAFeedsBegin) {
  Story story = chat();
  story.follows("late", After::latest()).hello("late", "k3f9.3").gets("late", 1, "one");
  EXPECT_EQ(found(story.end()), "1 reordered");
}

TEST(Checker, FindsAPublishThatStandsBehindALaterOne) {
  Story story;
  story.publishes("ada", 1, "first", "k3f9.2").publishes("eve", 1, "second", "k3f9.1");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 reordered");
  EXPECT_THAT(report.faults[0].text, HasSubstr("k3f9.2 and k3f9.1"));
}

// --- invented, contradicting ------------------------------------------------------------------------------------------

TEST(Checker, FindsAMessageThatNobodyPublished) {
  Story story = chat();
  story.gets("bob", 4, "I am your server");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 invented");
  EXPECT_THAT(report.faults[0].text, HasSubstr("was published by nobody"));
}

TEST(Checker, FindsAMessageUnderAnotherName) {
  Story story = chat();
  story.begins("ada", 4, "four").unanswered("ada", 4).gets("bob", 4, "four", "mallory");
  EXPECT_EQ(found(story.end()), "1 invented");
}

TEST(Checker, FindsARefusedMessageThatIsInTheLog) {
  Story story = chat();
  story.begins("ada", 4, "four").refused("ada", 4).gets("bob", 4, "four");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 invented");
  EXPECT_THAT(report.faults[0].text, HasSubstr("although it was refused to ada"));
}

TEST(Checker, FindsTwoTextsAtOnePlace) {
  Story story = chat();
  story.follows("eve").hello("eve", "k3f9.0").gets("eve", 1, "one").gets("eve", 2, "deux");
  story.gets("eve", 3, "three");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 contradicting");
  EXPECT_THAT(report.faults[0].text, HasSubstr("k3f9.2 in \"lobby\" is \"deux\" by \"ada\""));
}

TEST(Checker, FindsTwoTimesAtOnePlace) {
  Story story = chat();
  story.follows("eve", After::at(at("k3f9.2"))).hello("eve", "k3f9.2");
  story.happens("eve", feed::Received{"k3f9", {3, 1763780000001, "ada", "three"}});
  EXPECT_EQ(found(story.end()), "1 contradicting");
}

TEST(Checker, FindsTwoReadersWithTwoOrders) {
  Story story;
  story.begins("ada", 1, "one").begins("eve", 1, "two");
  story.acknowledged("ada", 1, "k3f9.1").acknowledged("eve", 1, "k3f9.2");
  story.follows("bob").hello("bob", "k3f9.0").gets("bob", 1, "one").gets("bob", 2, "two", "eve");
  story.follows("cy").hello("cy", "k3f9.0").gets("cy", 1, "two", "eve").gets("cy", 2, "one");
  EXPECT_EQ(found(story.end()), "2 contradicting");
}

TEST(Checker, FindsAnAcknowledgementThatNamesAnotherMessage) {
  Story story = chat();
  story.begins("ada", 4, "four").begins("ada", 5, "five").unanswered("ada", 5);
  story.acknowledged("ada", 4, "k3f9.4").gets("bob", 4, "five");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 contradicting");
  EXPECT_THAT(report.faults[0].text, HasSubstr("was given to \"four\" by ada, and is \"five\""));
}

TEST(Checker, FindsOnePlaceThatWasGivenToTwo) {
  Story story = chat();
  story.begins("ada", 4, "four").begins("eve", 1, "five");
  story.acknowledged("ada", 4, "k3f9.4").acknowledged("eve", 1, "k3f9.4").gets("bob", 4, "four");
  EXPECT_EQ(found(story.end()), "1 contradicting");
}

TEST(Checker, FindsALogThatEndsBeforeWhatItHadGivenOut) {
  Story story = chat();
  story.loses("bob").gap("bob", "k3f9.0", Gap::Reason::unknown);
  story.gets("bob", 1, "one").gets("bob", 2, "two").gets("bob", 3, "three");
  EXPECT_EQ(found(story.end()), "1 contradicting");
}

// --- what was not said, or not so -------------------------------------------------------------------------------------

TEST(Checker, FindsAJumpThatIsNoGap) {
  Story story = chat();
  story.publishes("ada", 4, "four", "k3f9.4").loses("bob").hello("bob", "k3f9.4");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 unsaid");
  EXPECT_THAT(report.faults[0].text, HasSubstr("was at k3f9.3, and goes on at k3f9.4 without a gap"));
}

TEST(Checker, FindsAnEpochThatChangesWithoutAGap) {
  Story story = chat();
  story.loses("bob").hello("bob", "m7x2.0");
  EXPECT_EQ(found(story.end()), "1 unsaid");
}

TEST(Checker, FindsAMessageOfAnotherEpoch) {
  Story story = chat();
  story.publishes("ada", 4, "four", "m7x2.1");
  story.happens("bob", feed::Received{"m7x2", {1, 1763780000000, "ada", "four"}});
  // And since it was told of no new epoch, it knows nothing of what was said there.
  EXPECT_EQ(found(story.end()), "1 lost, 1 unsaid");
}

TEST(Checker, FindsAFeedThatDoesNotBeginWhereItWasAskedTo) {
  Story story = chat();
  story.follows("eve", After::at(at("k3f9.1"))).hello("eve", "k3f9.2").gets("eve", 3, "three");
  EXPECT_EQ(found(story.end()), "1 unsaid");
}

TEST(Checker, FindsAGapThatClaimsLessThanWasMissed) {
  Story story = chat();
  story.loses("bob");
  for (const std::string n : {"4", "5", "6"})
    story.publishes("ada", std::stoull(n), "text " + n, "k3f9." + n);
  story.gap("bob", "k3f9.5", Gap::Reason::forgotten, 1).gets("bob", 6, "text 6");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 unsaid");
  EXPECT_THAT(report.faults[0].text, HasSubstr("2 messages were missed, and 1 were told"));
}

TEST(Checker, FindsAGapThatClaimsMoreThanWasMissed) {
  Story story = chat();
  story.publishes("ada", 4, "four", "k3f9.4").loses("bob").gap("bob", "k3f9.4", Gap::Reason::forgotten, 2);
  EXPECT_EQ(found(story.end()), "1 unsaid");
}

TEST(Checker, FindsAGapThatDoesNotSayHowMany) {
  Story story = chat();
  story.publishes("ada", 4, "four", "k3f9.4").loses("bob").gap("bob", "k3f9.4", Gap::Reason::forgotten);
  EXPECT_EQ(found(story.end()), "1 unsaid");
}

TEST(Checker, FindsAGapWhoseReasonIsNotTheReason) {
  Story same = chat();
  same.publishes("ada", 4, "four", "k3f9.4").loses("bob").gap("bob", "k3f9.4", Gap::Reason::epoch);
  EXPECT_EQ(found(same.end()), "1 unsaid");
  Story other = chat();
  other.loses("bob").gap("bob", "m7x2.0", Gap::Reason::forgotten, 0);
  EXPECT_EQ(found(other.end()), "1 unsaid");
}

TEST(Checker, FindsAGapThatGoesBack) {
  Story story = chat();
  story.loses("bob").gap("bob", "k3f9.2", Gap::Reason::forgotten, 0).gets("bob", 3, "three");
  EXPECT_EQ(found(story.end()), "1 unsaid");
}

TEST(Checker, FindsAReaderThatWasMadeToStop) {
  Story story = chat();
  story.closes("bob", "got message 5, expected 4");
  const Report report = story.end();
  EXPECT_EQ(found(report), "1 ended");
  EXPECT_THAT(report.faults[0].text, HasSubstr("got message 5, expected 4"));
}

// --- histories that make no sense -------------------------------------------------------------------------------------

TEST(Checker, FindsHistoriesThatMakeNoSense) {
  EXPECT_EQ(found(Story().gets("bob", 1, "one").end()), "1 malformed");
  EXPECT_EQ(found(Story().hello("bob", "k3f9.0").end()), "1 malformed");
  EXPECT_EQ(found(Story().acknowledged("ada", 1, "k3f9.1").end()), "1 malformed");
  EXPECT_EQ(found(Story().begins("ada", 1, "one").begins("ada", 1, "two").end()), "1 malformed");
  EXPECT_EQ(found(Story().begins("ada", 1, "one").unanswered("ada", 1).refused("ada", 1).end()),
            "1 malformed");
  EXPECT_EQ(found(Story().follows("bob").follows("bob").end()), "1 malformed");
  EXPECT_EQ(found(chat().closes("bob").gets("bob", 4, "four").end()), "1 malformed");
}

TEST(Checker, CountsAllFaultsAndTellsTheFirstHundred) {
  Story story = chat();
  for (int n = 0; n < 150; ++n) story.gets("bob", 3, "three");
  const Report report = story.end();
  EXPECT_EQ(found(report), "150 doubled");
  EXPECT_EQ(report.faults.size(), 100u);
  EXPECT_THAT(summary(report), HasSubstr("150 doubled"));
}

}  // namespace
}  // namespace history
