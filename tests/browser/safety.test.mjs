// What a message, a name or a page of somebody else can try, and does not get.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, it } from 'node:test';

import { Chat } from './support/chat.mjs';
import { launch, open } from './support/chromium.mjs';
import { elsewhere } from './support/pages.mjs';
import { gif } from './support/pictures.mjs';
import { Relay } from './support/relay.mjs';
import { serve, transports } from './support/servers.mjs';

const browser = await launch();
after(() => browser.close());

describe('what somebody wrote', () => {
  // Each would set this, or open a dialog, if the page took it for more than text.
  const run = 'globalThis.wasRun=1;alert(1)';
  const payloads = [
    `<script>${run}</script>`,
    `<img src=x onerror="${run}">`,
    `<svg onload="${run}">`,
    `"><iframe srcdoc="<script>${run}</script>">`,
    `javascript:${run}`,
    `<a href="javascript:${run}">click</a>`,
    `</title><script>${run}</script>`,
    `\${${run}}{{constructor.constructor('${run}')()}}`,
    `<style>@import 'x'</style><b onmouseover="${run}">`,
  ];

  for (const transport of transports) {
    it(`is text and nothing else, over ${transport}`, async (test) => {
      const server = await serve(test, `${transport}_server`);
      // A room's name holds no slash, and neither name nor author more than 64 bytes.
      const room = '<img src=x onerror=globalThis.wasRun=1>';
      const author = '<img src=x onerror="globalThis.wasRun=1;alert(1)">';
      for (const text of payloads) await server.publish(text, { room, author });
      await server.publish('<b>last</b>', { room: '"><svg onload=alert(1)>', author: "';alert(1)//" });

      const ada = await Chat.open(test, browser, server.url, { room });
      await ada.shows(payloads);

      assert.deepEqual(new Set((await ada.lines()).map((line) => line.author)), new Set([author]));
      await ada.isIn(room);
      assert.match(await ada.page.title(), /^<img src=x onerror=globalThis.wasRun=1>/);
      const listed = ada.rooms.getByRole('link').filter({ hasText: '"><svg onload=alert(1)>' });
      await listed.filter({ hasText: "';alert(1)//: <b>last</b>" }).waitFor();
      await ada.log.locator('.message').first().hover();
      assert.deepEqual(await ada.page.evaluate(() => ({
        wasRun: globalThis.wasRun,
        // Nothing of what was written became an element: no script but the page's, and nothing with a handler.
        scripts: [...document.scripts].map(({ src, textContent }) => new URL(src).pathname + textContent),
        handlers: document.querySelectorAll('[onerror],[onload],[onmouseover],iframe,style,a[href^="javascript:"]').length,
      })), { wasRun: undefined, scripts: ['/start.js'], handlers: 0 });
    });
  }

  // The list of the fault campaign. Wherever one may stand, it stands: as text, author, room, and in what an error shows.
  for (const transport of transports) {
    it(`is text in 120 ways, wherever it stands, over ${transport}`, async (test) => {
      const all = JSON.parse(await readFile(new URL('../faults/payloads.json', import.meta.url)));
      assert.equal(new Set(all).size, 120);
      const server = await serve(test, `${transport}_server`);
      const fits = (name) => Buffer.byteLength(name) <= 64 && !/[\0-\x1f\u2028]/.test(name);
      for (const text of all) await server.publish(text, { author: fits(text) ? text : 'mallory' });
      const rooms = all.filter((name) => fits(name) && !name.includes('/') && name.trim() === name);
      await Promise.all(rooms.map((room) => server.publish(room, { room, author: room })));
      assert.ok(rooms.length > 60, `${rooms.length} of them can be a room's name`);

      const ada = await Chat.open(test, browser, server.url);
      await ada.shows(all);
      assert.deepEqual((await ada.lines()).map(({ author }) => author), all.map((text) => (fits(text) ? text : 'mallory')));
      for (const room of rooms) await ada.rooms.getByText(room, { exact: true }).first().waitFor();
      const harmless = async (page) => assert.deepEqual(await page.evaluate(() => ({
        wasRun: globalThis.wasRun,
        scripts: [...document.scripts].map(({ src, textContent }) => new URL(src).pathname + textContent),
        others: document.querySelectorAll('#messages :is(script,img,svg,iframe,object,embed,video,form,style,link,base,meta,a)').length,
        handlers: [...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith('on')),
      })), { wasRun: undefined, scripts: ['/start.js'], others: 0, handlers: [] });
      await harmless(ada.page);
      // As the room that one is in, one after the other in one page.
      for (const room of rooms) {
        await ada.page.evaluate((name) => { location.hash = encodeURIComponent(name); }, room);
        await ada.isIn(room);
      }
      await harmless(ada.page);

      // What an error shows of them is no page.
      const page = await open(browser, server.url);
      test.after(() => page.context().close());
      for (const payload of all.slice(0, transport === 'polling' ? all.length : 12)) {
        for (const path of ['/', '/images/', '/rooms/lobby/']) {
          const answer = await page.context().request.get(server.url + path + encodeURIComponent(payload));
          assert.ok(answer.status() >= 400, `${answer.status()} for ${payload}`);
          assert.equal(answer.headers()['content-type'], 'application/problem+json');
        }
      }
      const shown = await page.context().newPage();
      for (const payload of all.slice(0, 12)) {
        await shown.goto(`${server.url}/images/${encodeURIComponent(payload)}`);
        assert.equal(await shown.evaluate(() => globalThis.wasRun), undefined);
        assert.equal(await shown.evaluate(() => document.scripts.length), 0);
      }
    });
  }

  it('cannot say that it carries a picture', async (test) => {
    const server = await serve(test, 'polling_server');
    const answer = await fetch(`${server.url}/rooms/lobby/messages`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ text: 'look', image: 'javascript:alert(1)' }),
    });
    assert.equal(answer.status, 201);
    assert.equal((await server.log())[0].image, undefined);
  });
});

describe('the page', () => {
  for (const transport of transports) {
    it(`has a policy that lets no script in but its own, over ${transport}`, async (test) => {
      const server = await serve(test, `${transport}_server`);
      const policy = (await fetch(server.url)).headers.get('Content-Security-Policy');
      const directives = new Map(policy.split(';').map((one) => one.trim().split(/\s+/)).map(([name, ...sources]) => [name, sources]));
      assert.deepEqual(directives.get('script-src') ?? directives.get('default-src'), ["'self'"]);
      assert.ok(!policy.includes('unsafe'), policy);
      assert.deepEqual(directives.get('frame-ancestors'), ["'none'"]);
      assert.deepEqual(directives.get('base-uri'), ["'none'"]);
      // And the browser holds to it: a script that got in all the same is not run.
      const ada = await Chat.open(test, browser, server.url);
      await ada.is('live');
      const page = await open(browser, server.url);
      test.after(() => page.context().close());
      const refused = page.evaluate(() => new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective), { once: true });
        const script = document.createElement('script');
        script.textContent = 'globalThis.wasRun = 1';
        document.head.append(script);
      }));
      assert.match(await refused, /^script-src/);
      assert.equal(await page.evaluate(() => globalThis.wasRun), undefined);
    });
  }
});

describe('the cookie', () => {
  it('names the user, is for the server alone, and stays', async (test) => {
    const server = await serve(test, 'polling_server');
    const ada = await Chat.open(test, browser, server.url);
    const bob = await Chat.open(test, browser, server.url);
    const cookieOf = async (chat) => (await chat.page.context().cookies()).find(({ name }) => name === 'user');
    const cookie = await cookieOf(ada);
    const year = 31_536_000;
    assert.match(cookie.value, /^[A-Za-z0-9_-]{22}$/);
    assert.deepEqual(
      { httpOnly: cookie.httpOnly, sameSite: cookie.sameSite, secure: cookie.secure, path: cookie.path },
      { httpOnly: true, sameSite: 'Strict', secure: false, path: '/' },
    );
    assert.ok(Math.abs(cookie.expires - Date.now() / 1000 - year) < 3600, `it ends at ${cookie.expires}`);
    assert.equal(await ada.page.evaluate(() => document.cookie), '');
    assert.notEqual((await cookieOf(bob)).value, cookie.value);

    await ada.is('live');
    await ada.say('who am I?');
    const colourOf = async (chat) => (await chat.line('who am I?')).locator('.author').evaluate((name) => getComputedStyle(name).color);
    const colour = await colourOf(ada);
    const [{ author }] = await ada.lines();
    assert.ok(!cookie.value.includes(author.replace('guest-', '')));

    await ada.page.reload();
    assert.equal(await colourOf(ada), colour);
    assert.equal((await cookieOf(ada)).value, cookie.value);
    await ada.say('and now?');
    await bob.line('and now?');
    assert.deepEqual((await bob.lines()).map((line) => line.author), [author, author]);
    assert.equal(await colourOf(bob), colour); // the same for everybody
  });

  it('goes with every poll, and once with a stream and a WebSocket', async (test) => {
    for (const [transport, path, isOnce] of [['polling', 'messages', false], ['sse', 'events', true], ['websocket', 'socket', true]]) {
      const server = await serve(test, `${transport}_server`);
      const relay = await Relay.during(test, server.port);
      const ada = await Chat.open(test, browser, relay.url);
      const asked = () => relay.requests(`/rooms/lobby/${path}`);
      await ada.is('live');
      const { value } = (await ada.page.context().cookies()).find(({ name }) => name === 'user');
      for (let n = 1; n <= 3; ++n) {
        await server.publish(`message ${n}`);
        await ada.line(`message ${n}`);
      }

      for (const { head } of asked()) assert.deepEqual(head.match(/^cookie: .*$/gim), [`Cookie: user=${value}`]);
      if (isOnce) assert.equal(asked().length, 1);
      else assert.ok(asked().length >= 3, `${asked().length} polls`);
    }
  });
});

describe('a page of somebody else', () => {
  // Runs in the foreign page: what comes of each attempt.
  async function attack({ url, bytes }) {
    const room = `${url}/rooms/lobby`;
    const socketUrl = room.replace('http', 'ws');
    const json = JSON.stringify({ author: 'mallory', text: 'from elsewhere' });
    const posted = (init, path = '/messages') =>
      fetch(room + path, { method: 'POST', credentials: 'include', ...init }).then(({ type, status }) => `${type} ${status}`, () => 'failed');
    const ended = (target, types) =>
      new Promise((resolve) => types.forEach((type) => target.addEventListener(type, () => resolve(type), { once: true })));
    const picture = new Blob([Uint8Array.from(bytes)]); // without a type: no preflight
    const form = (fields, target) => new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.name = `to-${Math.random()}`;
      const sent = document.createElement('form');
      Object.assign(sent, { method: 'post', action: target, enctype: 'text/plain', target: frame.name });
      for (const [name, value] of Object.entries(fields)) sent.append(Object.assign(document.createElement('input'), { name, value }));
      document.body.append(frame, sent);
      frame.addEventListener('load', resolve, { once: true });
      sent.submit();
    });
    const results = {
      socket: await ended(new WebSocket(`${socketUrl}/socket`), ['open', 'error']),
      socketWithProtocol: await ended(new WebSocket(`${socketUrl}/socket`, 'chat.v1'), ['open', 'error']),
      events: await ended(new EventSource(`${room}/events`, { withCredentials: true }), ['open', 'error']),
      preflighted: await posted({ headers: { 'Content-Type': 'application/json' }, body: json }),
      simple: await posted({ headers: { 'Content-Type': 'text/plain' }, body: json }),
      opaque: await posted({ mode: 'no-cors', headers: { 'Content-Type': 'text/plain' }, body: json }),
      picture: await posted({ mode: 'no-cors', body: picture }, '/images'),
      pictureAsIs: await posted({ headers: { 'Content-Type': 'image/gif' }, body: picture }, '/images'),
      read: await fetch(`${room}/messages`, { credentials: 'include' }).then((answer) => answer.text(), () => 'failed'),
      beacon: navigator.sendBeacon(`${room}/messages`, json) && 'sent',
      script: await ended(Object.assign(document.head.appendChild(document.createElement('script')), { src: `${room}/messages` }), ['load', 'error']),
    };
    await form({ '{"text":"from a form","x":"': '"}' }, `${room}/messages`);
    return results;
  }

  for (const transport of transports) {
    for (const where of ['otherOrigin', 'otherSite']) {
      it(`of ${where === 'otherSite' ? 'another site' : 'another port'} cannot speak or listen, over ${transport}`, async (test) => {
        const server = await serve(test, `${transport}_server`);
        await server.publish('a secret');
        const pages = await elsewhere(test);
        // Somebody who is a user of the server, and then goes elsewhere with the same browser.
        const ada = await Chat.open(test, browser, server.url);
        await ada.is('live');
        const foreign = await ada.page.context().newPage();
        await foreign.goto(pages[where]);

        const results = await foreign.evaluate(attack, { url: server.url, bytes: [...gif()] });

        const { beacon, opaque, picture, script, ...others } = results;
        for (const [attempt, result] of Object.entries(others)) {
          assert.ok(['error', 'failed'].includes(result), `${attempt}: ${result}`);
        }
        for (const one of [opaque, picture]) assert.match(one, /^opaque 0$|^failed$/); // sent, and its answer kept from the page
        assert.equal(script, 'error');
        assert.equal(beacon, 'sent');
        // Whatever was sent was refused: only what was said here is in the room.
        await ada.say('still only us');
        await ada.shows(['a secret', 'still only us']);
        const { published, refused } = await server.statsWhere('refusals', (stats) => stats.refused >= 5);
        assert.equal(published, 2, `${refused} were refused`);
      });
    }
  }

  it('that is allowed by --allow-origin can do both', async (test) => {
    const pages = await elsewhere(test);
    const server = await serve(test, 'websocket_server', '--allow-origin', new URL(pages.otherSite).origin);
    const foreign = await open(browser, pages.otherSite, { path: '' });
    test.after(() => foreign.context().close());

    const heard = await foreign.evaluate((url) => new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.addEventListener('error', () => reject(new Error('refused')));
      socket.addEventListener('open', () => socket.send(JSON.stringify({ ref: 1, author: 'friend', text: 'hi' })));
      socket.addEventListener('message', ({ data }) => JSON.parse(data).seq && resolve(JSON.parse(data).text));
    }), `${server.url.replace('http', 'ws')}/rooms/lobby/socket`);

    assert.equal(heard, 'hi');
  });

  it('cannot show the chat in a frame', async (test) => {
    const server = await serve(test, 'websocket_server');
    const pages = await elsewhere(test, `<!doctype html><title>elsewhere</title><iframe src="${server.url}/"></iframe>`);
    const page = await open(browser, null);
    test.after(() => page.context().close());
    const refused = page.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
    await page.goto(pages.otherSite);
    await refused;
    assert.equal(await page.frames()[1].locator('#messages').count(), 0);
  });
});
