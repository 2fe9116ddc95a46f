// What the panes of the side-by-side page count and say. Pure, and so without a browser.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Figures, Receipts, Speech, percentile } from '../../bench/live/web/figures.js';
import { count, model, sentence, share, size, time } from '../../bench/live/web/words.js';

describe('receipts', () => {
  it('what was acknowledged and came is neither lost nor repeated, in whichever order one hears of it', () => {
    const receipts = new Receipts();
    receipts.acknowledged([1]);
    receipts.arrived(1);
    receipts.arrived(2);
    receipts.acknowledged([2, 3]);
    assert.deepEqual([receipts.messages, receipts.lost, receipts.repeated, receipts.expected], [2, 0, 0, 1]);
  });

  it('what was acknowledged is lost when something later has come, and not before', () => {
    const receipts = new Receipts();
    receipts.acknowledged([1, 2, 3]);
    receipts.arrived(1);
    assert.deepEqual([receipts.lost, receipts.expected], [0, 2]);
    receipts.arrived(3);
    assert.deepEqual([receipts.lost, receipts.expected, receipts.messages], [1, 0, 2]);
  });

  it('what was acknowledged late is lost all the same', () => {
    const receipts = new Receipts();
    receipts.arrived(5);
    receipts.acknowledged([4]);
    assert.equal(receipts.lost, 1);
  });

  it('what was never acknowledged is not lost', () => {
    const receipts = new Receipts();
    receipts.arrived(1);
    receipts.arrived(9);
    assert.equal(receipts.lost, 0);
  });

  it('what comes twice is repeated, and what was given up and comes is not lost', () => {
    const receipts = new Receipts();
    receipts.acknowledged([1, 2]);
    receipts.arrived(2);
    receipts.arrived(1);
    receipts.arrived(1);
    assert.deepEqual([receipts.messages, receipts.lost, receipts.repeated], [2, 0, 1]);
  });

  it('remembers the newest of very many', () => {
    const receipts = new Receipts();
    for (let id = 1; id <= 100_000; id += 1) receipts.arrived(id);
    receipts.arrived(100_000);
    receipts.arrived(90_000);
    assert.deepEqual([receipts.messages, receipts.repeated], [100_000, 2]);
  });
});

describe('figures', () => {
  const tally = { connections: 1, requests: 0, empty: 0, up: 0, down: 0 };
  const messages = (figures, first, delays, at) => delays.forEach((delay, i) => figures.arrived({ id: first + i, sent: at, at: at + delay, bytes: 100 }));

  it('percentiles are values that came', () => {
    assert.equal(percentile([], 0.5), null);
    assert.equal(percentile([7], 0.99), 7);
    assert.equal(percentile(Array.from({ length: 100 }, (_, i) => i), 0.99), 99);
    assert.equal(percentile(Array.from({ length: 100 }, (_, i) => i), 0.5), 50);
  });

  it('delays are of what was sent since something was changed', () => {
    const figures = new Figures();
    messages(figures, 1, [500, 600, 700], 1000);
    figures.begin(2000);
    messages(figures, 4, [1, 2, 3, 4], 2500);
    const { n, p50, p99, mean, messages: all } = figures.now(3000);
    assert.deepEqual([n, p50, p99, mean, all], [4, 3, 4, 2.5, 7]);
  });

  it('and of the last minute', () => {
    const figures = new Figures();
    messages(figures, 1, [500], 0);
    messages(figures, 2, [5], 50_000);
    assert.equal(figures.now(59_000).n, 2);
    assert.equal(figures.now(61_000).n, 1);
    assert.equal(figures.now(61_000).messages, 2);
  });

  it('what is around a message is what went by but for it', () => {
    const figures = new Figures();
    figures.costs({ ...tally, up: 5 }, -100, -110);
    figures.live = -50;
    figures.costs({ ...tally, up: 500, down: 300 }, 0, -5); // what opened it does not count
    messages(figures, 1, [1, 1, 1, 1], 10);
    figures.costs({ ...tally, up: 700, down: 820, requests: 2, empty: 1 }, 1000, 990);
    const { overhead, bytes, requests, empty, total } = figures.now(1000);
    assert.deepEqual([overhead, bytes, requests, empty], [(720 - 400) / 4, 720, 2, 1]);
    assert.equal(total.up, 700);
  });

  it('a count during which a message came is not set against it, unless that is always so', () => {
    const figures = new Figures();
    figures.live = 0;
    figures.costs(tally, 0, 0);
    messages(figures, 1, [1], 100);
    figures.costs({ ...tally, down: 50 }, 105, 99); // is the message among that, or not?
    assert.equal(figures.now(105).overhead, null);
    assert.equal(figures.now(105).total.down, 50);
    figures.costs({ ...tally, down: 130 }, 600, 595);
    assert.equal(figures.now(600).overhead, 30);
    messages(figures, 2, [1], 3500);
    figures.costs({ ...tally, down: 260 }, 3505, 3500);
    assert.equal(figures.now(3505).overhead, 30);
  });

  it('says nothing of what it does not know', () => {
    const { n, p50, p99, mean, overhead, total, silence } = new Figures().now(1000);
    assert.deepEqual({ n, p50, p99, mean, overhead, total, silence }, { n: 0, p50: null, p99: null, mean: null, overhead: null, total: null, silence: 0 });
  });
});

describe('outages', () => {
  it('what one makes late is counted as that, and not among the delays', () => {
    const figures = new Figures();
    figures.back(0); // the first connection is no return
    figures.arrived({ id: 1, sent: 100, at: 101, bytes: 100 });
    figures.lost(1000);
    figures.lost(1500); // it could not be had: still the same one
    figures.arrived({ id: 2, sent: 990, at: 3000, bytes: 100 }); // was on its way when it began
    figures.arrived({ id: 3, sent: 1200, at: 3000, bytes: 100 });
    figures.back(2900);
    figures.arrived({ id: 4, sent: 2800, at: 3001, bytes: 100 });
    figures.arrived({ id: 5, sent: 3100, at: 3102, bytes: 100 });
    const { n, late, p99, messages, reconnects } = figures.now(4000);
    assert.deepEqual({ n, late, p99, messages, reconnects }, { n: 2, late: 3, p99: 2, messages: 5, reconnects: 1 });
  });

  it('a loss before the first connection is none', () => {
    const figures = new Figures();
    figures.lost(5);
    figures.back(10);
    assert.deepEqual([figures.reconnects, figures.outages], [0, []]);
  });
});

describe('speech', () => {
  const done = Promise.resolve();

  it('bytes up are of what was acknowledged, between moments at which nothing was on its way', async () => {
    const speech = new Speech();
    speech.costs(1000, 0); // the handshake
    await speech.follow(done, () => 10);
    speech.costs(1060, 5); // whether the message is among that, nobody knows
    assert.equal(speech.now().each, null);
    await speech.follow(done, () => 20);
    speech.costs(1126, 30);
    assert.deepEqual(speech.now(), { said: 2, each: 63, answered: 0 });
  });

  it('what is unanswered is waited for, and what may be lost begins a new count', async () => {
    const speech = new Speech();
    speech.costs(0, 0);
    let fail;
    const under = speech.follow(new Promise((_, reject) => (fail = reject)), () => 10);
    speech.costs(683, 20);
    assert.deepEqual([speech.unanswered, speech.now().each], [1, null]);
    fail(new Error('cut'));
    await under;
    speech.costs(683, 30);
    await speech.follow(done, () => 40);
    speech.costs(1283, 50);
    assert.deepEqual(speech.now(), { said: 1, each: 600, answered: 0 });
  });
});

describe('words', () => {
  const plain = (text) => text.replaceAll('\u00a0', ' ');

  it('times, sizes and counts are short', () => {
    assert.deepEqual([0, 0.4, 9.9, 10.2, 492.4, 999.4, 1000, 1250, 12_345, null].map(time).map(plain),
      ['< 0.1 ms', '0.4 ms', '9.9 ms', '10 ms', '492 ms', '999 ms', '1.00 s', '1.25 s', '12.3 s', '–']);
    assert.deepEqual([0, 930, 999.6, 12_345, 4_500_000, null].map(size).map(plain), ['0 B', '930 B', '1.0 kB', '12.3 kB', '4.5 MB', '–']);
    assert.deepEqual([0, 999, 12_345, null].map(count).map(plain), ['0', '999', '12 345', '–']);
    assert.deepEqual([0, 0.135, 1, NaN].map(share).map(plain), ['0 %', '14 %', '100 %', '–']);
  });

  it('the model is that of the notes', () => {
    assert.deepEqual(model({ over: 'poll', wait: 0, interval: 1000, oneWay: 0 }), { mean: 500, most: 1000 });
    assert.deepEqual(model({ over: 'poll', wait: 0, interval: 1000, oneWay: 50 }), { mean: 550, most: 1050 });
    assert.deepEqual(model({ over: 'poll', wait: 0, interval: 50, oneWay: 50 }), { mean: 100, most: 150 }); // never two at once
    assert.deepEqual(model({ over: 'poll', wait: 25, interval: 1000, oneWay: 50 }), { mean: 50, most: 150 });
    for (const over of ['sse', 'ws']) assert.deepEqual(model({ over, wait: 0, interval: 1000, oneWay: 50 }), { mean: 50, most: 50 });
  });

  const calm = {
    over: 'poll', wait: 0, interval: 1000, oneWay: 0, held: 32_768, idle: 5000, faults: {}, state: 'live', due: 0, streams: 1, live: 1,
    n: 100, p50: 500, p99: 990, mean: 500, seconds: 50, requests: 50, empty: 7, bytes: 20_000, overhead: 300, total: {},
    messages: 100, lost: 0, repeated: 0, expected: 0, reconnects: 0, gaps: 0, missed: 0, silence: 100,
  };
  const said = (seen) => plain(sentence({ ...calm, ...seen }));

  it('the sentence says half only where it is so', () => {
    assert.equal(said({}), 'A message waits 0.50 of the interval on average, 500 ms: half, as the model says. 14 % of the questions were in vain.');
    assert.match(said({ mean: 900 }), /^A message waits 0.90 of the interval on average, 900 ms, where the model says half\./);
    assert.match(said({ n: 5 }), /^A message waits 500 ms on average so far\./);
    assert.match(said({ oneWay: 50, mean: 550 }), /0.55 of the interval on average, 550 ms, 50 ms of it on the line\./);
  });

  it('a stream is one transit late', () => {
    assert.equal(said({ over: 'sse', p50: 0.4, p99: 1, overhead: 30, requests: 0 }), 'Half of the messages are there after 0.4 ms. No question is asked any more: 30 B around each message.');
    assert.equal(said({ over: 'ws', p50: 51, p99: 60, overhead: 2, oneWay: 50 }), 'Half of the messages are there after 51 ms. One transit is 50 ms. 2 B around each message, and the way up is open too.');
    assert.match(said({ over: 'ws', p50: 1, p99: 80 }), /^Half of the messages are there after 1.0 ms, 99 of 100 after 80 ms\./);
  });

  it('trouble comes first', () => {
    assert.match(said({ state: 'reconnecting', due: 1200 }), /^The connection is gone\. The next attempt is in 1.20 s/);
    assert.match(said({ over: 'sse', faults: { stall: true }, expected: 40, silence: 2000, overdue: 2000 }), /^Nothing for 2.00 s, and nobody says so: .* 40 messages are behind it/);
    assert.match(said({ over: 'sse', faults: { hold: true }, expected: 40, silence: 0, overdue: 2000 }), /^The proxy gathers: 40 messages wait in it until its 32.8 kB are full\./);
    assert.match(said({ faults: { hold: true } }), /^A message waits/); // a poll's answer is complete
    assert.match(said({ gaps: 1, missed: 181, lost: 181 }), /^181 messages were lost, and that was said: 1 gap, 181 known to be missing\./);
    assert.match(said({ over: 'sse', streams: 7, live: 6 }), /^6 of 7 are live\./);
  });

  it('nobody is said to be silent while messages are behind', () => {
    const none = { n: 0, p50: null, p99: null, mean: null, overhead: null };
    assert.match(said({ ...none, over: 'sse', expected: 40, overdue: 3000 }), /^40 messages are on the way, the oldest for 3.00 s\./);
    assert.match(said({ ...none, over: 'sse', expected: 1, overdue: 10 }), /^Nothing has come yet\./);
    assert.match(said({ interval: 5000, expected: 40, overdue: 5500 }), /^A message waits/); // as a poll does
  });

  it('an outage is named, and is no part of what the model is compared with', () => {
    assert.match(said({ late: 12 }), /^12 messages came late by the outage, and are not counted here\. A message waits 0.50 of the interval on average, 500 ms: half, as the model says\.$/);
    assert.match(said({ late: 12, n: 0, mean: null }), /^12 messages came late by the outage, and are not counted here\.$/);
  });

  it('what is near the half is called so, and what may be chance is called that', () => {
    assert.match(said({ n: 40, mean: 590 }), /0.59 of the interval on average, 590 ms; the model says half, and so few messages may be that far from it\./);
    assert.match(said({ n: 16, mean: 590, p50: 724 }), /^A message waits 590 ms on average so far\./);
  });

  it('what it costs to speak', () => {
    const speaking = { speaking: true, each: 63, answered: 0.5 };
    assert.equal(said({ over: 'ws', ...speaking }), 'It speaks, too, and a message is a frame on the connection that is open: 63 B up, half are acknowledged within 0.5 ms.');
    assert.match(said({ over: 'sse', ...speaking, each: 683 }), /^It speaks, too, and each message is a POST, .*: 683 B up,/);
    assert.match(said({ over: 'sse', ...speaking, each: null }), /^It speaks, too: its first messages are on the way up\./);
  });

  it('silence has a price, and an end', () => {
    const silent = { n: 0, p50: null, p99: null, mean: null, overhead: null, silence: 0 };
    assert.match(said({ ...silent, requests: 8, empty: 8, seconds: 8, bytes: 4500 }), /^Nobody speaks, and it asked 8 times in 8 s: 4.5 kB for 8 answers that say so\./);
    assert.match(said({ ...silent, over: 'sse', seconds: 20, bytes: 8 }), /^Nobody speaks, and in 20 s it took 8 B to keep the line open\./);
    assert.match(said({ ...silent, over: 'sse', faults: { idle: true }, reconnects: 2 }), /^Nobody speaks, so the line is cut after 5 s, 2 times so far\./);
  });
});
