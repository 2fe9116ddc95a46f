// What only a browser can show, as figures for the ledger of claims: one cell, one line of JSON on standard output.
//
//   node tests/browser/measure.mjs --list
//   node tests/browser/measure.mjs browser/sse/streams
//
//   {"cell":"browser/sse/streams","browser":"156.0.8078.79","figures":{"live":6,…},"gates":[{"name":"…","held":true,"detail":"…"}]}
//
// A gate that does not hold means that the figures are not what they are taken for. PROGRAMS is the build directory with the servers and, for
// browser/contract, with feed_tests; CHROMIUM the browser. Exit code 1 and words on standard error where there are no figures.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import WebSocket from 'ws';

import { Chat } from './support/chat.mjs';
import { launch, open } from './support/chromium.mjs';
import { cases, differences, play, ways } from './support/contract.mjs';
import { elsewhere } from './support/pages.mjs';
import { Relay } from './support/relay.mjs';
import { Server, numbered, programs } from './support/servers.mjs';
import { until } from './support/until.mjs';

const arms = { poll: 'polling', sse: 'sse', ws: 'websocket' };

/** What a measurement needs and what ends with it: `after` as that of a test. */
class Setting {
  #ends = [];
  gates = [];

  constructor(browser) {
    this.browser = browser;
  }

  after(end) {
    this.#ends.push(end);
  }

  async serve(arm, ...options) {
    const server = await Server.start(`${arms[arm]}_server`, ...options);
    this.after(() => server.kill());
    return server;
  }

  async relay(port) {
    const relay = await Relay.to(port);
    this.after(() => relay.close());
    return relay;
  }

  /** A page of `url` without a script of its own. */
  async page(url, path = '/healthz') {
    const page = await open(this.browser, url, { path });
    this.after(() => page.context().close());
    return page;
  }

  expect(name, seen, expected) {
    this.gates.push({ name, held: seen === expected, detail: `${seen}, expected ${expected}` });
  }

  async end() {
    for (const end of this.#ends.reverse()) await end();
  }
}

// ---- seven at once (R6)

const tabs = 7;
const window_ms = 5000; // a tab whose feed has not begun by then has not loaded for whoever waits for it

// In the page: begins to read by what the browser has, without our clients. Tells when the feed has begun.
function beginReading({ arm, within }) {
  const room = `${location.origin}/rooms/lobby`;
  let close;
  globalThis.begun = new Promise((resolve) => {
    if (arm === 'sse') {
      const source = new EventSource(`${room}/events`);
      source.addEventListener('hello', () => resolve(true), { once: true });
      close = () => source.close();
    } else if (arm === 'ws') {
      const socket = new globalThis.WebSocket(`${room.replace('http', 'ws')}/socket`);
      socket.addEventListener('message', () => resolve(true), { once: true });
      close = () => socket.close();
    } else {
      fetch(`${room}/messages`).then(() => resolve(true));
      close = () => {};
    }
  });
  globalThis.stopReading = () => close();
  return Promise.race([globalThis.begun, new Promise((resolve) => setTimeout(resolve, within, false))]);
}

async function streams(setting, arm) {
  const server = await setting.serve(arm);
  const context = await setting.browser.newContext();
  setting.after(() => context.close());
  const pages = [];
  for (let tab = 0; tab < tabs; ++tab) {
    const page = await context.newPage();
    await page.goto(`${server.url}/healthz`); // before any of them keeps a connection
    pages.push(page);
  }
  const protocol = await pages[0].evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol);
  setting.expect('protocol', protocol, 'http/1.1');

  const begun = await Promise.all(pages.map((page) => page.evaluate(beginReading, { arm, within: window_ms })));

  const live = begun.filter(Boolean).length;
  const { readers } = await server.stats();
  const waiting = pages.filter((_, tab) => !begun[tab]);
  await pages[begun.indexOf(true)].evaluate(() => globalThis.stopReading());
  const freed = waiting.length ? await Promise.race([waiting[0].evaluate(() => globalThis.begun), new Promise((resolve) => setTimeout(resolve, window_ms, false))]) : false;
  return { tabs, live, waiting: waiting.length, readers_at_server: readers, began_when_one_closed: Number(freed) };
}

// ---- text and bytes (N9)

const said = ['hello', '안녕하세요', '👋🏽 a\u0000b', ''];

// In the page: what /echo gives back for the texts as text, and for their bytes as bytes.
async function echo({ url, texts, binaryType }) {
  const socket = new globalThis.WebSocket(url);
  if (binaryType) socket.binaryType = binaryType;
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('no echo')));
  });
  const come = (what) => new Promise((resolve) => {
    socket.addEventListener('message', ({ data }) => resolve(data), { once: true });
    socket.send(what);
  });
  const all = [];
  for (const text of texts) {
    const bytes = new TextEncoder().encode(text);
    const asText = await come(text);
    const asBytes = await come(bytes);
    const buffer = asBytes instanceof Blob ? await asBytes.arrayBuffer() : asBytes;
    all.push({
      text: typeof asText, sameText: asText === text,
      binary: typeof asBytes === 'string' ? 'string' : asBytes.constructor.name,
      numbers: typeof asBytes === 'string' ? null : [...new Uint8Array(buffer)],
      decoded: typeof asBytes === 'string' ? asBytes : new TextDecoder().decode(buffer),
    });
  }
  socket.close();
  return all;
}

// The same by `ws`, the library of most servers that are written in JavaScript: what its `message` event gives.
async function echoOfLibrary(url) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const come = (what) => new Promise((resolve) => {
    socket.once('message', (data, isBinary) => resolve({ kind: typeof data === 'string' ? 'string' : data.constructor.name, numbers: [...data], isBinary }));
    socket.send(what);
  });
  const all = [];
  for (const text of said) all.push({ text: await come(text), binary: await come(Buffer.from(text)) });
  socket.close();
  return all;
}

async function textAndBinary(setting) {
  const server = await setting.serve('ws');
  const url = `${server.url.replace('http', 'ws')}/echo`;
  const page = await setting.page(server.url);
  const buffers = await page.evaluate(echo, { url, texts: said, binaryType: 'arraybuffer' });
  const blobs = await page.evaluate(echo, { url, texts: said, binaryType: null });
  const library = await echoOfLibrary(url);
  const numbersOf = (text) => [...Buffer.from(text)].join();
  const count = (all, isSo) => all.filter(isSo).length;
  return {
    frames: said.length,
    text_as_string: count(buffers, ({ text, sameText }) => text === 'string' && sameText),
    binary_as_string: count(buffers, ({ binary }) => binary === 'string'),
    binary_as_numbers: count(buffers, ({ binary, numbers }, i) => binary === 'ArrayBuffer' && numbers.join() === numbersOf(said[i])),
    binary_as_blob: count(blobs, ({ binary }) => binary === 'Blob'),
    binary_decoded: count(buffers, ({ decoded }, i) => decoded === said[i]),
    library_text_as_string: count(library, ({ text }) => text.kind === 'string'),
    library_text_as_numbers: count(library, ({ text }, i) => text.kind === 'Buffer' && text.numbers.join() === numbersOf(said[i])),
    library_tells_apart: count(library, ({ text, binary }) => !text.isBinary && binary.isBinary),
  };
}

// ---- the contract, from a browser and from C++ (N7)

async function contract(setting) {
  const inCpp = await contractInCpp();
  const counts = { cases: 0, passed_in_browser: 0, passed_in_cpp: 0, passed_in_both: 0, not_to_be_had_in_browser: 0, failed_in_browser: 0 };
  const names = [...new Set([...Object.keys(cases), ...Object.keys(differences)])];
  const inBrowser = async (name, way, pages) => {
    const differs = differences[name]?.ways.includes(way);
    counts.not_to_be_had_in_browser += Number(differs ?? false);
    if (differs && !differences[name].instead) return false;
    try {
      await play(name, way, pages);
      return !differs;
    } catch (error) {
      counts.failed_in_browser += 1;
      setting.gates.push({ name: `${name} over ${way}`, held: false, detail: error.message });
      return false;
    }
  };
  await Promise.all(Object.keys(ways).map(async (way) => {
    const pages = [await setting.page(null), await setting.page(null)];
    for (const name of names) {
      const cpp = inCpp.get(`${name}/${way}`) === true;
      const browser = await inBrowser(name, way, pages);
      counts.cases += 1;
      counts.passed_in_cpp += Number(cpp);
      counts.passed_in_browser += Number(browser);
      counts.passed_in_both += Number(cpp && browser);
    }
  }));
  setting.expect('cases that C++ told of', [...inCpp.keys()].filter((key) => Object.hasOwn(ways, key.split('/')[1])).length, counts.cases);
  return counts;
}

/** By "CASE/WAY": whether it passed. */
async function contractInCpp() {
  const program = join(programs, 'feed_tests');
  if (!existsSync(program)) throw new Error(`${program} is not built, expected the C++ half of the contract there`);
  const directory = mkdtempSync(join(tmpdir(), 'contract-'));
  try {
    const report = join(directory, 'contract.json');
    await promisify(execFile)(program, ['--gtest_filter=Over/Contract.*', `--gtest_output=json:${report}`], { maxBuffer: 1 << 26 }).catch((error) => {
      if (!existsSync(report)) throw error; // else some failed, and the report says which
    });
    const { testsuites } = JSON.parse(readFileSync(report, 'utf8'));
    return new Map(testsuites.flatMap(({ testsuite }) => testsuite.map(({ name, result, failures }) => [name, result === 'COMPLETED' && !failures])));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

// ---- cut off, without a line of code for it (R1)

const before = 20;
const missed = 10;

// In the page: what a browser does by itself.
function readBare({ arm }) {
  const room = `${location.origin}/rooms/lobby`;
  const seqs = (globalThis.seqs = []);
  globalThis.hellos = 0;
  globalThis.ends = 0;
  if (arm === 'sse') {
    const source = new EventSource(`${room}/events?after=latest`);
    source.addEventListener('hello', () => ++globalThis.hellos);
    source.addEventListener('message', ({ data }) => seqs.push(JSON.parse(data).seq));
    source.addEventListener('error', () => ++globalThis.ends);
  } else {
    const socket = new globalThis.WebSocket(`${room.replace('http', 'ws')}/socket?after=latest`);
    socket.addEventListener('message', ({ data }) => {
      const { hello, seq } = JSON.parse(data);
      if (hello) ++globalThis.hellos;
      else seqs.push(seq);
    });
    socket.addEventListener('close', () => ++globalThis.ends);
  }
}

async function reconnect(setting, arm) {
  const server = await setting.serve(arm);
  const relay = await setting.relay(server.port);
  const page = await setting.page(relay.url);
  const asked = [];
  page.on('request', async (request) => request.url().includes('/rooms/lobby/') && asked.push(await request.allHeaders()));
  await page.evaluate(readBare, { arm });
  await until('the hello', () => page.evaluate(() => globalThis.hellos > 0));
  const cursors = await server.publishAll(numbered(1, before));
  await until('what was said before', () => page.evaluate((count) => globalThis.seqs.length >= count, before));
  relay.pointAt(0);
  relay.cut();
  await until('the end of the connection', () => page.evaluate(() => globalThis.ends > 0));
  await server.publishAll(numbered(before + 1, before + missed));
  relay.pointAt(server.port);
  // Who comes back has everything soon; who does not is given as long as an EventSource takes, and some more.
  const has = (seq) => page.evaluate((wanted) => globalThis.seqs.includes(wanted), seq);
  const back = await Promise.race([
    until('what was missed', () => has(before + missed)).then(() => true, () => false),
    new Promise((resolve) => setTimeout(resolve, window_ms, false)),
  ]);
  await server.publish('a later one');
  if (back) await until('the later one', () => has(before + missed + 1));
  const seqs = await page.evaluate(() => globalThis.seqs);
  const ids = asked.map((fields) => fields['last-event-id']).filter(Boolean);
  if (arm === 'sse') setting.expect('the id that was sent again', ids.at(-1), cursors.at(-1));
  return {
    missed,
    lost: missed - new Set(seqs.filter((seq) => seq > before && seq <= before + missed)).size,
    repeated: seqs.length - new Set(seqs).size,
    reconnects: await page.evaluate(() => globalThis.hellos) - 1,
    last_event_ids: ids.length,
  };
}

// ---- from a page of somebody else (R7)

async function foreign(setting) {
  const pages = await elsewhere(setting);
  const checks = await setting.serve('ws');
  const lets = await setting.serve('ws', '--allow-origin', new URL(pages.otherSite).origin);
  const page = await setting.page(pages.otherSite, '');
  const figures = {};
  for (const [name, server] of [['checked', checks], ['unchecked', lets]]) {
    const opened = await page.evaluate((url) => new Promise((resolve) => {
      const socket = new globalThis.WebSocket(url);
      socket.addEventListener('open', () => socket.send(JSON.stringify({ ref: 1, author: 'page', text: 'from elsewhere' })));
      socket.addEventListener('message', ({ data }) => JSON.parse(data).ref && resolve(true));
      socket.addEventListener('close', () => resolve(false));
    }), `${server.url.replace('http', 'ws')}/rooms/lobby/socket`);
    const { published, refused } = await server.stats();
    figures[`${name}_opened`] = Number(opened);
    figures[`${name}_messages`] = published;
    figures[`${name}_refused`] = refused;
  }
  return figures;
}

// ---- one publish whose answer is lost

async function lostAnswer(setting, arm) {
  const server = await setting.serve(arm);
  const relay = await setting.relay(server.port);
  const page = await setting.page(relay.url);
  const publish = (text) => page.evaluate(async (words) => {
    const { Client } = await import('/client.js');
    globalThis.client ??= new Client(new URL('/rooms/lobby', location), { after: 'latest', backoff: { first: 3_600_000, most: 3_600_000 } });
    if (location.search === '?connect') await globalThis.client.connect();
    return globalThis.client.publish('ada', words).then(() => true, () => false);
  }, text);
  if (arm === 'ws') await page.goto(`${relay.url}/healthz?connect`);
  setting.expect('the first publish was answered', await publish('message 1'), true);
  relay.swallowAnswers();
  let over = false;
  const publishing = publish('message 2').finally(() => (over = true));
  await server.statsWhere('the second message', ({ published }) => published >= 2);
  relay.cut();
  await server.statsWhere('the end', ({ published }) => over || published > 2);
  relay.pointAt(0);
  relay.cut();
  const answered = await publishing;
  return { publishes: 1, messages: (await server.stats()).published - 1, answered: Number(answered) };
}

// ---- the page: its first paint, and a thousand messages

async function firstPaint(setting, arm) {
  const server = await setting.serve(arm);
  await server.publishAll(numbered(1, 50));
  await setting.page(server.url, '/'); // the browser's own first page is another matter
  const page = await setting.page(null);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  await page.goto(server.url);
  await new Chat(page).is('live');
  const paint = await until('the first paint', () => page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime));
  const { metrics } = await cdp.send('Performance.getMetrics');
  const ms = (name) => 1000 * metrics.find((metric) => metric.name === name).value;
  const { loaded_ms, bytes, files } = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation');
    const loaded = performance.getEntriesByType('resource').filter(({ initiatorType }) => !['fetch', 'xmlhttprequest'].includes(initiatorType));
    const all = [navigation, ...loaded.filter(({ name }) => !name.includes('/rooms/'))];
    return {
      loaded_ms: Math.max(...all.map(({ responseEnd }) => responseEnd)), // from the request for the page to the last byte of the last file
      bytes: all.reduce((sum, { transferSize }) => sum + transferSize, 0),
      files: all.length,
    };
  });
  return { first_paint_ms: paint, loaded_ms, script_ms: ms('ScriptDuration'), layout_ms: ms('LayoutDuration'), style_ms: ms('RecalcStyleDuration'), bytes, files };
}

// In the page: the times from one frame to the next; and what waits for a message without asking again and again, as a locator does. That looked
// through a thousand lines each time, and took two thirds of the time of which the frames are made.
function watchFrames() {
  const seen = (globalThis.seen = { frames: [], longTasks: 0 });
  new PerformanceObserver((list) => (seen.longTasks += list.getEntries().length)).observe({ type: 'longtask' });
  let last = 0;
  requestAnimationFrame(function frame(now) {
    if (last) seen.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  });
  globalThis.nextFrames = async (count) => {
    for (const end = seen.frames.length + count; seen.frames.length < end; ) await new Promise(requestAnimationFrame);
  };
  globalThis.arrival = (text) => new Promise((resolve) => {
    new MutationObserver((records, observer) => {
      if (!records.some(({ addedNodes }) => [...addedNodes].some((node) => node.textContent.includes(text)))) return;
      observer.disconnect();
      resolve();
    }).observe(document.getElementById('messages'), { childList: true, subtree: true });
  });
}

async function thousand(setting) {
  const server = await setting.serve('ws', '--history', 5000);
  await server.publishAll(numbered(1, 1000));
  const page = await setting.page(server.url, '/');
  await new Chat(page).line('message 1000');
  await page.evaluate(watchFrames);
  const arrivals = 20;
  const framesEach = 4; // for what an arrival brings with it, and for the next not to come with it
  const take = () => page.evaluate(() => ({ frames: globalThis.seen.frames.splice(0), longTasks: globalThis.seen.longTasks }));
  // What this browser drops by itself on this machine: the same page, to which nothing comes.
  await page.evaluate((count) => globalThis.nextFrames(count), 1 + arrivals * framesEach);
  const atRest = await take();
  for (let n = 1; n <= arrivals; ++n) {
    const text = `one more, ${n}.`;
    await page.evaluate((awaited) => void (globalThis.arrived = globalThis.arrival(awaited)), text);
    await server.publish(text);
    await page.evaluate((count) => globalThis.arrived.then(() => globalThis.nextFrames(count)), framesEach);
  }
  const { frames, longTasks } = await take();
  const median = frames.toSorted((a, b) => a - b)[Math.floor(frames.length / 2)];
  const dropped = (all) => all.filter((ms) => ms > 1.5 * median).reduce((sum, ms) => sum + Math.round(ms / median) - 1, 0);
  return {
    arrivals,
    messages_in_document: await page.locator('#messages .message').count(),
    frames: frames.length,
    frame_ms: median,
    longest_frame_ms: Math.max(...frames),
    dropped_frames: dropped(frames),
    dropped_at_rest: dropped(atRest.frames),
    long_tasks: longTasks - atRest.longTasks,
  };
}

// ---- the cells

const cells = {
  'browser/contract': contract,
  'browser/ws/text_and_binary': textAndBinary,
  'browser/ws/foreign': foreign,
  'browser/ws/thousand': thousand,
};
for (const arm of Object.keys(arms)) {
  cells[`browser/${arm}/streams`] = (setting) => streams(setting, arm);
  cells[`browser/${arm}/lost_answer`] = (setting) => lostAnswer(setting, arm);
  cells[`browser/${arm}/page`] = (setting) => firstPaint(setting, arm);
}
for (const arm of ['sse', 'ws']) cells[`browser/${arm}/reconnect`] = (setting) => reconnect(setting, arm);

const [cell] = process.argv.slice(2);
if (cell === '--list') {
  console.log(Object.keys(cells).join('\n'));
} else if (!Object.hasOwn(cells, cell)) {
  console.error(`measure.mjs: no cell "${cell}", expected one of ${Object.keys(cells).join(', ')}`);
  process.exitCode = 1;
} else {
  const browser = await launch();
  const setting = new Setting(browser);
  try {
    const figures = await cells[cell](setting);
    console.log(JSON.stringify({ cell, browser: browser.version(), figures, gates: setting.gates }));
  } catch (error) {
    console.error(`measure.mjs: ${cell}: ${error.stack}`);
    process.exitCode = 1;
  } finally {
    await setting.end();
    await browser.close();
  }
}
