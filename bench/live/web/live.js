// The page around the three panes: says what is published, how often is polled and what is broken, and tells each pane what the server has counted
// for it. What tests and others may rely on:
//
//   iframe[data-pane=poll|sse|ws]    the panes, each of its relay's origin; inside:
//     html[data-over]                poll, longpoll, sse, ws
//     .state[data-state]             connecting, live, reconnecting, closed
//     [data-figure=NAME]             text for people; data-value is the figure itself, empty where there is none:
//       p50 p99                      ms from sending to arrival, of the last minute or what is over of it since something was changed
//       overhead                     bytes up and down but for the message, for each message, of the same time
//       each said                    while each pane speaks, too: bytes up for each message that it says; and how many were acknowledged
//       late                         messages of the same time that an outage of this pane held up: not in p50 and p99
//       messages lost repeated       in all; lost: acknowledged to the publisher, and something published later came
//       requests empty connections up down    in all, as the relay counted them; empty: answers with 204; up, down: bytes
//       reconnects gaps streams      streams: how many are live
//       state due sentence
//     #strip canvas                  the chart; #missing is shown where uPlot is not installed
//     html[data-stacked]             the panes lie below each other; details#all, with most figures, is closed then
//   [data-figure=summary]            what the three come to now
//   #rate #interval                  sliders; the value is an index into `rates` and `intervals` below, aria-valuetext says which
//   #long #logarithmic #speak        switches
//   #text #send #burst #reset        #reset: everything as at the beginning, in a new room
//   button[data-fault=cut|stall|delay|hold|idle|restart|seven]    aria-pressed while it is on; cut and restart: data-on while it lasts
//   button[data-step=0…]             one step of "In one minute"; #told says what to see
//   #claim-R4 …                      the claim behind a button, with data-verdict
//   html[data-ready]                 all panes are live, or something is broken, and messages are being published

import { Client } from '/websocket.js';
import { atRate } from '/pace.js';
import { size, time } from '/words.js';

const rates = [0, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]; // messages a second
const intervals = [50, 100, 200, 500, 1000, 2000, 5000]; // ms
const burst = 50; // messages

const faults = {
  cut: { name: 'Cut the line', claim: 'R1', once: true, says: 'Every connection was reset, and for two seconds there is no new one. All three come back by themselves and go on after the last message that they have: late, but nothing is lost.' },
  stall: { name: 'Stop reading', claim: 'R2', says: 'Nothing more gets through. The sockets on the way fill, and then the server writes no further: the room’s log is the queue, so it does not grow. Who is too slow even for that is told how much is gone.', hint: { name: 'Say 100 a second', set: { rate: 100 } } },
  delay: { name: 'Delay 100 ms', claim: 'L2', says: 'A round trip takes 100 ms more, 50 each way. A stream is one transit late, a long poll one to three, polling a transit and half its interval.' },
  hold: { name: 'Buffering proxy', claim: 'R5', says: 'Answers are gathered until they are complete, or fill 32 KiB. A poll’s answer is complete at once. An event stream never is. A WebSocket is no HTTP answer that it could wait for the end of: its frames pass.' },
  idle: { name: 'Kill idle, 5 s', claim: 'R4', says: 'What is silent for 5 s is reset. While messages flow nothing is; and this server’s heartbeat comes every 30 s, which is too late.', hint: { name: 'Say nothing', set: { rate: 0 } } },
  restart: { name: 'Restart the server', claim: 'N6', once: true, says: 'The server began anew: its log is empty, and has a new epoch. A cursor of the old one cannot be honoured, and all three are told so: a gap, and no silence.' },
  seven: { name: 'Seven streams', claim: 'R6', says: 'Each pane opens six more. Over HTTP/1.1 a browser keeps six connections to a server, and an event stream takes one for good: the seventh waits.' },
};

const steps = [
  { name: 'Look', set: {}, says: 'Each dot is a message: the higher, the later. What is said right after a question waits for the next one, so polling is late by half its interval on average, and all of it at worst. The other two are there at once.' },
  { name: 'Ask more often', set: { interval: 100 }, says: 'Ten times as often is ten times sooner, and costs ten times the bytes: nearly every question is in vain. Look at what is around each message.' },
  { name: 'Let it wait', set: { long: true }, says: 'A long poll is a question that waits at the server for its answer: as quick as a stream, at a question for each message.' },
  { name: 'Say much', set: { rate: 50 }, says: 'Fifty messages a second, and one answer carries them all: around each message polling costs little now. It is still late.' },
  { name: 'Cut the line', set: { rate: 10, interval: 500 }, fault: 'cut', says: 'Every connection was reset, for two seconds. The dots climb, then all three go on after the last message they had, and nothing is lost. How long each is away is drawn by lot, and says nothing of the transport.' },
  { name: 'Put a proxy in', set: { rate: 5 }, fault: 'hold', says: 'A proxy that gathers answers. Polling does not mind: its answers are complete. The event stream stands still, and nobody says why. The WebSocket passes.' },
  { name: 'Speak', set: { rate: 10, speak: true }, says: 'Each pane speaks now, too, ten times a second. Over polling and server-sent events each word is a POST, and takes a whole request up; over WebSocket it is a frame. Look at the bytes up for each one said: where one speaks often, this is why one chooses a WebSocket.' },
];

const controlClaims = { interval: 'L1', long: 'L3', rate: 'N10', burst: 'C2', speak: 'B2' };

const byId = (id) => document.getElementById(id);
const now = () => performance.timeOrigin + performance.now(); // the panes' clock as well
const room = `live-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;

const panes = [...document.querySelectorAll('iframe[data-pane]')].map((frame) => ({ name: frame.dataset.pane, frame, origin: '', seen: null, top: 20, height: 0 }));
let server = null; // what /live.json said last
let settings = { rate: 2, interval: 1000, long: false, seven: false, speak: false };

function element(name, { className = '', text = '', ...attributes } = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// ---- the server

// The server's answer; nothing where there is none, and then the page says so.
async function ask(path, body) {
  const posted = body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  let failure = 'The server does not answer. Is bench/live/run still running?';
  try {
    const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(5000), ...posted });
    const told = await answer.json();
    if (answer.ok) {
      byId('alarm').hidden = true;
      return told;
    }
    failure = told.detail;
  } catch {
    // no answer, or none of this server's
  }
  byId('alarm').hidden = false;
  byId('alarm').textContent = failure;
  return null;
}

// Twice a second: these figures come by polling. Late by a quarter of a second is early enough for them.
async function look() {
  if (document.hidden) return;
  const since = now();
  const [state, said] = await Promise.all([ask(`/live.json?room=${room}`), settings.speak && ask(`/live.json?room=${room}-said`)]);
  if (!state) return;
  const was = server.faults;
  server = state;
  const changed = Object.keys(state.faults).filter((name) => state.faults[name] !== was[name]);
  // The end of an outage is a part of it: its figures go on.
  const begin = changed.some((name) => !faults[name].once || state.faults[name]);
  if (changed.length) showFaults();
  byId('faults-title').textContent = `Break something, the same for all three${state.pages > 1 ? `, and for all ${state.pages} pages that look on` : ''}`;
  for (const pane of panes) tell(pane, { tally: state.panes[pane.name], said: said && said.panes[pane.name], since, ...(changed.length && setting(begin)) });
}

// ---- publishing: straight to the server, and not through a relay

const publisher = new Client(new URL(`/rooms/${room}`, location), { after: 'latest' });
let lastId = 0;
let acknowledged = [];

async function publish(words = 'hello') {
  const id = (lastId += 1);
  try {
    await publisher.publish('page', `${id} ${now().toFixed(1)} ${words}`);
    acknowledged.push(id);
    return true;
  } catch {
    return false; // the server was not there: nobody will miss it
  }
}

let hush = () => {};

function speak() {
  hush();
  if ('ready' in document.documentElement.dataset) hush = atRate(settings.rate, () => publish());
}

// ---- the panes

function tell(pane, what) {
  if (pane.seen) pane.frame.contentWindow.postMessage(what, pane.origin);
}

function setting(begin = true) {
  const { faults: on, severity } = server;
  return {
    set: { interval: settings.interval, wait: settings.long ? 25 : 0, seven: settings.seven, speak: settings.speak ? settings.rate : 0, faults: on, oneWay: on.delay ? severity.one_way_ms : 0, held: severity.buffer_bytes, idle: severity.idle_ms },
    begin,
  };
}

// Somebody else's page may have broken something before this one came, and a pane never be live.
const isBroken = () => Object.values(server.faults).some(Boolean);

const tellAll = (what) => panes.forEach((pane) => tell(pane, what));

// The next round number: all three charts have the same scale, and it does not move with every message.
function roundUp(ms) {
  const power = 10 ** Math.floor(Math.log10(ms));
  return power * [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((by) => by * power >= ms);
}

const areStacked = () => getComputedStyle(document.querySelector('.panes')).gridTemplateColumns.split(' ').length === 1;

// Side by side they are of one height.
function showHeights() {
  const most = Math.max(...panes.map(({ height }) => height));
  const stacked = areStacked();
  for (const { frame, height } of panes) frame.style.height = `${stacked ? height : most}px`;
}

addEventListener('message', ({ source, origin, data }) => {
  const pane = panes.find(({ frame }) => frame.contentWindow === source);
  if (!pane || origin !== pane.origin || data?.pane !== pane.name) return;
  pane.seen = data.seen;
  if (data.fresh) tell(pane, setting());
  pane.top = data.top;
  pane.height = data.height;
  showHeights();
  if (!('ready' in document.documentElement.dataset) && panes.every(({ seen }) => seen?.state === 'live' || (seen && isBroken()))) {
    document.documentElement.dataset.ready = '';
    speak();
  }
});

setInterval(() => {
  const top = roundUp(Math.max(...panes.map((pane) => pane.top)));
  tellAll({ acknowledged, look: { top, logarithmic: byId('logarithmic').checked, stacked: areStacked() } });
  acknowledged = [];
}, 200);

// ---- what it comes to

const list = (words) => (words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : words.join(''));

function summary() {
  const names = { ws: 'WebSocket', sse: 'server-sent events', poll: settings.long ? 'long polling' : 'polling' };
  const all = panes.map(({ name, seen }) => ({ ...seen, name: names[name] })).reverse();
  if (all.some(({ n }) => n === undefined)) return null; // not all are there
  const come = all.filter(({ n }) => n > 0);
  if (!come.length && settings.rate > 0 && all.every(({ state }) => state === 'live')) return null; // something was changed a moment ago
  if (!come.length && all.every(({ state, late, expected }) => state === 'live' && !late && !expected)) {
    const minute = ({ bytes, seconds, name }) => `${size((bytes / Math.max(1, seconds)) * 60)} over ${name}`;
    return `Nobody speaks. A minute of that is ${list(all.map(minute))}.`;
  }
  const out = all.filter(({ state }) => state !== 'live');
  const late = come.length ? `Half of the messages are there after ${list(come.map(({ p50, name }) => `${time(p50)} over ${name}`))}.` : '';
  const silent = all.filter(({ n, state }) => n === 0 && state === 'live');
  const nothing = silent.length ? ` Over ${list(silent.map(({ name }) => name))} nothing comes.` : '';
  const away = out.length ? ` The connection is gone over ${list(out.map(({ name }) => name))}.` : '';
  const outage = !out.length && all.some(({ late: held }) => held > 0) ? ' What the outage made late is not in that.' : '';
  const figure = settings.speak ? 'each' : 'overhead';
  const sizes = list(come.map((seen) => size(seen[figure])));
  const isKnown = come.length > 0 && come.every((seen) => seen[figure] !== null && !seen.late);
  const costs = !isKnown ? '' : settings.speak ? ` Each message said takes ${sizes} up.` : ` Around each message go ${sizes}.`;
  return (late + nothing + away + outage + costs).trim();
}

setInterval(() => {
  const text = summary();
  const field = document.querySelector('[data-figure=summary]');
  if (text && field.textContent !== text) field.textContent = text;
}, 1000);

// ---- controls

const sliders = {
  rate: { steps: rates, text: (rate) => (rate ? `${rate}` : 'none'), spoken: (rate) => (rate ? `${rate} messages a second` : 'no messages') },
  interval: { steps: intervals, text: time, spoken: (ms) => `a poll every ${time(ms).replaceAll('\u00a0', ' ')}` },
};

const nearest = (all, value) => all.reduce((best, step, i) => (Math.abs(step - value) < Math.abs(all[best] - value) ? i : best), 0);

function showSettings() {
  for (const [name, { steps: all, text, spoken }] of Object.entries(sliders)) {
    const slider = byId(name);
    slider.max = all.length - 1;
    slider.value = nearest(all, settings[name]);
    slider.setAttribute('aria-valuetext', spoken(settings[name]));
    byId(`${name}-told`).textContent = text(settings[name]);
  }
  byId('long').checked = settings.long;
  byId('speak').checked = settings.speak;
  byId('interval').disabled = settings.long;
}

function change(set) {
  settings = { ...settings, ...set };
  showSettings();
  showFaults();
  if (server) tellAll(setting());
  speak();
}

// By hand, and so no step any more.
function choose(set) {
  highlight(-1);
  change(set);
}

// A slider that is being drawn says many values: the last one counts.
let drawn = 0;
for (const [name, { steps: all, text }] of Object.entries(sliders)) {
  byId(name).addEventListener('input', ({ target }) => {
    byId(`${name}-told`).textContent = text(all[target.value]);
    clearTimeout(drawn);
    drawn = setTimeout(() => choose({ [name]: all[target.value] }), 150);
  });
}
byId('speak').addEventListener('change', ({ target }) => choose({ speak: target.checked }));
byId('long').addEventListener('change', ({ target }) => choose({ long: target.checked }));
byId('burst').addEventListener('click', () => {
  for (let i = 0; i < burst; i += 1) publish();
});
byId('reset').addEventListener('click', async () => {
  await ask('/live/reset', { room });
  location.reload();
});
byId('say').addEventListener('submit', async (event) => {
  event.preventDefault();
  if (await publish(byId('text').value || 'hello')) byId('text').value = '';
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && server) tellAll(setting()); // what a hidden tab was late with does not count
});

// ---- faults and steps

const isOn = (name) => (name === 'seven' ? settings.seven : Boolean(server?.faults[name]));

async function obeyed(body) {
  const state = await ask('/live/faults', body);
  if (state) await look();
}

async function press(name) {
  highlight(-1);
  const { once, says, hint } = faults[name];
  if (name === 'seven') change({ seven: !settings.seven });
  else await obeyed(once ? { fault: name } : { fault: name, on: !isOn(name) });
  tellPeople(once || isOn(name) ? says : `${faults[name].name}: off again.`, isOn(name) && hint?.set.rate !== settings.rate && hint);
}

function tellPeople(text, hint) {
  byId('told').replaceChildren(text);
  if (!hint) return;
  const button = element('button', { type: 'button', className: 'hint', text: hint.name });
  button.addEventListener('click', () => choose(hint.set));
  byId('told').append(' ', button);
}

const highlight = (step) => document.querySelectorAll('[data-step]').forEach((button) => button.toggleAttribute('data-on', Number(button.dataset.step) === step));

async function go(step) {
  const { set, fault, says } = steps[step];
  for (const name of ['stall', 'delay', 'hold', 'idle']) {
    if (isOn(name) && name !== fault) await obeyed({ fault: name, on: false });
  }
  change({ ...beginning(), ...set });
  if (fault && !isOn(fault)) await obeyed(faults[fault].once ? { fault } : { fault, on: true });
  highlight(step);
  tellPeople(says);
}

const beginning = () => ({ rate: server?.begin.rate ?? 2, interval: server?.begin.interval_ms ?? 1000, long: false, seven: false, speak: false });

function showFaults() {
  for (const button of document.querySelectorAll('[data-fault]')) {
    const { once } = faults[button.dataset.fault];
    const on = isOn(button.dataset.fault);
    if (once) button.toggleAttribute('data-on', on);
    else button.setAttribute('aria-pressed', on);
  }
}

function claimLink(id, about) {
  const link = element('a', { className: 'claim', href: `#claim-${id}`, text: `claim ${id}`, title: `Is it true? What claim ${id} came to` });
  link.append(element('span', { className: 'hidden', text: `, the one behind “${about}”` }));
  return link;
}

for (const [name, { name: text, once, claim }] of Object.entries(faults)) {
  const button = element('button', { type: 'button', 'data-fault': name, text, ...(!once && { 'aria-pressed': 'false' }) });
  button.addEventListener('click', () => press(name));
  const item = element('li');
  item.append(button, claimLink(claim, text));
  byId('faults').append(item);
}
steps.forEach(({ name }, i) => {
  const button = element('button', { type: 'button', 'data-step': i, text: name });
  button.addEventListener('click', () => go(i));
  const item = element('li');
  item.append(button);
  byId('steps').append(item);
});
for (const [id, claim] of Object.entries(controlClaims)) {
  const beside = byId(id).closest('label') ?? byId(id);
  beside.after(claimLink(claim, beside.textContent.trim()));
}

// ---- claims

function claimCard({ id, claim, source, verdict, because, says }, notes) {
  const card = element('article', { id: `claim-${id}`, 'data-verdict': verdict, tabindex: '-1' });
  const title = element('h3');
  title.append(element('b', { text: id }), ` ${claim}`);
  const told = element('p');
  told.append(element('strong', { text: verdict || 'no verdict yet' }), because ? `: ${because}` : '');
  const more = element('p', { className: 'more', text: `${says ? `${says} ` : ''}Source: ${source}. ` });
  if (verdict !== 'not measured here') more.append('Repeat it: ', element('code', { text: `bench/run --claim ${id}` }), '. ');
  if (notes) more.append(element('a', { href: `/notes#claims--${id.toLowerCase()}`, text: `${id} in the notes` }));
  else more.append('All of it: ', element('code', { text: `notes/claims.md#${id.toLowerCase()}` }));
  card.append(title, told, more);
  return card;
}

async function showClaims() {
  const { claims } = (await ask('/claims.json')) ?? { claims: [] };
  const used = [...Object.values(faults).map(({ claim }) => claim), ...Object.values(controlClaims)];
  const shown = used.map((wanted) => claims.find(({ id }) => id === wanted)).filter(Boolean);
  byId('claims').replaceChildren(...shown.map((claim) => claimCard(claim, server.notes)));
  if (!shown.length) byId('claims').textContent = 'The notes are not here: notes/claims.json and notes/claims.md.';
}

// ---- the beginning

async function begin() {
  server = await ask(`/live.json?room=${room}`);
  if (!server) return setTimeout(begin, 1000);
  change(beginning());
  for (const pane of panes) {
    pane.origin = `${location.protocol}//${location.hostname}:${server.panes[pane.name].port}`;
    const address = `${pane.origin}/#over=${pane.name}&room=${room}`;
    pane.frame.src = address;
    byId(`open-${pane.name}`).href = address;
  }
  publisher.connect().catch(() => {});
  setInterval(look, 500);
  await showClaims();
  if (location.hash) byId(location.hash.slice(1))?.scrollIntoView();
  return null;
}

highlight(0);
tellPeople(steps[0].says);
begin();
