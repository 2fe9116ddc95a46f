// The chat page as such: what it weighs, how it holds a long room, a phone, a keyboard, a screen reader, a tab that nobody looks at.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { violations } from './support/accessibility.mjs';
import { Chat } from './support/chat.mjs';
import { launch, launchWithTabs, open } from './support/chromium.mjs';
import { gif } from './support/pictures.mjs';
import { Relay } from './support/relay.mjs';
import { numbered, serve, transports } from './support/servers.mjs';
import { until } from './support/until.mjs';

const browser = await launch();
after(() => browser.close());

const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

describe('what is loaded', () => {
  for (const transport of transports) {
    it(`is below 100 KB, over ${transport}`, async (test) => {
      const server = await serve(test, `${transport}_server`);
      const ada = await Chat.open(test, browser, server.url);
      await ada.is('live');
      await ada.page.waitForLoadState('load');
      const files = await ada.page.evaluate(() =>
        performance.getEntries()
          .filter(({ entryType, initiatorType }) => entryType === 'navigation' || (entryType === 'resource' && !['fetch', 'xmlhttprequest', 'beacon'].includes(initiatorType)))
          .map(({ name, transferSize }) => ({ path: new URL(name).pathname, bytes: transferSize }))
          .filter(({ path }) => !path.startsWith('/rooms/')));
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      for (const needed of ['/', '/start.js', '/page.js', '/page.css', '/feed.js', '/client.js', '/rooms.js', '/wire.js', '/mirror.js']) {
        assert.ok(files.some((file) => file.path === needed && file.bytes > 0), `${needed} is not among ${JSON.stringify(files)}`);
      }
      assert.ok(bytes < 100_000, `${bytes} bytes: ${JSON.stringify(files)}`);
      test.diagnostic(`${transport}: ${files.length} files, ${bytes} bytes with their heads`);
    });
  }

  it('comes from this server alone', async (test) => {
    const server = await serve(test, 'websocket_server');
    const page = await open(browser, null);
    test.after(() => page.context().close());
    const origins = new Set();
    page.on('request', (request) => origins.add(new URL(request.url()).origin));
    await page.goto(server.url);
    await new Chat(page).is('live');
    assert.deepEqual([...origins].filter((origin) => origin !== 'null'), [server.url]); // a picture that is shown before it is sent has none
  });
});

describe('a room of a thousand messages', () => {
  it('is held within bounds, and one more costs one more', async (test) => {
    const server = await serve(test, 'websocket_server', '--history', 5000);
    await server.publishAll(numbered(1, 1200));
    const ada = await Chat.open(test, browser, server.url);
    await ada.line('message 1200');
    await ada.page.evaluate(() => {
      globalThis.seen = { added: 0, batches: 0, longTasks: [], frames: [] };
      new MutationObserver((records) => {
        seen.batches += 1;
        for (const { addedNodes } of records) for (const node of addedNodes) seen.added += Number(node.matches?.('.message'));
      }).observe(document.getElementById('messages'), { childList: true, subtree: true });
      new PerformanceObserver((list) => seen.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
      let last = performance.now();
      (function frame(now) {
        seen.frames.push(now - last);
        last = now;
        requestAnimationFrame(frame);
      })(last);
    });
    const messages = ada.log.locator('#messages .message');
    assert.ok((await messages.count()) <= 1000, `${await messages.count()} messages in the document`);

    await server.publish('one more');
    await ada.line('one more');

    const one = await ada.page.evaluate(() => globalThis.seen);
    assert.equal(one.added, 1);
    assert.ok((await messages.count()) <= 1000);
    assert.equal((await ada.texts()).at(-1), 'one more');
    test.diagnostic(`one more in 1000: ${one.longTasks.length} tasks of more than 50 ms; longest time between two frames ${Math.max(...one.frames).toFixed(0)} ms`);

    // A flood is laid out by the frame and not by the message.
    const flood = await ada.page.evaluate(async (count) => {
      Object.assign(seen, { added: 0, batches: 0, longTasks: [], frames: [] });
      const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/rooms/lobby/socket?after=latest`);
      await new Promise((resolve) => socket.addEventListener('open', resolve));
      for (let ref = 1; ref <= count; ++ref) socket.send(JSON.stringify({ ref, author: 'flood', text: `flood ${ref}` }));
      await new Promise((resolve) => socket.addEventListener('message', ({ data }) => JSON.parse(data).ref === count && resolve()));
      socket.close();
    }, 1000).then(() => ada.line(/^.*flood 1000/)).then(() => ada.page.evaluate(() => globalThis.seen));
    assert.equal(flood.added, 1000);
    assert.ok(flood.batches < 500, `${flood.batches} times laid out`);
    assert.ok((await messages.count()) <= 1000);
    test.diagnostic(`1000 at once: laid out ${flood.batches} times, ${flood.longTasks.length} tasks of more than 50 ms`);
  });
});

describe('on a phone', () => {
  it('nothing is cut off, and one can write', async (test) => {
    const server = await serve(test, 'websocket_server');
    await server.publish('x'.repeat(500), { author: 'y'.repeat(64) });
    await server.publish('어서 오세요, 긴 문장도 잘립니까? '.repeat(10));
    for (const height of [740, 380]) { // the second: as much as a keyboard leaves
      const ada = await Chat.open(test, browser, server.url, { ...phone, viewport: { width: 360, height } });
      await ada.is('live');
      await ada.line('어서 오세요');

      await ada.text.tap();
      await ada.text.fill(`from a phone, ${height}`);
      await ada.send.tap();
      await ada.line(`from a phone, ${height}`);

      assert.deepEqual(await ada.page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        const wider = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(one).position !== 'absolute');
        return { sideways: scrollWidth > clientWidth, wider: wider.map(({ tagName, id, className }) => `${tagName}#${id}.${className}`) };
      }), { sideways: false, wider: [] });
      for (const part of [ada.text, ada.send, ada.log]) await inSight(part);
      for (const control of [ada.text, ada.send]) {
        const { height: size } = await control.boundingBox();
        assert.ok(size >= 44, `${size} pixels are less than a finger`);
      }
    }
  });

  it('the rooms and the wire are a tap away', async (test) => {
    const server = await serve(test, 'sse_server');
    await server.publish('hi', { room: '다른 방' });
    const ada = await Chat.open(test, browser, server.url, phone);
    await ada.is('live');

    await ada.page.getByRole('button', { name: 'Rooms' }).tap();
    await ada.rooms.getByRole('link').filter({ hasText: '다른 방' }).tap();
    await ada.isIn('다른 방');
    await ada.line('hi');
    await inSight(ada.text);

    await ada.page.getByRole('button', { name: 'The wire' }).tap();
    await inSight(ada.wire.getByRole('heading', { name: 'The wire' }));
    await ada.wire.getByText(/^hello /).first().waitFor();
    assert.equal(await ada.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  });
});

async function inSight(locator) {
  const box = await locator.boundingBox();
  const { width, height } = locator.page().viewportSize();
  const isIn = box !== null && box.x >= 0 && box.y >= 0 && box.x + box.width <= width + 1 && box.y + box.height <= height + 1;
  assert.ok(isIn, `${locator} is at ${JSON.stringify(box)}, the window ${width}×${height}`);
}

describe('with the keyboard alone', () => {
  it('one can find a room, write, and see where one is', async (test) => {
    const server = await serve(test, 'websocket_server');
    await server.publish('welcome', { room: 'garden' });
    const ada = await Chat.open(test, browser, server.url);
    await ada.is('live');
    await ada.rooms.getByRole('link').filter({ hasText: 'garden' }).waitFor();
    const { keyboard } = ada.page;

    /** Goes on with Tab to what is so; each stop on the way must show that it has the focus. */
    const tabTo = async (locator) => {
      for (let stops = 0; stops < 40; ++stops) {
        await keyboard.press('Tab');
        const outlined = await ada.page.evaluate(() => {
          const styles = [document.activeElement, document.activeElement.parentElement].map((one) => getComputedStyle(one));
          return document.activeElement === document.body || styles.some(({ outlineStyle, boxShadow }) => outlineStyle !== 'none' || boxShadow !== 'none');
        });
        assert.ok(outlined, `no outline at ${await ada.page.evaluate(() => document.activeElement.outerHTML.slice(0, 120))}`);
        if (await locator.evaluate((one) => one === document.activeElement)) return;
      }
      assert.fail(`40 stops, and ${locator} was none of them`);
    };

    await tabTo(ada.rooms.getByRole('link').filter({ hasText: 'garden' }));
    await keyboard.press('Enter');
    await ada.isIn('garden');
    await ada.line('welcome');
    await tabTo(ada.name);
    await keyboard.type('ada');
    await tabTo(ada.text);
    await keyboard.type('written without');
    await keyboard.press('Shift+Enter');
    await keyboard.type('a mouse');
    await keyboard.press('Enter');

    await ada.line('a mouse');
    assert.deepEqual((await ada.lines()).at(-1), { author: 'ada', text: 'written without\na mouse' });
    assert.ok(await ada.text.evaluate((one) => one === document.activeElement), 'one goes on writing');
  });
});

describe('for everybody', () => {
  const looks = {
    'in light': { colorScheme: 'light' },
    'in the dark': { colorScheme: 'dark' },
    'on a phone': { colorScheme: 'light', ...phone },
    'on a phone in the dark': { colorScheme: 'dark', ...phone },
  };
  for (const [look, options] of Object.entries(looks)) {
    it(`axe finds nothing, ${look}`, async (test) => {
      const server = await serve(test, 'websocket_server', '--max-message', 500);
      const relay = await Relay.during(test, server.port);
      for (const author of ['ada', 'bob', '에이다', 'mallory', 'carol', 'dave']) await server.publish(`hello from ${author} 👋`, { author });
      const ada = await Chat.open(test, browser, relay.url, options);
      await ada.is('live');
      await ada.page.getByLabel('Send pictures').setInputFiles({ name: 'cat.gif', mimeType: 'image/gif', buffer: gif() });
      await ada.log.locator('#messages').getByRole('img', { name: /^Picture from / }).waitFor();
      await ada.say('and one of my own');
      await ada.line('and one of my own');

      assert.deepEqual(await violations(ada.page), []);
      if (options.isMobile) {
        for (const part of ['Rooms', 'The wire']) {
          await ada.page.getByRole('button', { name: part }).tap();
          assert.deepEqual(await violations(ada.page), [], part);
        }
        return;
      }
      // And when things go wrong.
      await ada.say('too long '.repeat(100));
      await ada.log.locator('.message.pending.failed').waitFor();
      relay.pointAt(0);
      relay.cut();
      await ada.is('reconnecting');
      await ada.say('not now');
      await ada.log.locator('.message.pending').filter({ hasText: 'not sent yet' }).waitFor();
      assert.deepEqual(await violations(ada.page), []);
    });
  }
});

describe('a tab that nobody looks at', () => {
  it('does not poll, and catches up when somebody looks', async (test) => {
    const server = await serve(test, 'polling_server');
    const { context, close } = await launchWithTabs();
    test.after(close);
    const [page] = context.pages();
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${server.url}/#lobby`);
    const ada = new Chat(page);
    await ada.is('live');
    const front = await context.newPage();
    const polls = [];
    front.on('request', (request) => polls.push(new URL(request.url()).pathname));

    await front.goto(`${server.url}/#elsewhere`);
    await front.bringToFront();
    await until('the tab to be hidden', () => page.evaluate(() => document.hidden));
    const pollsOf = (room, count) => until(`${count} polls of ${room}`, () => polls.filter((path) => path === `/rooms/${room}/messages`).length >= count);
    await pollsOf('elsewhere', 1); // whatever the hidden one had asked before is answered meanwhile
    const before = asked.length;
    await server.publish('meanwhile');
    await pollsOf('elsewhere', 4); // three intervals later
    assert.deepEqual(asked.slice(before), []);

    await page.bringToFront();
    await ada.line('meanwhile');
    assert.equal(await page.evaluate(() => document.hidden), false);
  });

  it('is sent what comes all the same, over a stream', async (test) => {
    for (const transport of ['sse', 'websocket']) {
      const server = await serve(test, `${transport}_server`);
      const { context, close } = await launchWithTabs();
      try {
        const [page] = context.pages();
        await page.goto(server.url);
        const ada = new Chat(page);
        await ada.is('live');
        await (await context.newPage()).bringToFront();
        await until('the tab to be hidden', () => page.evaluate(() => document.hidden));

        await server.publish('meanwhile');

        // No frames are drawn there; the title tells.
        await until('the title to tell', async () => (await page.title()).startsWith('(1) '));
        await page.bringToFront();
        await ada.line('meanwhile');
      } finally {
        await close();
      }
    }
  });
});
