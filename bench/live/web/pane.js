// One pane: reads the room over one transport, by the client's interface alone, and shows when each message came and what it cost. It is of its
// relay's origin, http://HOST:PORT/#over=poll&room=live-k3f9 (poll, sse, ws); live.js is the page around it and says what each of its names means.
// By itself, in a tab of its own, it shows the delays and no bytes: those come from the page.

import { Figures, Speech } from '/figures.js';
import { atRate } from '/pace.js';
import { Strip, span } from '/strip.js';
import { count, model, sentence, share, size, time } from '/words.js';

const asked = new URLSearchParams(location.hash.slice(1));
const over = ['sse', 'ws'].includes(asked.get('over')) ? asked.get('over') : 'poll';
const room = asked.get('room') ?? 'live';
const page = parent === window ? null : parent;
const { Client } = await import({ poll: '/polling.js', sse: '/sse.js', ws: '/websocket.js' }[over]);

const about = {
  poll: { name: 'Polling', how: 'asks again and again: is there anything new?', choose: 'Choose it where a second late is early enough, or many messages come in one interval; it passes through everything, and leaves nothing open.' },
  longpoll: { name: 'Long polling', how: 'asks, and is answered when there is news.', choose: 'Choose it where a stream does not get through: it is as quick while messages are rare.' },
  sse: { name: 'Server-sent events', how: 'asks once; the answer does not end.', choose: 'Choose it where only the server speaks: plain HTTP, and a browser reconnects and resumes by itself.' },
  ws: { name: 'WebSocket', how: 'becomes another protocol, in which both may speak.', choose: 'Choose it where both sides speak, often: what is said goes up as a frame, and not as a request of its own.' },
};

const now = () => performance.timeOrigin + performance.now(); // the publisher's clock as well: it is the same browser
const byId = (id) => document.getElementById(id);
const field = (name) => document.querySelector(`[data-figure=${name}]`);

const figures = new Figures();
const speech = new Speech();
let speaker = null; // a client that this pane says something with, while it is to
let hush = () => {};
let client = null;
let others = []; // what "seven streams" opens besides
let due = 0; // of the next attempt, as Date.now() counts
let settings = { interval: 1000, wait: 0, speak: 0, oneWay: 0, held: 32768, idle: 5000, faults: {}, seven: false };
let view = { top: null, logarithmic: false, stacked: false };
let lines = []; // of the model, see Strip
let marks = [];
let out = null; // the mark of the outage that lasts

// ---- the feed

const hasBegun = () => figures.live < Infinity; // what was acknowledged before is not for this pane
const roomUrl = (name) => new URL(`/rooms/${encodeURIComponent(name)}`, location);
const asking = () => ({ interval: settings.interval, wait: settings.wait });

function connect(after) {
  client?.close();
  client = new Client(roomUrl(room), { after, ...asking() });
  client.addEventListener('state', ({ detail: { state, due: next } }) => {
    if (state === 'reconnecting') figures.lost(now());
    if (state === 'reconnecting' && figures.isOut && !out) marks.push((out = { from: now(), to: Infinity, hue: 'bad' }));
    if (state === 'live') {
      figures.back(now());
      if (out) out.to = now();
      out = null;
    }
    due = next ?? 0;
    showState(state);
  });
  client.addEventListener('gap', ({ detail: { missed } }) => {
    figures.gaps += 1;
    figures.missed += missed ?? 0;
    marks.push({ from: now(), to: now(), hue: 'warn' });
  });
  client.addEventListener('message', ({ detail }) => take(detail));
  client.addEventListener('error', ({ detail }) => console.info(over, detail.message));
  client.connect().catch(() => {}); // what becomes of it, the events say
}

const close = (all) => all.forEach((one) => (one.to = Math.min(one.to, now())));

// `17 1763780000123.4 hello`: an id, and when it was sent.
function take(message) {
  const at = now();
  const [, id, sent] = /^(\d+) (\d+(?:\.\d+)?)(?: |$)/.exec(message.text) ?? [];
  if (!id) return; // somebody else's
  const bytes = new TextEncoder().encode(JSON.stringify(message)).length; // as it came: the same JSON on every transport
  figures.arrived({ id: Number(id), sent: Number(sent), at, bytes });
}

// ---- what it says itself, in a room of its own, so that the messages of all panes stay the same

const mostUnanswered = 50; // where nothing is acknowledged it waits, and the browser has no queue without end

function speakAt(rate) {
  hush();
  speaker?.close();
  speaker = null;
  speech.begin();
  if (!rate) return;
  speaker = new Client(roomUrl(`${room}-said`), { after: 'latest' });
  if (over === 'ws') speaker.connect().catch(() => {}); // the others say it by POST, which needs no connection before
  hush = atRate(rate, () => {
    if (over === 'ws' && speaker.state !== 'live') return;
    if (speech.unanswered < mostUnanswered) speech.follow(speaker.publish('pane', `${now().toFixed(1)} hello`), now);
  });
}

function openOthers() {
  for (const other of others) other.close();
  others = [];
  if (!settings.seven) return;
  others = Array.from({ length: 6 }, () => new Client(roomUrl(`${room}-more`), { after: 'latest', ...asking() }));
  for (const other of others) other.connect().catch(() => {});
}

// ---- what the page says

function obey({ source, data }) {
  if (source !== page || typeof data !== 'object') return;
  const { set, acknowledged, tally, said, since, look, begin } = data;
  if (acknowledged && hasBegun()) figures.receipts.acknowledged(acknowledged, now());
  if (tally) figures.costs(tally, now(), since);
  if (said) speech.costs(said.up, since);
  if (look) arrange(look);
  if (set) change(set);
  if (!begin) return;
  figures.begin(now());
  speech.begin();
}

function change(set) {
  const old = settings;
  settings = set;
  if (over === 'poll' && (set.interval !== old.interval || set.wait !== old.wait)) {
    connect(client.after); // a client keeps its way of asking; the next one goes on from its place
    openOthers();
  }
  if (set.seven !== old.seven) openOthers();
  if (set.speak !== old.speak) speakAt(set.speak);
  describe();
}

// Where the panes lie below each other, the long list is opened by whoever wants it.
function arrange(look) {
  if (look.stacked !== view.stacked) byId('all').open = !look.stacked;
  document.documentElement.toggleAttribute('data-stacked', look.stacked);
  view = look;
}

const kind = () => (over === 'poll' && settings.wait ? 'longpoll' : over);

function describe() {
  const { name, how, choose } = about[kind()];
  document.title = byId('name').textContent = name;
  byId('how').textContent = how;
  byId('choose').textContent = choose;
  document.documentElement.dataset.over = kind();
  const { mean, most } = model({ over, ...settings });
  const [line] = lines.filter(({ to }) => to === Infinity);
  if (line?.mean === mean && line?.most === most) return;
  close(lines);
  const [from, to] = [now(), Infinity];
  if (most > mean) {
    const halves = settings.wait ? ['one transit', 'three'] : ['half the interval', 'all of it'];
    lines.push({ from, to, at: mean, mean, most, name: `model: ${halves[0]}` }, { from, to, at: most, name: `at worst: ${halves[1]}`, dashed: true });
  } else if (mean > 0) {
    lines.push({ from, to, at: mean, mean, most, name: 'model: one transit' });
  }
}

// ---- what one sees

const strip = globalThis.uPlot ? new Strip(byId('strip')) : null;
byId('missing').hidden = Boolean(strip);
byId('strip').hidden = !strip;

function showState(state) {
  document.querySelector('.state').dataset.state = state;
  put('state', state, state);
}

function put(name, text, value = text) {
  const element = field(name);
  if (element.textContent !== text) element.textContent = text;
  element.dataset.value = value ?? '';
}

function snapshot() {
  const all = [client, ...others];
  return {
    ...figures.now(now()), ...speech.now(), ...settings, over, speaking: settings.speak > 0, state: client.state, due: due - Date.now(),
    streams: all.length, live: all.filter(({ state }) => state === 'live').length,
  };
}

function show() {
  const seen = snapshot();
  put('due', due && seen.due > 0 ? `in ${(seen.due / 1000).toFixed(1)} s` : '', due);
  put('p50', time(seen.p50), seen.p50);
  put('p99', time(seen.p99), seen.p99);
  put('overhead', size(seen.overhead), seen.overhead);
  byId('speech').hidden = !seen.speaking;
  put('each', size(seen.each), seen.each);
  put('messages', count(seen.messages), seen.messages);
  for (const name of ['lost', 'repeated', 'reconnects', 'late', 'said']) put(name, count(seen[name]), seen[name]);
  put('gaps', seen.missed ? `${seen.gaps}: ${count(seen.missed)} gone` : count(seen.gaps), seen.gaps);
  put('streams', `${seen.live} of ${seen.streams}`, seen.live);
  for (const name of ['requests', 'connections']) put(name, count(seen.total?.[name]), seen.total?.[name]);
  for (const name of ['up', 'down']) put(name, size(seen.total?.[name]), seen.total?.[name]);
  put('empty', over === 'poll' && seen.total?.requests ? share(seen.total.empty / seen.total.requests) : '–', seen.total?.empty);
  for (const name of ['lost', 'repeated', 'gaps']) field(name).parentElement.classList.toggle('bad', seen[name] > 0);
  put('sentence', sentence(seen));
  return seen;
}

function draw() {
  if (!strip || document.hidden) return;
  const at = now();
  const recent = figures.delays.filter((_, i) => figures.sent[i] >= at - span);
  lines = lines.filter(({ to }) => to > at - span);
  marks = marks.filter(({ to }) => to > at - span);
  const top = Math.max(20, ...recent, ...lines.map((line) => line.at));
  strip.draw(figures.sent, figures.delays, { now: at, top: view.top ?? top, logarithmic: view.logarithmic, hue: kind(), lines, marks });
  return top;
}

// ---- to the page

let top = 20;
const frame = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1000 : 100;
setInterval(() => requestAnimationFrame(() => (top = draw() ?? top)), frame);
// A frame is told who may show it, so whoever it is may know.
function report(fresh = false) {
  const height = Math.ceil(byId('choose').getBoundingClientRect().bottom) + 16; // to the end of the card, which may be longer
  page?.postMessage({ pane: over, fresh, seen: show(), top, height }, '*');
}
setInterval(report, 250);
setInterval(() => {
  const { p50, p99, n } = figures.now(now());
  byId('strip').setAttribute('aria-label', n ? `Delay of each message: half are there after ${time(p50)}, 99 of 100 after ${time(p99)}, of ${count(n)} messages` : 'Delay of each message: none has come yet');
}, 3000);

addEventListener('message', obey);
connect('latest');
describe();
report(true);
