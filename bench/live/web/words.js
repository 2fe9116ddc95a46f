// How the page and its panes say numbers, and what one sees, in words. Pure: no document, so that every sentence can be had by itself.

const none = '–';

const missing = (value) => value === null || value === undefined || Number.isNaN(value);

const blank = '\u00a0'; // does not break a line
const unit = (number, name) => `${number}${blank}${name}`;

/** `0.4 ms`, `492 ms`, `1.25 s`. */
export function time(ms) {
  if (missing(ms)) return none;
  if (ms < 0.05) return `<${blank}${unit(0.1, 'ms')}`; // finer than a browser's clock
  if (ms < 9.95) return unit(ms.toFixed(1), 'ms');
  if (ms < 999.5) return unit(Math.round(ms), 'ms');
  return unit((ms / 1000).toFixed(ms < 9950 ? 2 : 1), 's');
}

/** `930 B`, `12.3 kB`, `4.5 MB`, of 1000 each, as networks count. */
export function size(bytes) {
  if (missing(bytes)) return none;
  if (bytes < 999.5) return unit(Math.round(bytes), 'B');
  return bytes < 999_500 ? unit((bytes / 1000).toFixed(1), 'kB') : unit((bytes / 1e6).toFixed(1), 'MB');
}

/** `12 345`. */
export const count = (value) => (missing(value) ? none : Math.round(value).toLocaleString('en').replaceAll(',', blank));

/** `14 %`. */
export const share = (value) => (missing(value) ? none : unit(Math.round(value * 100), '%'));

const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/**
 * What theory expects of a transport: mean and most, in milliseconds, of the time from a message's sending to its arrival; null where nothing
 * is to be expected. The same as bench/model.hpp: a poll every T, start to start, is late by T/2 on average and by T at worst, on top of the
 * transit d; a long poll by one to three transits; a stream by one. A poller never asks twice at once, so its period is 2d at least.
 */
export function model({ over, wait, interval, oneWay }) {
  const d = oneWay;
  if (over !== 'poll') return { mean: d, most: d };
  if (wait) return { mean: d, most: 3 * d };
  const period = Math.max(interval, 2 * d);
  return { mean: period / 2 + d, most: period + d };
}

/** What one sees now, from what a pane has counted; see Figures.now() and pane.js for the names. */
export function sentence(now) {
  return trouble(now) ?? streams(now) ?? speech(now) ?? quiet(now) ?? delay(now);
}

function trouble({ over, state, due, faults, silence, expected, overdue, reconnects, gaps, missed, lost, wait, held, interval }) {
  if (state === 'reconnecting') {
    return `The connection is gone. The next attempt is in ${time(Math.max(due, 0))}, and asks for what follows the last message it has.`;
  }
  if (state === 'connecting' && (faults.stall || (faults.hold && over === 'sse'))) return 'It has asked, and no answer comes.';
  if (state === 'connecting' && reconnects > 0) return 'It connects again, and says where it was.';
  // Behind by more than a few messages, and by a second more than is its way: something holds them back.
  const behind = expected > 2 && overdue > 1000 + (over === 'poll' && !wait ? interval : 0);
  if (faults.stall && behind) {
    return `Nothing for ${time(silence)}, and nobody says so: the connection looks alive. ${plural(expected, 'message')} are behind it, in the sockets on the way or in the room’s log.`;
  }
  if (faults.hold && behind) {
    return over === 'poll' && !wait
      ? `${plural(expected, 'message')} are on the way.`
      : `The proxy gathers: ${plural(expected, 'message')} wait in it until its ${size(held)} are full. An answer without an end is never complete.`;
  }
  if (behind) return `${plural(expected, 'message')} are on the way, the oldest for ${time(overdue)}.`;
  if (gaps > 0 && lost > 0 && silence < 5000) {
    return `${plural(lost, 'message')} were lost, and that was said: ${plural(gaps, 'gap')}${missed > 0 ? `, ${count(missed)} known to be missing` : ''}.`;
  }
  return null;
}

function streams({ over, wait, live, streams: all }) {
  if (all <= 1) return null;
  if (live < all) return `${live} of ${all} are live. A browser keeps six connections to one server over HTTP/1.1, and each stream takes one: the rest wait, and are never told.`;
  if (over === 'ws') return `All ${all} are live: the limit of six is not for WebSockets.`;
  return `All ${all} are live: they take turns on ${wait ? 'the same six connections, and what waits in line is late' : 'a few connections'}.`;
}

// What it says itself; Speech.now() has the figures.
function speech({ over, speaking, each, answered }) {
  if (!speaking) return null;
  if (each === null) return 'It speaks, too: its first messages are on the way up.';
  const within = `half are acknowledged within ${time(answered)}`;
  return over === 'ws'
    ? `It speaks, too, and a message is a frame on the connection that is open: ${size(each)} up, ${within}.`
    : `It speaks, too, and each message is a POST, a question of its own with all its fields: ${size(each)} up, ${within}.`;
}

function quiet({ over, wait, n, late, expected, requests, empty, seconds, bytes, idle, faults, reconnects }) {
  if (n > 0 || late > 0 || expected > 0 || seconds < 3) return null;
  if (over === 'poll') {
    return requests > 0
      ? `Nobody speaks, and it asked ${plural(requests, 'time')} in ${Math.round(seconds)} s: ${size(bytes)} for ${plural(empty, 'answer')} that say so.`
      : wait ? 'Nobody speaks: one question waits at the server.' : 'Nobody speaks.';
  }
  if (faults.idle && reconnects > 0) {
    return `Nobody speaks, so the line is cut after ${idle / 1000} s, ${plural(reconnects, 'time')} so far. If the server said something before that, however little, it would live.`;
  }
  return `Nobody speaks, and in ${Math.round(seconds)} s it took ${size(bytes)} to keep the line open.`;
}

// What an outage made late is said, and is not among the delays.
function delay(now) {
  const { n, late } = now;
  const outage = late > 0 ? `${plural(late, 'message')} came late by the outage, and ${late === 1 ? 'is' : 'are'} not counted here.` : '';
  if (n === 0) return outage || 'Nothing has come yet.';
  return outage ? `${outage} ${wait(now)}` : `${wait(now)}${around(now)}`;
}

function wait({ over, wait: held, interval, oneWay, n, mean, p50, p99 }) {
  if (over === 'poll' && !held) {
    const part = mean / interval;
    const enough = n >= 30;
    const waits = enough ? `A message waits ${part.toFixed(2)} of the interval on average, ${time(mean)}` : `A message waits ${time(mean)} on average so far`;
    // As far from the mean of a uniform time as so many messages are by chance.
    const chance = 2.5 * Math.sqrt(1 / 12 / n) + 0.02;
    const near = Math.abs(part - 0.5) < 0.03 ? ': half, as the model says' : '; the model says half, and so few messages may be that far from it';
    const says = !enough || oneWay > 0 ? '' : Math.abs(part - 0.5) < chance ? near : ', where the model says half';
    const rtt = oneWay > 0 ? `, ${time(oneWay)} of it on the line` : '';
    return `${waits}${says}${rtt}.`;
  }
  const transit = oneWay > 0 ? ` One transit is ${time(oneWay)}.` : '';
  const late = p99 > 3 * p50 + 5 ? `, 99 of 100 after ${time(p99)}` : '';
  return `Half of the messages are there after ${time(p50)}${late}.${transit}`;
}

function around({ over, wait: held, requests, empty, overhead }) {
  if (over === 'poll' && !held) return requests > 0 ? ` ${share(empty / requests)} of the questions were in vain.` : '';
  if (overhead === null) return '';
  if (over === 'poll') return ` Each message takes a question of its own: ${size(overhead)} around it.`;
  return over === 'sse' ? ` No question is asked any more: ${size(overhead)} around each message.` : ` ${size(overhead)} around each message, and the way up is open too.`;
}
