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
  return trouble(now) ?? streams(now) ?? quiet(now) ?? delay(now);
}

function trouble({ over, state, due, faults, silence, expected, reconnects, gaps, missed, lost, wait, held }) {
  if (state === 'reconnecting') {
    return `The connection is gone. The next attempt is in ${time(Math.max(due, 0))}, and asks for what follows the last message it has.`;
  }
  if (state === 'connecting' && faults.stall) return 'It has asked, and no answer comes.';
  if (state === 'connecting' && reconnects > 0) return 'It connects again, and says where it was.';
  // Behind by more than a few messages and more than a second: something holds them back.
  const behind = expected > 2 && silence > 1000;
  if (faults.stall && behind) {
    return `Nothing for ${time(silence)}, and nobody says so: the connection looks alive. ${plural(expected, 'message')} are behind it, in the server’s socket or in the room’s log.`;
  }
  if (faults.hold && behind) {
    return over === 'poll' && !wait
      ? `${plural(expected, 'message')} are on the way.`
      : `The proxy gathers: ${plural(expected, 'message')} wait in it until its ${size(held)} are full. An answer without an end is never complete.`;
  }
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

function quiet({ over, wait, n, requests, empty, seconds, bytes, idle, faults, reconnects }) {
  if (n > 0 || seconds < 3) return null;
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

function delay({ over, wait, interval, oneWay, n, mean, p50, p99, requests, empty, overhead, settling }) {
  if (n === 0) return settling ? 'The first messages are on their way.' : 'Nothing has come yet.';
  if (over === 'poll' && !wait) {
    const part = mean / interval;
    const waits = n < 10 ? `A message waits ${time(mean)} on average so far` : `A message waits ${part.toFixed(2)} of the interval on average, ${time(mean)}`;
    // As far from the mean of a uniform time as so many messages are by chance.
    const chance = 2.5 * Math.sqrt(1 / 12 / n) + 0.02;
    const says = n < 10 || oneWay > 0 ? '' : Math.abs(part - 0.5) < chance ? ': half, as the model says' : ', where the model says half';
    const rtt = oneWay > 0 ? `, ${time(oneWay)} of it on the line` : '';
    const vain = requests > 0 ? ` ${share(empty / requests)} of the questions were in vain.` : '';
    return `${waits}${says}${rtt}.${vain}`;
  }
  const transit = oneWay > 0 ? ` One transit is ${time(oneWay)}.` : '';
  const around = overhead === null ? '' : over === 'poll'
    ? ` Each message takes a question of its own: ${size(overhead)} around it.`
    : over === 'sse' ? ` No question is asked any more: ${size(overhead)} around each message.` : ` ${size(overhead)} around each message, and the way up is open too.`;
  const late = p99 > 3 * p50 + 5 ? `, ${time(p99)} at worst but for one in a hundred` : '';
  return `A message is there after ${time(p50)}${late}.${transit}${around}`;
}
