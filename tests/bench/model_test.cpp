#include "bench/model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using bench::Seconds;

const bench::Target here{"127.0.0.1:8081", "/rooms/lobby"};

double ms(Seconds time) { return time.count() * 1e3; }

// --- delay ---

TEST(PollDelayModel, IsUniformFromOneWayToTheIntervalMore) {
  const auto delay = bench::poll_delay(1s, 50ms);
  EXPECT_DOUBLE_EQ(ms(delay.low), 50);
  EXPECT_DOUBLE_EQ(ms(delay.high), 1050);
  EXPECT_DOUBLE_EQ(ms(delay.mean()), 550);
  EXPECT_DOUBLE_EQ(ms(delay.percentile(0.5)), 550);
  EXPECT_DOUBLE_EQ(ms(delay.percentile(0.95)), 1000);
}

TEST(PollDelayModel, HasTheRoundTripForAPeriodWhereThatIsLongerThanTheInterval) {
  EXPECT_DOUBLE_EQ(ms(bench::poll_period(100ms, 20ms)), 100);
  EXPECT_DOUBLE_EQ(ms(bench::poll_period(100ms, 80ms)), 160);
  EXPECT_DOUBLE_EQ(ms(bench::poll_delay(100ms, 80ms).mean()), 160);  // 160/2 + 80
}

TEST(PollDelayModel, WithAPauseHasALongerPeriod) {
  const auto delay = bench::poll_delay_with_pause(150ms, 40.3ms);
  EXPECT_NEAR(ms(delay.mean()), 155.6, 0.01);  // T/2 + 2d
  EXPECT_NEAR(ms(delay.low), 40.3, 1e-9);
  EXPECT_NEAR(ms(delay.high), 150 + 3 * 40.3, 1e-9);
}

// Polls that wait at the client between one answer and the next question, messages at random, on a clock that is only counted.
TEST(PollDelayModel, WithAPauseEqualsASimulation) {
  constexpr double pause = 150, d = 40;
  std::mt19937_64 engine(1);
  std::exponential_distribution<double> gap(1.0 / 250);
  double sum = 0, at = 0, polled = 0;  // ms, at the server
  constexpr int messages = 200'000;
  for (int i = 0; i < messages; ++i) {
    at += gap(engine);
    while (polled < at) polled += pause + 2 * d;
    sum += polled - at + d;
  }
  EXPECT_NEAR(sum / messages, ms(bench::poll_delay_with_pause(150ms, 40ms).mean()), 1);
}

TEST(LongPollDelayModel, IsOneTransitWhereMessagesAreRareAndThreeAtMost) {
  const bench::LongPollDelay rare(0.001, 50ms);
  EXPECT_NEAR(ms(rare.mean()), 50, 0.01);
  EXPECT_DOUBLE_EQ(ms(rare.percentile(0.99)), 50);
  EXPECT_DOUBLE_EQ(ms(rare.max()), 150);
  const bench::LongPollDelay busy(1000, 50ms);
  EXPECT_NEAR(ms(busy.mean()), 100, 0.01);  // every message comes while no poll waits
  EXPECT_NEAR(ms(busy.percentile(1)), 150, 1e-9);
}

TEST(LongPollDelayModel, FollowsItsFormula) {
  constexpr double rate = 10, d = 0.05;
  const double expected = d + 2 * rate * d * d / (2 * rate * d + std::exp(-2 * rate * d));
  EXPECT_NEAR(bench::LongPollDelay(rate, Seconds(d)).mean().count(), expected, 1e-12);
}

TEST(LongPollDelayModel, EqualsASimulation) {
  for (const double per_second : {2.0, 10.0, 50.0}) {
    constexpr double d = 0.05;
    std::mt19937_64 engine(1);
    std::exponential_distribution<double> gap(per_second);
    std::vector<double> delays;
    double at = 0, there = 0;  // when the poll is at the server
    bool gathered = false;     // messages wait for it
    while (delays.size() < 200'000) {
      at += gap(engine);
      while (gathered && at >= there) {  // it was answered as it came, and the next one is there 2d later
        there += 2 * d;
        gathered = false;
      }
      if (at < there) {
        delays.push_back(there - at + d);
        gathered = true;
      } else {
        delays.push_back(d);
        there = at + 2 * d;
      }
    }
    double sum = 0;
    for (const double delay : delays) sum += delay;
    const bench::LongPollDelay model(per_second, Seconds(d));
    EXPECT_NEAR(sum / static_cast<double>(delays.size()) / model.mean().count(), 1, 0.01) << per_second;
    std::sort(delays.begin(), delays.end());
    for (const double p : {0.25, 0.5, 0.9, 0.99}) {
      const double found = delays[static_cast<std::size_t>(p * static_cast<double>(delays.size()))];
      EXPECT_NEAR(found, model.percentile(p).count(), 0.002) << per_second << ' ' << p;
    }
  }
}

// Pimentel and Nickerson 2012: 150 ms between the polls, 2.31 to 4.48 at four sites; Edmonton 151.3 ms against 40.3.
// A poll that waits, goes out again when it has been answered, and is answered empty after a while.
TEST(LongPollsModel, EqualASimulation) {
  std::mt19937_64 engine(9);
  for (const double per_second : {0.02, 0.5, 20.0}) {
    constexpr double d = 0.05, wait = 25;
    std::exponential_distribution<double> gap(per_second);
    double now = 0, next = gap(engine);  // at the server
    constexpr int polls = 100'000;
    for (int i = 0; i < polls; ++i) {
      now = std::max(now, std::min(next, now + wait));  // answered
      while (next <= now) next += gap(engine);
      now += 2 * d;
    }
    const double expected = bench::long_polls_per_second(per_second, 50ms, 25s);
    EXPECT_NEAR(polls / now, expected, 0.02 * expected) << per_second;
  }
  EXPECT_DOUBLE_EQ(bench::long_polls_per_second(0, 50ms, 25s), 1 / 25.1);
}

TEST(HeartbeatsModel, EqualASimulation) {
  std::mt19937_64 engine(10);
  constexpr double per_second = 0.1, every = 15;
  std::exponential_distribution<double> gap(per_second);
  double beats = 0, seconds = 0;
  for (int i = 0; i < 200'000; ++i) {
    const double silence = gap(engine);
    beats += std::floor(silence / every);
    seconds += silence;
  }
  EXPECT_NEAR(bench::heartbeats_per_second(per_second, 15s), beats / seconds, 0.01 * beats / seconds);
  EXPECT_DOUBLE_EQ(bench::heartbeats_per_second(0, 15s), 1.0 / 15);
  EXPECT_LT(bench::heartbeats_per_second(10, 15s), 1e-60);  // nobody is silent for so long
}

TEST(PollToPushModel, GivesThePublishedRange) {
  EXPECT_NEAR(bench::poll_to_push_ratio(150ms, 242ms), 2.31, 0.005);
  EXPECT_NEAR(bench::poll_to_push_ratio(150ms, 30.2ms), 4.48, 0.005);
  EXPECT_NEAR(bench::poll_to_push_ratio(150ms, 40.3ms), 3.86, 0.005);  // published: 3.75
  const auto poll = bench::poll_delay_with_pause(150ms, 40.3ms);
  EXPECT_NEAR(bench::poll_to_push_ratio(150ms, 40.3ms), poll.mean() / Seconds(40.3ms), 1e-9);
}

TEST(EmptyPollsModel, Is59Of60WithNewsEveryTenMinutesAndAPollEveryTenSeconds) {
  EXPECT_NEAR(bench::empty_polls(1.0 / 600, 10s), 59.0 / 60, 0.0002);
}

TEST(BreakEvenModel, IsTheCostOfAPollOverThatOfPushingAMessage) {
  EXPECT_DOUBLE_EQ(bench::break_even(300, 100), 3);
}

TEST(FanOutModel, MakesTheLastReaderWaitForAll) { EXPECT_DOUBLE_EQ(ms(bench::last_reader(1000, 10us)), 10); }

TEST(FanOutModel, LetsOnePollerWaitForHalfTheIntervalAndManyForNearlyAll) {
  EXPECT_DOUBLE_EQ(ms(bench::first_poller(1, 1s)), 500);
  EXPECT_DOUBLE_EQ(ms(bench::last_poller(1, 1s)), 500);
  EXPECT_NEAR(ms(bench::first_poller(1000, 1s)), 0.693, 0.001);  // ln 2 / 1000
  EXPECT_NEAR(ms(bench::last_poller(1000, 1s)), 999.307, 0.001);
}

TEST(FanOutModel, EqualsASimulationOfPollers) {
  constexpr std::size_t readers = 10, messages = 20'001;
  std::mt19937_64 engine(1);
  std::uniform_real_distribution<double> phase(0, 1);
  std::vector<double> first, last;
  for (std::size_t i = 0; i < messages; ++i) {
    double least = 1, most = 0;
    for (std::size_t r = 0; r < readers; ++r) {
      const double delay = phase(engine);
      least = std::min(least, delay);
      most = std::max(most, delay);
    }
    first.push_back(least);
    last.push_back(most);
  }
  std::sort(first.begin(), first.end());
  std::sort(last.begin(), last.end());
  EXPECT_NEAR(first[messages / 2], bench::first_poller(readers, 1s).count(), 0.003);
  EXPECT_NEAR(last[messages / 2], bench::last_poller(readers, 1s).count(), 0.003);
}

// --- load ---

TEST(LoadModel, IsTheServiceTimeWhereNothingWaitsAndEndlessFromTheKneeOn) {
  EXPECT_NEAR(ms(bench::sojourn(0.001, 1ms, 1)), 1, 1e-5);
  EXPECT_NEAR(ms(bench::sojourn(500, 1ms, 1)), 2, 1e-9);    // M/M/1: s/(1 - ρ)
  EXPECT_NEAR(ms(bench::sojourn(500, 1ms, 0)), 1.5, 1e-9);  // M/D/1 waits half as long
  EXPECT_TRUE(std::isinf(bench::sojourn(1000, 1ms, 0).count()));
  EXPECT_DOUBLE_EQ(bench::knee(50us), 20'000);
}

// One server, first come first served (Lindley's recursion).
TEST(LoadModel, EqualsASimulationOfAQueue) {
  for (const double used : {0.3, 0.7, 0.9}) {
    std::mt19937_64 engine(1);
    std::exponential_distribution<double> gap(used);  // service takes 1
    double sum = 0, waits = 0;
    constexpr int messages = 1'000'000;
    for (int i = 0; i < messages; ++i) {
      sum += waits + 1;
      waits = std::max(0.0, waits + 1 - gap(engine));
    }
    EXPECT_NEAR(sum / messages / bench::sojourn(used, 1s, 0).count(), 1, 0.03) << used;
  }
}

// --- TCP ---

TEST(SlowStartModel, NeedsOneRoundForTheFirstWindowAndDoublesIt) {
  EXPECT_EQ(bench::slow_start_rounds(0), 0U);
  EXPECT_EQ(bench::slow_start_rounds(14'480), 1U);
  EXPECT_EQ(bench::slow_start_rounds(14'481), 2U);
  EXPECT_EQ(bench::slow_start_rounds(3 * 14'480), 2U);
  EXPECT_EQ(bench::slow_start_rounds(15 * 14'480), 4U);
  EXPECT_EQ(bench::slow_start_rounds(15 * 14'480 + 1), 5U);
}

TEST(SlowStartModel, TakesARoundTripForEveryRoundButTheLast) {
  EXPECT_NEAR(ms(bench::slow_start(0, 50ms)), 50, 1e-9);
  EXPECT_NEAR(ms(bench::slow_start(14'480, 50ms)), 50, 1e-9);
  EXPECT_NEAR(ms(bench::slow_start(14'481, 50ms)), 150, 1e-9);
  EXPECT_NEAR(ms(bench::slow_start(170'000, 50ms)), 350, 1e-9);
}

// Segment by segment: each that was acknowledged lets two more go.
TEST(SlowStartModel, EqualsASimulationOfSegments) {
  constexpr double one_way = 50;
  for (const std::uint64_t bytes : {1U, 14'480U, 14'481U, 43'440U, 43'441U, 170'000U, 1'000'000U}) {
    std::deque<double> acknowledged;  // when that of each segment under way will be back
    std::uint64_t window = 10;
    double now = 0;
    for (std::uint64_t i = 0; i < bench::segments(bytes); ++i) {
      while (acknowledged.size() >= window || (!acknowledged.empty() && acknowledged.front() <= now)) {
        now = std::max(now, acknowledged.front());
        acknowledged.pop_front();
        ++window;
      }
      acknowledged.push_back(now + 2 * one_way);
    }
    EXPECT_NEAR(now + one_way, ms(bench::slow_start(bytes, 50ms)), 1e-6) << bytes;
  }
}

TEST(PolledBurstModel, IsThePickUpAndTheTransfer) {
  EXPECT_NEAR(ms(bench::polled_burst(14'480, 30ms, 10ms)), 30 + 10 + 10, 1e-9);
  EXPECT_NEAR(ms(bench::polled_burst(170'000, 30ms, 50ms)), 30 + 50 + 350, 1e-9);
  EXPECT_NEAR(ms(bench::polled_burst(1000, -5ms, 10ms)), 15, 1e-9);        // under way when the burst began
  EXPECT_NEAR(ms(bench::polled_burst(1000, -5ms, 10ms, 20ms)), 30, 1e-9);  // there while the server was busy
}

TEST(NagleModel, HoldsOnlyTheSecondOfTwoWrites) {
  EXPECT_DOUBLE_EQ(ms(bench::second_write(1ms, true, 1)), 1);
  EXPECT_DOUBLE_EQ(ms(bench::second_write(1ms, false, 2)), 1);
  EXPECT_DOUBLE_EQ(ms(bench::second_write(1ms, true, 2)), 43);
  EXPECT_DOUBLE_EQ(ms(bench::second_write_to_the_silent(1ms, true, 2)), 3);
  EXPECT_DOUBLE_EQ(ms(bench::second_write_to_the_silent(1ms, true, 1)), 1);
}

// --- a room ---

TEST(PagesModel, CountsWhatEachPollFinds) {
  const std::vector<Seconds> phases{100ms, 600ms}, said{-500ms, 50ms, 700ms, 750ms};
  // The first poller asks at 0.1 (finds -0.5 and 0.05) and at 1.1 (both others), the second at 0.6 (0.05) and 1.6 (both others).
  EXPECT_EQ(bench::pages(phases, 1s, said, 2s), (std::vector<std::size_t>{0, 1, 3}));
  // Within the first second: one finds two, the other one.
  EXPECT_EQ(bench::pages(phases, 1s, said, 1s), (std::vector<std::size_t>{0, 1, 1}));
  EXPECT_EQ(bench::pages(phases, 1s, {}, 2s), (std::vector<std::size_t>{4}));
}

TEST(PagesModel, FindsNothingAsOftenAsThePoissonLawSays) {
  std::mt19937_64 engine(1);
  std::exponential_distribution<double> gap(2);
  std::vector<Seconds> said;
  for (double at = -1 + gap(engine); at < 10'000; at += gap(engine)) said.emplace_back(at);
  const auto found = bench::pages(std::vector<Seconds>{500ms}, 1s, said, 10'000s);
  EXPECT_NEAR(static_cast<double>(found[0]) / 10'000, bench::empty_polls(2, 1s),
              0.015);  // 4 standard deviations
}

// --- bytes: each literal is what went over the wire, but for dates, keys and epochs of the same length ---

TEST(MessageModel, CountsTheJsonOfWireMd) {
  EXPECT_EQ(bench::message_bytes(17, "ada", "hi"),
            R"({"seq":17,"at":1763780000123,"author":"ada","text":"hi"})"sv.size());
  EXPECT_EQ(bench::message_bytes(9, "a", ""),
            R"({"seq":9,"at":1763780000123,"author":"a","text":""})"sv.size());
  EXPECT_EQ(bench::message_bytes(1000000, "a", ""),
            R"({"seq":1000000,"at":1763780000123,"author":"a","text":""})"sv.size());
  EXPECT_EQ(bench::cursor_bytes(4, 17), "k3f9.17"sv.size());
  EXPECT_EQ(bench::cursor_bytes(8, 0), "plkx8g5n.0"sv.size());
  EXPECT_EQ(bench::draft_bytes("ada", "hi"), R"({"author":"ada","text":"hi"})"sv.size());
}

TEST(MessageModel, CountsWhatJsonEscapes) {
  EXPECT_EQ(bench::json_string_bytes("q\"/\\é"), R"("q\"/\\é")"sv.size());
  EXPECT_EQ(bench::json_string_bytes("\b\f\n\r\t"), R"("\b\f\n\r\t")"sv.size());
  EXPECT_EQ(bench::json_string_bytes("\x1f\x7f"sv), "\"\\u001f\x7f\""sv.size());
  EXPECT_EQ(bench::json_string_bytes(std::string_view("\0", 1)), R"("\u0000")"sv.size());
}

TEST(PollingModel, CountsAPollThatFindsNothing) {
  constexpr auto request =
      "GET /rooms/lobby/messages?after=vtz48r11.2 HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nAccept: */*\r\n\r\n"sv;
  constexpr auto response = "HTTP/1.1 204 No Content\r\nDate: Sun, 22 Nov 2026 05:49:54 GMT\r\n\r\n"sv;
  EXPECT_EQ(bench::empty_poll(here, "vtz48r11.2"sv.size()), (bench::Bytes{request.size(), response.size()}));
}

TEST(PollingModel, CountsAPollWithoutAfterAndItsTag) {
  constexpr auto request =
      "GET /rooms/lobby/messages HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nAccept: */*\r\n\r\n"sv;
  constexpr auto response =
      "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 05:49:53 GMT\r\nContent-Type: application/json\r\nContent-Length: 37\r\n"
      "ETag: \"vtz48r11.1-0\"\r\n\r\n{\"cursor\":\"vtz48r11.0\",\"messages\":[]}"sv;
  EXPECT_EQ(bench::poll_request_bytes(here, 0), request.size());
  EXPECT_EQ(bench::tagged_page_response_bytes(bench::page_body_bytes(10, 0, 0), R"("vtz48r11.1-0")"sv.size()),
            response.size());
}

TEST(PollingModel, CountsAPageOfTwoMessages) {
  constexpr auto response =
      "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 05:49:53 GMT\r\nContent-Type: application/json\r\nContent-Length: 157\r\n\r\n"
      R"({"cursor":"vtz48r11.2","messages":[{"seq":1,"at":1795326593419,"author":"ada","text":"hello"},)"
      R"({"seq":2,"at":1795326593593,"author":"ada","text":"q\"/\\é"}]})"sv;
  const std::size_t messages =
      bench::message_bytes(1, "ada", "hello") + bench::message_bytes(2, "ada", "q\"/\\é");
  const std::size_t body = bench::page_body_bytes("vtz48r11.2"sv.size(), 2, messages);
  EXPECT_EQ(body, 157U);
  EXPECT_EQ(bench::page_response_bytes(body), response.size());
}

TEST(PollingModel, CountsALongPollAndItsPreference) {
  constexpr auto request =
      "GET /rooms/lobby/messages?after=vtz48r11.3 HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nAccept: */*\r\nPrefer: wait=25\r\n\r\n"sv;
  constexpr auto empty =
      "HTTP/1.1 204 No Content\r\nDate: Sun, 22 Nov 2026 05:50:04 GMT\r\nPreference-Applied: wait=25\r\n\r\n"sv;
  constexpr auto page =
      "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 05:50:03 GMT\r\nContent-Type: application/json\r\nContent-Length: 92\r\n"
      "Preference-Applied: wait=25\r\n\r\n"
      R"({"cursor":"vtz48r11.3","messages":[{"seq":3,"at":1795326603798,"author":"guest","text":""}]})"sv;
  EXPECT_EQ(bench::empty_poll(here, 10, 25s), (bench::Bytes{request.size(), empty.size()}));
  const std::size_t body = bench::page_body_bytes(10, 1, bench::message_bytes(3, "guest", ""));
  EXPECT_EQ(bench::page_response_bytes(body, 25s), page.size());
}

TEST(PollingModel, ExpectsTheBytesOfAMessageToFallWithTheMessagesPerPoll) {
  const double rare = bench::poll_bytes_per_message(here, 10, 100, 0.001, 1s);
  const double busy = bench::poll_bytes_per_message(here, 10, 100, 1000, 1s);
  const auto empty = static_cast<double>(bench::empty_poll(here, 10).total());
  EXPECT_NEAR(rare / (1000 * empty), 1, 0.01);  // a thousand polls for each message
  EXPECT_NEAR(busy, 101, 1);                    // the message and its comma
}

// The exact bytes of one long plan, page by page, against the expectation.
TEST(PollingModel, ExpectsWhatASimulationCounts) {
  constexpr double per_second = 3;
  constexpr std::size_t cursor = 12, message = 120;
  std::mt19937_64 engine(1);
  std::poisson_distribution<std::size_t> news(per_second);
  double bytes = 0;
  std::size_t delivered = 0;
  for (int polls = 0; polls < 100'000; ++polls) {
    const std::size_t count = news(engine);
    delivered += count;
    bytes += static_cast<double>(bench::poll_request_bytes(here, cursor));
    const std::size_t page =
        bench::page_response_bytes(bench::page_body_bytes(cursor, count, count * message));
    bytes += static_cast<double>(count == 0 ? bench::empty_response_bytes() : page);
  }
  EXPECT_NEAR(bench::poll_bytes_per_message(here, cursor, message, per_second, 1s) /
                  (bytes / static_cast<double>(delivered)),
              1, 0.01);
}

// The same from one message in ten intervals to more than a double can hold e^(-λT) of.
TEST(PollingModel, ExpectsThePacketsThatASimulationCounts) {
  std::mt19937_64 engine(12);
  for (const double per_interval : {0.1, 1.0, 30.0, 2000.0}) {
    std::poisson_distribution<std::size_t> found(per_interval);
    constexpr std::size_t cursor = 13, message = 150;
    double bytes = 0, messages = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::size_t count = found(engine);
      const auto request = bench::poll_request_bytes(here, cursor);
      const auto answer =
          count == 0 ? bench::empty_response_bytes()
                     : bench::page_response_bytes(bench::page_body_bytes(cursor, count, count * message));
      bytes +=
          static_cast<double>(bench::ip_bytes(request + answer, bench::packets_of_exchange(request, answer)));
      messages += static_cast<double>(count);
    }
    const double expected = bench::poll_ip_bytes_per_message(here, cursor, message, per_interval);
    EXPECT_NEAR(expected, bytes / messages, 0.03 * expected) << per_interval;
  }
}

TEST(SseModel, CountsTheSetUp) {
  constexpr auto request =
      "GET /rooms/lobby/events HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nAccept: text/event-stream\r\n\r\n"sv;
  constexpr auto resumed =
      "GET /rooms/lobby/events HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nAccept: text/event-stream\r\nLast-Event-ID: ufweb3ql.0\r\n\r\n"sv;
  constexpr auto response =
      "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 05:49:58 GMT\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
      "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n\r\n"
      "47\r\nretry: 1000\nevent: hello\nid: ufweb3ql.0\ndata: {\"cursor\":\"ufweb3ql.0\"}\n\n\r\n"sv;
  EXPECT_EQ(bench::sse_setup(here, 10), (bench::Bytes{request.size(), response.size()}));
  EXPECT_EQ(bench::sse_request_bytes(here, 10), resumed.size());
}

TEST(SseModel, CountsAnEventInItsChunk) {
  constexpr auto event =
      "51\r\nid: ufweb3ql.1\ndata: {\"seq\":1,\"at\":1795326598471,\"author\":\"ada\",\"text\":\"hello\"}\n\n\r\n"sv;
  EXPECT_EQ(bench::sse_event_bytes("ufweb3ql.1"sv.size(), bench::message_bytes(1, "ada", "hello")),
            event.size());
}

TEST(SseModel, CountsAnotherHexadecimalDigitFromSixteenTimesTheLength) {
  // The event is 13 bytes of names and line ends, a cursor of 10, and the message.
  EXPECT_EQ(bench::sse_event_bytes(10, 0xff - 23), 2U + 2 + 0xff + 2);
  EXPECT_EQ(bench::sse_event_bytes(10, 0x100 - 23), 3U + 2 + 0x100 + 2);
}

TEST(SseModel, CountsTheTextWithoutAChunk) {
  EXPECT_EQ(bench::sse_event_text_bytes(7, 2), "id: k3f9.17\ndata: {}\n\n"sv.size());
  EXPECT_EQ(bench::sse_hello_text_bytes(6),
            "retry: 1000\nevent: hello\nid: k3f9.0\ndata: {\"cursor\":\"k3f9.0\"}\n\n"sv.size());
}

TEST(SseModel, CountsAHeartbeat) { EXPECT_EQ(bench::sse_heartbeat_bytes(), "3\r\n: \n\r\n"sv.size()); }

TEST(WebSocketModel, CountsTheHandshake) {
  constexpr auto request =
      "GET /rooms/lobby/socket HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
      "Sec-WebSocket-Key: gR/fSdp7rfdjTGRYv4thkg==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n"sv;
  constexpr auto response =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
      "Sec-WebSocket-Accept: uVaTv/7MzacsOCvYx0wcOIHtZz8=\r\nSec-WebSocket-Protocol: chat.v1\r\nServer: Boost.Beast/345\r\n\r\n"
      "\x81!{\"hello\":{\"cursor\":\"4ihv7kqr.0\"}}"sv;
  EXPECT_EQ(bench::websocket_setup(here, 10), (bench::Bytes{request.size(), response.size()}));
  EXPECT_EQ(bench::websocket_request_bytes(here, 10), request.size() + "?after=4ihv7kqr.0"sv.size());
}

TEST(WebSocketModel, CountsTheHeaderOfAFrameByItsLength) {
  EXPECT_EQ(bench::frame_bytes(0), 2U);
  EXPECT_EQ(bench::frame_bytes(125), 127U);
  EXPECT_EQ(bench::frame_bytes(126), 130U);
  EXPECT_EQ(bench::frame_bytes(65535), 65539U);
  EXPECT_EQ(bench::frame_bytes(65536), 65546U);
  EXPECT_EQ(bench::masked_frame_bytes(125), 131U);
  EXPECT_EQ(bench::masked_frame_bytes(126), 134U);
}

TEST(WebSocketModel, CountsAPingAndItsMaskedPong) {
  EXPECT_EQ(bench::ping(), (bench::Bytes{"\x8a\x80\x1b>\r\x0c"sv.size(), "\x89\x00"sv.size()}));
}

TEST(PublishModel, CountsAPostAndItsAnswer) {
  constexpr auto request =
      "POST /rooms/lobby/messages HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nAccept: */*\r\nContent-Type: application/json\r\n"
      "Content-Length: 31\r\n\r\n{\"author\":\"ada\",\"text\":\"hello\"}"sv;
  constexpr auto response =
      "HTTP/1.1 201 Created\r\nDate: Sun, 22 Nov 2026 05:47:51 GMT\r\nContent-Type: application/json\r\nContent-Length: 23\r\n\r\n"
      "{\"cursor\":\"plkx8g5n.1\"}"sv;
  EXPECT_EQ(bench::post(here, "ada", "hello", 10), (bench::Bytes{request.size(), response.size()}));
}

TEST(PublishModel, CountsAWebSocketMessageAndItsAnswer) {
  const std::size_t sent = 2 + 4 + R"({"ref":2,"author":"ada","text":"q\"/\\é"})"sv.size();
  EXPECT_EQ(sent, 48U);
  EXPECT_EQ(bench::websocket_publish(2, "ada", "q\"/\\é", 10),
            (bench::Bytes{sent, "\x81\x1f{\"ref\":2,\"cursor\":\"4ihv7kqr.1\"}"sv.size()}));
}

TEST(SilenceModel, MultipliesWhatIsSaidByTheTimesThatItIsSaid) {
  const auto poll = static_cast<double>(bench::empty_poll(here, 10).total());
  EXPECT_DOUBLE_EQ(bench::poll_bytes_per_hour(here, 10, 1s), 3600 * poll);
  EXPECT_DOUBLE_EQ(bench::sse_bytes_per_hour(15s), 240 * 8);
  EXPECT_DOUBLE_EQ(bench::websocket_bytes_per_hour(15s), 240 * 8);
  const auto waiting = static_cast<double>(bench::empty_poll(here, 10, 25s).total());
  EXPECT_DOUBLE_EQ(bench::long_poll_bytes_per_hour(here, 10, 25s), 144 * waiting);
  EXPECT_LT(bench::long_poll_bytes_per_hour(here, 10, 25s, 50ms), 144 * waiting);
}

TEST(IpModel, CutsBytesIntoSegments) {
  EXPECT_EQ(bench::segments(0), 0U);
  EXPECT_EQ(bench::segments(1448), 1U);
  EXPECT_EQ(bench::segments(1449), 2U);
}

TEST(IpModel, AddsTheHeadersOfEverySegment) { EXPECT_EQ(bench::ip_bytes(100, 2), 204U); }

TEST(IpModel, SumsAnAverageReadersPollsUpToManyMessagesEach) {
  // Nearly every poll finds nothing: a poll's bytes for each message, λT of which it takes to bring one.
  const bench::Bytes nothing = bench::empty_poll(here, 10);
  const auto empty = static_cast<double>(bench::ip_bytes(nothing.total(), 3));
  EXPECT_NEAR(bench::poll_ip_bytes_per_message(here, 10, 150, 1e-5) * 1e-5, empty, 0.01 * empty);
  // The two ways to sum agree where they meet.
  const double below = bench::poll_ip_bytes_per_message(here, 10, 150, 499),
               above = bench::poll_ip_bytes_per_message(here, 10, 150, 501);
  EXPECT_NEAR(below, above, 0.002 * below);
  EXPECT_GT(bench::poll_ip_bytes_per_message(here, 10, 150, 1e6), 150);
}

TEST(IpModel, HasACommentAfterEachHeartbeatOfSilence) {
  // Messages as a Poisson process for long enough; the timer begins anew with each message and each comment.
  std::mt19937_64 random(7);
  for (const double rate : {0.01, 0.1, 0.5}) {
    std::exponential_distribution<double> gap(rate);
    double seconds = 0;
    std::uint64_t comments = 0;
    for (int message = 0; message < 200'000; ++message) {
      const double quiet = gap(random);
      comments += static_cast<std::uint64_t>(quiet / 15);
      seconds += quiet;
    }
    const double event = static_cast<double>(bench::ip_bytes(bench::sse_event_bytes(10, 150), 2)),
                 comment = static_cast<double>(bench::ip_bytes(8, 2));
    const double expected = 200'000 / seconds * event + static_cast<double>(comments) / seconds * comment;
    EXPECT_NEAR(bench::sse_ip_bytes_per_second(10, 150, rate, 15s), expected, 0.01 * expected) << rate;
  }
}

TEST(IpModel, PingsAlsoWhileMessagesCome) {
  const double ping = static_cast<double>(bench::ip_bytes(2 + 6, 3)),
               frame = static_cast<double>(bench::ip_bytes(4 + 150, 2));
  EXPECT_DOUBLE_EQ(bench::websocket_ip_bytes_per_second(150, 10, 15s), 10 * frame + ping / 15);
}

TEST(IpModel, MakesEachTransportTheCheapestSomewhere) {
  const auto poll = [](double rate, double interval) {
    return bench::poll_ip_bytes_per_second(here, 10, 150, rate, bench::Seconds(interval));
  };
  const auto sse = [](double rate) { return bench::sse_ip_bytes_per_second(10, 150, rate, 15s); };
  const auto ws = [](double rate) { return bench::websocket_ip_bytes_per_second(150, rate, 15s); };
  EXPECT_LT(poll(100, 1), std::min(sse(100), ws(100)));          // a hundred messages a poll
  EXPECT_LT(poll(0.001, 600), std::min(sse(0.001), ws(0.001)));  // rarer than heartbeats
  EXPECT_LT(ws(2), std::min(sse(2), poll(2, 0.1)));              // the smaller frame
  EXPECT_LT(sse(0.01), std::min(ws(0.01), poll(0.01, 1)));       // the smaller heartbeat
}

TEST(BreakEvenModel, GivesThePublishedBordersByTheSizeOfTheHeaders) {
  // A poll takes a request, an answer and an acknowledgement; a frame two bytes and an acknowledgement: 52 bytes for each packet.
  const auto border = [](double headers) {
    return bench::break_even(headers + 3 * bench::header_bytes, 2 + 2 * bench::header_bytes);
  };
  EXPECT_NEAR(border(170), 3.1, 0.05);  // curl
  EXPECT_NEAR(border(472), 5.9, 0.05);  // Appelqvist and Örnmyr 2017
  EXPECT_NEAR(border(800), 9.0, 0.05);  // Grigorik
  EXPECT_NEAR(border(871), 9.7, 0.05);  // Lubbers and Greco
}

TEST(BreakEvenModel, FindsWhereAFallingCurveCrosses) {
  EXPECT_NEAR(bench::where_polling_is_cheaper([](double at) { return 1 + 300 / at; }, 101), 3, 1e-9);
  EXPECT_EQ(bench::where_polling_is_cheaper([](double at) { return 1 + 300 / at; }, 1),
            std::numeric_limits<double>::infinity());
}

// Kaazing's "Quantum Leap": 871 bytes of headers against 2, which is 435 to 1; of a message of 20 bytes, with what TCP/IP adds, 8.3 to 1.
TEST(IpModel, ShrinksThePublishedRatioOfHeaders) {
  EXPECT_NEAR(871 / static_cast<double>(bench::frame_bytes(20) - 20), 435.5, 0.1);
  const auto poll = static_cast<double>(bench::ip_bytes(871 + 20, 3)),
             frame = static_cast<double>(bench::ip_bytes(2 + 20, 2));
  EXPECT_NEAR(poll / frame, 8.3, 0.05);
}

TEST(IpModel, CountsThePacketsOfAMessageThatStandsAlone) {
  EXPECT_EQ(bench::segments(0), 0U);
  EXPECT_EQ(bench::segments(1), 1U);
  EXPECT_EQ(bench::segments(1448), 1U);
  EXPECT_EQ(bench::segments(1449), 2U);
  EXPECT_EQ(bench::packets_of_push(160), 2U);          // and its acknowledgement
  EXPECT_EQ(bench::packets_of_push(2896), 3U);         // two, acknowledged together
  EXPECT_EQ(bench::packets_of_exchange(92, 303), 3U);  // the answer acknowledges the request
  EXPECT_EQ(bench::packets_of_exchange(4102, 303),
            6U);  // of three segments the second is acknowledged at once
  EXPECT_EQ(bench::packets_of_post(137, 128, 128), 5U);  // head and body, acknowledged together
  EXPECT_EQ(bench::packets_of_setup(113, 1), 3U + 4);
}

TEST(PollingModel, CountsAPollOfALogThatHasNotChanged) {
  constexpr auto request =
      "GET /rooms/lobby/messages HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nAccept: */*\r\nIf-None-Match: \"vtz48r11.1-20\"\r\n\r\n"sv;
  constexpr auto response =
      "HTTP/1.1 304 Not Modified\r\nDate: Sun, 22 Nov 2026 05:49:54 GMT\r\nETag: \"vtz48r11.1-20\"\r\n\r\n"sv;
  EXPECT_EQ(bench::unchanged_poll(here, R"("vtz48r11.1-20")"sv.size()),
            (bench::Bytes{request.size(), response.size()}));
}

TEST(PollingModel, CountsTheFieldsThatAClientAdds) {
  const std::vector<std::string> fields{"Cookie: a=b", "X: y"};
  EXPECT_EQ(bench::fields_bytes(fields), "Cookie: a=b\r\nX: y\r\n"sv.size());
  const bench::Target more{here.authority, here.path, bench::fields_bytes(fields)};
  EXPECT_EQ(bench::empty_poll(more, 10).up, bench::empty_poll(here, 10).up + 19);
  EXPECT_EQ(bench::empty_poll(more, 10).down, bench::empty_poll(here, 10).down);
  EXPECT_EQ(bench::sse_setup(more, 10).up, bench::sse_setup(here, 10).up + 19);
  EXPECT_EQ(bench::websocket_setup(more, 10).up, bench::websocket_setup(here, 10).up + 19);
  EXPECT_EQ(bench::post(more, "ada", "hi", 10).up, bench::post(here, "ada", "hi", 10).up + 19);
}

TEST(WebSocketModel, CountsTheRefusalOfAForeignOrigin) {
  constexpr auto response =
      "HTTP/1.1 403 Forbidden\r\nDate: Sun, 22 Nov 2026 05:49:54 GMT\r\nContent-Type: application/problem+json\r\nContent-Length: 144\r\nConnection: close\r\n\r\n"
      R"({"status":403,"title":"Forbidden","detail":"origin is \"http://evil.example\", expected this server's own or one given with --allow-origin"})"sv;
  EXPECT_EQ(bench::foreign_origin_bytes("http://evil.example"), response.size());
}

TEST(PublishModel, CountsTheDraftsThatFramesCarry) {
  EXPECT_EQ(bench::websocket_draft_bytes(12, "ada", "hi"),
            R"({"ref":12,"author":"ada","text":"hi"})"sv.size());
}

TEST(CompressionModel, IsTheFormulaOfZlib) {
  EXPECT_EQ(bench::deflate_memory_bytes(15, 8), 256U * 1024);
  EXPECT_EQ(bench::deflate_memory_bytes(15, 4), (128U + 8) * 1024);  // Beast's choice
}

TEST(FloorModel, AddsFourBytesOfLength) { EXPECT_EQ(bench::tcp_message_bytes(100), 104U); }

TEST(Bytes, AddUpByDirection) {
  const bench::Bytes sum = bench::Bytes{1, 2} + 3 * bench::Bytes{10, 20};
  EXPECT_EQ(sum, (bench::Bytes{31, 62}));
  EXPECT_EQ(sum.total(), 93U);
}

}  // namespace
