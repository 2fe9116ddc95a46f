// The page with the three transports side by side: its figures, each fault, and what the figures must say of it.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { violations } from './support/accessibility.mjs';
import { launch } from './support/chromium.mjs';
import { Live, panes } from './support/live.mjs';
import { serve } from './support/servers.mjs';
import { until } from './support/until.mjs';

const browser = await launch();
after(() => browser.close());

async function start(test, { options = [], ...look } = {}) {
  const server = await serve(test, 'live_server', '--pane-port', 0, ...options);
  return Live.open(test, browser, server.url, look);
}

describe('side by side', () => {
  it('all three hear all, and each pays in its own way', async (test) => {
    const live = await start(test, { options: ['--rate', 10, '--interval', 0.5] });

    const { poll, sse, ws } = await live.whereEach('20 messages in each pane', ({ messages, overhead }) => messages >= 20 && overhead !== null);

    for (const { lost, repeated, gaps, reconnects, state } of [poll, sse, ws]) {
      assert.deepEqual({ lost, repeated, gaps, reconnects, state }, { lost: 0, repeated: 0, gaps: 0, reconnects: 0, state: 'live' });
    }
    // One question each, and polling another for each interval.
    assert.deepEqual([sse.requests, ws.requests, sse.connections, ws.connections], [1, 1, 1, 1]);
    assert.ok(poll.requests > 3, `${poll.requests} polls`);
    assert.ok(poll.overhead > sse.overhead && sse.overhead > ws.overhead, JSON.stringify([poll.overhead, sse.overhead, ws.overhead]));
    assert.ok(poll.up > 20 * sse.up || poll.up > ws.up, JSON.stringify([poll.up, sse.up, ws.up]));
    for (const { down } of [poll, sse, ws]) assert.ok(down > 0);
    // Half of the interval, against what nobody waits for: the only figure of time, and it is a comparison.
    assert.ok(poll.p50 > sse.p50 && poll.p50 > ws.p50, JSON.stringify([poll.p50, sse.p50, ws.p50]));
    for (const name of panes) await live.pane(name).locator('#strip canvas').first().waitFor();
  });

  it('what one says and a burst arrive in all panes', async (test) => {
    const live = await start(test, { options: ['--rate', 0, '--interval', 0.2] });
    await live.page.getByLabel('A message of your own').fill('안녕');
    await live.page.getByRole('button', { name: 'Send', exact: true }).click();
    await live.whereEach('one message', ({ messages }) => messages === 1);

    await live.page.getByRole('button', { name: '50 at once' }).click();

    const all = await live.whereEach('51 messages', ({ messages }) => messages === 51);
    for (const name of panes) assert.deepEqual([all[name].lost, all[name].repeated], [0, 0]);
  });

  it('the sliders and the switch change what is asked', async (test) => {
    const live = await start(test, { options: ['--rate', 5, '--interval', 1] });
    const frame = live.pane('poll');
    assert.equal(await frame.locator('html').getAttribute('data-over'), 'poll');

    await live.page.getByRole('switch', { name: 'Long polling' }).click();

    await frame.locator('html[data-over="longpoll"]').waitFor();
    await frame.getByRole('heading', { name: 'Long polling' }).waitFor();
    await live.where('long polls', ({ poll }) => poll.state === 'live' && poll.messages > 0);
    const before = await live.figures('poll');
    const later = await live.where('messages over long polling', ({ poll }) => poll.messages >= before.messages + 10);
    assert.ok(later.poll.requests - before.requests >= 1, 'each answer is asked for');
    assert.deepEqual([later.poll.lost, later.poll.repeated], [0, 0]);

    await live.page.getByRole('switch', { name: 'Long polling' }).click();
    await frame.locator('html[data-over="poll"]').waitFor();
    const { poll } = await live.settled();
    assert.deepEqual([poll.lost, poll.repeated], [0, 0]);
  });

  it('each pane speaks, too: a frame goes up over WebSocket, a whole request over the others', async (test) => {
    const live = await start(test);
    await live.page.getByRole('button', { name: 'Speak' }).click();
    await live.page.locator('#speak:checked').waitFor();

    // So many that a few frames that are under way, counted and not yet acknowledged, weigh little.
    const { poll, sse, ws } = await live.whereEach('bytes up for each message said', ({ each, said }) => each !== null && said >= 30);

    // A frame has a head of 6 bytes, the ref and the words; a request has a line and the browser's fields besides.
    assert.ok(ws.each > 20 && ws.each < 100, `${ws.each} bytes`);
    for (const { each } of [poll, sse]) assert.ok(each > 5 * ws.each, JSON.stringify([poll.each, sse.each, ws.each]));
    assert.match(ws.sentence, /^It speaks, too, and a message is a frame/);
    assert.match(sse.sentence, /^It speaks, too, and each message is a POST/);
    await live.page.locator('[data-figure="summary"]').filter({ hasText: 'Each message said takes' }).waitFor();
    await live.page.getByRole('switch', { name: 'Each pane speaks, too' }).click();
    const all = await live.settled();
    for (const name of panes) assert.deepEqual([all[name].lost, all[name].repeated, all[name].gaps], [0, 0, 0], name);
  });

  it('starts over with nothing', async (test) => {
    const live = await start(test, { options: ['--rate', 20] });
    await live.whereEach('messages', ({ messages }) => messages > 40);
    await live.press('delay');
    await live.page.locator('[data-fault="delay"][aria-pressed="true"]').waitFor();

    await live.page.getByRole('button', { name: 'Start over' }).click();

    await live.page.locator('[data-fault="delay"][aria-pressed="false"]').waitFor();
    await live.page.locator('html[data-ready]').waitFor();
    await live.whereEach('a new count', ({ messages }) => messages !== null && messages < 40);
  });
});

describe('a fault', () => {
  it('cut: all three come back by themselves, and nothing is lost', async (test) => {
    const live = await start(test, { options: ['--rate', 10, '--interval', 0.2] });
    await live.whereEach('messages', ({ messages }) => messages > 5);

    await live.press('cut');

    await live.whereEach('a reconnect', ({ reconnects, state }) => reconnects >= 1 && state === 'live');
    // What the outage made late is named as that; before something is changed, which begins the figures anew.
    await live.where('late messages, said so', (now) => ['sse', 'ws'].every((name) =>
      now[name].late > 0 && /late by the outage, and (is|are) not counted here/.test(now[name].sentence)));
    const all = await live.settled();
    for (const name of panes) assert.deepEqual([all[name].lost, all[name].repeated, all[name].gaps], [0, 0, 0], name);
    await live.page.locator('[data-fault="cut"]:not([data-on])').waitFor();
  });

  it('stall: nothing comes, nobody says so, and all of it is there afterwards', async (test) => {
    const live = await start(test, { options: ['--rate', 20, '--interval', 0.2] });
    await live.whereEach('messages', ({ messages }) => messages > 5);

    await live.press('stall');

    // A stream looks alive; a poll's answer is awaited.
    const stalled = await live.where('nothing more', ({ sse, ws }) => [sse, ws].every(({ sentence }) => /^Nothing for/.test(sentence)));
    for (const name of ['sse', 'ws']) assert.deepEqual([stalled[name].state, stalled[name].reconnects], ['live', 0]);
    const [before] = [await live.figures('ws')];
    await live.press('stall');
    await live.where('what was held back', ({ ws }) => ws.messages > before.messages);
    const all = await live.settled();
    for (const name of panes) assert.deepEqual([all[name].lost, all[name].repeated, all[name].gaps], [0, 0, 0], name);
  });

  it('delay: a transit more for each, and more for polling', async (test) => {
    const live = await start(test, { options: ['--rate', 20, '--interval', 0.5] });
    await live.whereEach('messages', ({ messages }) => messages > 5);

    await live.press('delay');

    const oneWay = 50;
    const { poll, sse, ws } = await live.whereEach('delayed messages', ({ p50, messages }) => p50 >= oneWay && messages > 30);
    assert.ok(poll.p50 > sse.p50 && poll.p50 > ws.p50);
    await live.press('delay');
    await live.where('no delay', ({ sse: one, ws: other }) => one.p50 < oneWay && other.p50 < oneWay);
    const all = await live.settled();
    for (const name of panes) assert.deepEqual([all[name].lost, all[name].repeated, all[name].reconnects], [0, 0, 0], name);
  });

  it('hold: the event stream stands still, the WebSocket and the polls pass', async (test) => {
    const live = await start(test, { options: ['--rate', 10, '--interval', 0.2] });
    await live.whereEach('messages', ({ messages }) => messages > 5);

    await live.press('hold');

    const held = await live.where('a stream that gathers', ({ sse }) => /The proxy gathers/.test(sse.sentence));
    const later = await live.where('the others to go on', ({ poll, ws }) => poll.messages > held.sse.messages + 20 && ws.messages > held.sse.messages + 20);
    assert.equal(later.sse.messages, held.sse.messages);
    assert.equal(later.sse.state, 'live');
    await live.press('hold');
    const all = await live.settled();
    for (const name of panes) assert.deepEqual([all[name].lost, all[name].repeated], [0, 0], name);
  });

  it('stall: each has all afterwards, and at once, also after much', async (test) => {
    const live = await start(test, { options: ['--rate', 100, '--interval', 0.2] });
    await live.whereEach('messages', ({ messages }) => messages > 5);
    await live.press('stall');
    await live.where('a thousand behind', ({ sse, ws }) => [sse, ws].every(({ sentence }) => /[1-9].\d{3} messages are behind/.test(sentence)));
    await live.press('stall');
    const all = await live.settled();
    for (const name of panes) assert.deepEqual([all[name].lost, all[name].repeated, all[name].gaps], [0, 0, 0], name);
    for (const name of ['sse', 'ws']) assert.equal(all[name].reconnects, 0, name);
  });

  it('hold, as soon as the page is there: nobody is said to be silent', async (test) => {
    const live = await start(test, { options: ['--rate', 0] });
    await live.press('hold');
    await live.rate(10);
    await live.where('a stream that gathers', ({ sse }) => {
      assert.doesNotMatch(sse.sentence, /Nobody speaks/);
      return /The proxy gathers/.test(sse.sentence);
    });
  });

  it('idle: a silent stream is cut off, polls are not', async (test) => {
    const live = await start(test, { options: ['--rate', 0, '--interval', 1] });

    await live.press('idle');

    const { poll } = await live.where('streams that were cut', ({ sse, ws }) => sse.reconnects >= 1 && ws.reconnects >= 1);
    assert.equal(poll.reconnects, 0);
    await live.press('idle');
    await live.whereEach('live again', ({ state }) => state === 'live');
    await live.page.getByRole('button', { name: '50 at once' }).click();
    const all = await live.whereEach('50 messages', ({ messages }) => messages === 50);
    for (const name of panes) assert.deepEqual([all[name].lost, all[name].repeated, all[name].gaps], [0, 0, 0], name);
  });

  it('restart: a new epoch, and each says that something is gone', async (test) => {
    const live = await start(test, { options: ['--rate', 10, '--interval', 0.2] });
    await live.whereEach('messages', ({ messages }) => messages > 5);
    const state = () => live.page.evaluate(() => fetch('/live.json').then((answer) => answer.json()));
    const { epoch } = await state();

    await live.press('restart');

    const all = await live.whereEach('a gap', ({ gaps, state: now }) => gaps === 1 && now === 'live');
    for (const name of panes) assert.equal(all[name].repeated, 0, name);
    assert.notEqual((await state()).epoch, epoch);
    await live.whereEach('messages again', ({ messages }, name) => messages > all[name].messages + 5);
  });

  it('seven streams: the browser keeps six event streams, and all the WebSockets and polls', async (test) => {
    const live = await start(test, { options: ['--rate', 5, '--interval', 0.5] });

    await live.press('seven');

    await live.where('six of seven', ({ poll, sse, ws }) => sse.streams === 6 && ws.streams === 7 && poll.streams === 7);
    await live.where('its sentence', ({ sse }) => /^6 of 7 are live/.test(sse.sentence));
    await live.press('seven');
    await live.whereEach('one each', ({ streams }) => streams === 1);
  });

  it('each button has its claim behind it', async (test) => {
    const live = await start(test);
    const links = live.page.locator('#faults a.claim');
    const buttons = live.page.locator('#faults button[data-fault]');
    assert.equal(await links.count(), await buttons.count());
    assert.equal(await buttons.count(), 7);
    for (const href of await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')))) {
      const card = live.page.locator(href);
      await card.waitFor();
      assert.notEqual(await card.getAttribute('data-verdict'), '', href);
    }
  });
});

describe('the page around them', () => {
  const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
  const looks = { 'in light': { colorScheme: 'light' }, 'in the dark': { colorScheme: 'dark' }, 'on a phone': phone };
  for (const [look, options] of Object.entries(looks)) {
    it(`axe finds nothing, ${look}`, async (test) => {
      const live = await start(test, { options: ['--rate', 10, '--interval', 0.2], ...options });
      await live.whereEach('messages', ({ messages }) => messages > 10);
      await live.press('hold');
      await live.page.locator('[data-fault="hold"][aria-pressed="true"]').waitFor();
      assert.deepEqual(await violations(live.page), []);
      assert.equal(await live.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), true);
    });
  }

  it('goes step by step, with the keyboard alone', async (test) => {
    const live = await start(test);
    const first = live.page.locator('[data-step="0"]');
    await until('the first step to have the focus', async () => {
      await live.page.keyboard.press('Tab');
      return first.evaluate((button) => button === document.activeElement);
    });
    await live.page.keyboard.press('Tab');
    await live.page.keyboard.press('Enter');

    await live.page.locator('[data-step="1"][data-on]').waitFor();
    await live.page.getByRole('status').filter({ hasText: 'Ten times as often' }).waitFor();
    await live.page.locator('#interval[aria-valuetext="a poll every 100 ms"]').waitFor();
  });

  it('lets no page of somebody else break anything', async (test) => {
    const live = await start(test, { options: ['--rate', 0] });
    const answer = await fetch(`${live.page.url()}live/faults`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: 'http://elsewhere.example' },
      body: '{"fault":"cut"}',
    });
    assert.equal(answer.status, 403);
    for (const name of panes) assert.equal((await live.figures(name)).reconnects, 0);
  });
});
