// The panel "the wire" tells the truth: what it says of bytes is what went by on the line.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { Chat } from './support/chat.mjs';
import { launch } from './support/chromium.mjs';
import { gif } from './support/pictures.mjs';
import { Relay } from './support/relay.mjs';
import { numbered, serve } from './support/servers.mjs';
import { until } from './support/until.mjs';

const browser = await launch();
after(() => browser.close());

const wide = { viewport: { width: 1400, height: 900 } };

async function start(test, transport, ...options) {
  const server = await serve(test, `${transport}_server`, ...options);
  const relay = await Relay.during(test, server.port);
  const ada = await Chat.open(test, browser, relay.url, wide);
  await ada.is('live');
  return { server, relay, ada };
}

/** What the panel lists: { direction, label, bytes, about }. */
async function lines(chat) {
  const all = await chat.wire.locator('#wire-lines li:not(.room)').evaluateAll((items) =>
    items.map((item) => ({
      direction: item.querySelector('[role="img"]').getAttribute('aria-label'),
      label: item.querySelector('.label').textContent,
      size: item.querySelector('.size').textContent,
    })));
  return all.map(({ size, ...line }) => ({ ...line, bytes: Number(size.replace(/[^\d]/g, '')), about: size.includes('≈') }));
}

/** What the panel sums up of a direction. */
async function sums(chat, direction) {
  const [payload, overhead, all] = await chat.wire.locator(`#wire-${direction} td`).allTextContents();
  const number = (text) => Number(text.replace(/[^\d]/g, ''));
  return { payload: number(payload), overhead: number(overhead), all: number(all), about: all.includes('≈') };
}

// Where the body begins of an answer that does not end; what came before it on that connection was another answer.
const bodyOf = (bytes, field) => bytes.indexOf('\r\n\r\n', bytes.lastIndexOf(field)) + 4;

// The sizes of chunks with what is around each (RFC 9112, 7.1).
function chunks(bytes) {
  const sizes = [];
  for (let at = bodyOf(bytes, 'text/event-stream'); at < bytes.length; ) {
    const end = bytes.indexOf('\r\n', at);
    const size = end + 2 - at + parseInt(bytes.subarray(at, end).toString(), 16) + 2;
    sizes.push(size);
    at += size;
  }
  return sizes;
}

// The sizes of frames with their heads (RFC 6455, 5.2).
function frames(bytes) {
  const sizes = [];
  for (let at = bodyOf(bytes, 'pgrade: websocket'); at < bytes.length; ) {
    const masked = bytes[at + 1] >> 7;
    const short = bytes[at + 1] & 127;
    const [more, length] = short < 126 ? [0, short] : short === 126 ? [2, bytes.readUInt16BE(at + 2)] : [8, Number(bytes.readBigUInt64BE(at + 2))];
    const size = 2 + more + 4 * masked + length;
    sizes.push(size);
    at += size;
  }
  return sizes;
}

const conversation = (relay, path) => relay.conversations.find(({ up }) => Buffer.concat(up).toString('latin1').includes(` ${path}`));

describe('the wire', () => {
  it('polling: each request to the byte, also what the browser adds', async (test) => {
    const { server, relay, ada } = await start(test, 'polling');
    await server.publishAll(numbered(1, 3));
    await ada.line('message 3');
    await ada.say('one of my own');
    await ada.line('one of my own');

    const path = '/rooms/lobby/messages';
    const told = await until('five requests in the panel', async () => {
      const up = (await lines(ada)).filter(({ direction }) => direction === 'up');
      return up.length >= 5 && up;
    });
    const asked = relay.requests(path).map(({ head, body }) => ({ method: head.split(' ')[0], bytes: Buffer.byteLength(head, 'latin1') + body.length }));
    for (const method of ['GET', 'POST']) {
      const seen = asked.filter((one) => one.method === method).map(({ bytes }) => bytes);
      const said = told.filter(({ label }) => label.startsWith(method)).map(({ bytes }) => bytes);
      assert.deepEqual(said, seen.slice(0, said.length), method);
      assert.ok(said.length > 0, method);
    }
    assert.ok(told.every(({ about }) => !about), 'all are measured');
    // With every one the cookie goes.
    const facts = ada.wire.locator('#wire-facts > li');
    await facts.filter({ hasText: 'the cookie went along' }).waitFor();
    await facts.filter({ hasText: 'answers that brought nothing' }).waitFor();
  });

  it('a picture: its request to the byte, and what the browser adds to an XMLHttpRequest', async (test) => {
    const { relay, ada } = await start(test, 'websocket');
    await ada.page.getByLabel('Send pictures').setInputFiles({ name: 'cat.gif', mimeType: 'image/gif', buffer: gif() });
    await ada.log.locator('#messages').getByRole('img', { name: /^Picture from / }).waitFor();

    const told = await until('the request in the panel', async () => (await lines(ada)).find(({ label }) => label.startsWith('POST /rooms/lobby/images')));
    const [{ head, body }] = relay.requests('/rooms/lobby/images');
    assert.deepEqual([told.bytes, told.about], [Buffer.byteLength(head, 'latin1') + body.length, false]);
  });

  it('does not wait for a mirror that never answers', async (test) => {
    const server = await serve(test, 'websocket_server');
    const ada = await Chat.open(test, browser, null, wide);
    await ada.page.route('**/mirror', () => {});
    await ada.page.goto(server.url);
    await ada.is('live');
    await ada.page.getByLabel('Send pictures').setInputFiles({ name: 'cat.gif', mimeType: 'image/gif', buffer: gif() });
    await ada.log.locator('#messages').getByRole('img', { name: /^Picture from / }).waitFor();

    const handshake = await until('the handshake in the panel', async () => (await lines(ada))[0]);
    assert.equal(handshake.about, true);
    await until('the upload in the panel', async () => (await lines(ada)).some(({ label }) => label.startsWith('POST /rooms/lobby/images')));
    await ada.say('and on it goes');
    await ada.wire.locator('.frame .data').filter({ hasText: '"text":"and on it goes"' }).first().waitFor();
  });

  it('server-sent events: each event to the byte', async (test) => {
    const { server, relay, ada } = await start(test, 'sse');
    await server.publishAll(['short', '안녕하세요 👋', 'two\nlines', 'x'.repeat(1000)]);
    await ada.line('x'.repeat(100));

    const { down } = conversation(relay, '/rooms/lobby/events');
    const seen = chunks(Buffer.concat(down));
    const told = await until('the events in the panel', async () => {
      const events = (await lines(ada)).filter(({ label }) => /^(hello|message|gap)/.test(label));
      return events.length >= 5 && events;
    });
    assert.deepEqual(told.map(({ bytes }) => bytes), seen);
    assert.ok(told.every(({ about }) => !about));
    const { payload } = await sums(ada, 'down');
    const said = Buffer.concat(down).toString().match(/^data: \{"seq".*$/gm).map((line) => Buffer.byteLength(line) - 'data: '.length);
    assert.equal(payload, said.reduce((sum, bytes) => sum + bytes, 0));
    assert.equal(relay.requests('/rooms/lobby/events').length, 1);
  });

  it('WebSocket: each frame to the byte, both ways', async (test) => {
    const { server, relay, ada } = await start(test, 'websocket');
    await server.publishAll(['short', '안녕하세요 👋', 'x'.repeat(1000)]);
    await ada.line('x'.repeat(100));
    await ada.say('one of my own');
    await ada.line('one of my own');

    const { up, down } = conversation(relay, '/rooms/lobby/socket');
    const told = await until('the frames in the panel', async () => {
      const all = (await lines(ada)).filter(({ label }) => /^(hello|message|answer)/.test(label));
      return all.length >= 7 && all;
    });
    const sizes = (direction) => told.filter((line) => line.direction === direction).map(({ bytes }) => bytes);
    assert.deepEqual(sizes('down'), frames(Buffer.concat(down)));
    assert.deepEqual(sizes('up'), frames(Buffer.concat(up)));
    assert.ok(told.every(({ about }) => !about));
    // The cookie went once, with the handshake.
    await ada.wire.locator('#wire-facts > li').filter({ hasText: 'the cookie went along' }).filter({ hasText: '1 ×' }).waitFor();
  });

  it('fills by itself with --tick', async (test) => {
    const { ada } = await start(test, 'websocket', '--tick', '0.2');
    await ada.line('message number 3');
    await until('three messages in the panel', async () => (await lines(ada)).filter(({ label }) => label.startsWith('message')).length >= 3);
  });

  for (const [transport, kind] of [['websocket', 'frame'], ['sse', 'event']]) {
    it(`shows in its list what each ${kind} carries`, async (test) => {
      const { server, ada } = await start(test, transport);
      await server.publish('for all to see');
      const { cursor } = await server.room('lobby');
      const carries = (text) => ada.wire.locator(`#wire-lines .${kind}:not(:has([open])) .data`).filter({ hasText: text }).waitFor();

      await carries('"author":"ada","text":"for all to see"}');
      if (transport === 'websocket') {
        await ada.say('of my own');
        await carries('{"ref":1,"text":"of my own"}');
        await carries(`{"ref":1,"cursor":"${cursor.replace('.1', '.2')}"}`);
      }
    });
  }

  it('shows what a frame was, and begins anew when it is cleared', async (test) => {
    const { server, ada } = await start(test, 'websocket');
    await server.publish('look inside');
    const line = ada.wire.locator('#wire-lines li').filter({ hasText: 'message 1' });
    await line.locator('summary').click();
    await line.locator('pre').filter({ hasText: '"text":"look inside"' }).waitFor();

    await ada.wire.getByRole('button', { name: 'Clear' }).click();

    await line.waitFor({ state: 'detached' });
    assert.deepEqual(await sums(ada, 'down'), { payload: 0, overhead: 0, all: 0, about: false });
  });
});

describe('the echo', () => {
  it('shows that a text frame brings a string, and a binary one numbers', async (test) => {
    const { ada } = await start(test, 'websocket');
    await ada.wire.getByText('Text frame, binary frame: try it').click();
    const said = ada.page.getByRole('log', { name: 'What was sent and what arrived' });
    const text = 'Hi 안';
    const numbers = [...Buffer.from(text)].join(' ');
    await ada.wire.getByLabel('Text', { exact: true }).fill(text);

    await ada.wire.getByRole('button', { name: 'Send as text' }).click();
    const string = said.getByRole('listitem').filter({ hasText: 'data is a string' });
    await string.filter({ hasText: `"${text}"` }).waitFor();

    await ada.wire.getByRole('button', { name: 'Send as bytes' }).click();
    await said.getByRole('listitem').filter({ hasText: 'data is a Blob of 6 bytes' }).filter({ hasText: numbers }).waitFor();

    await ada.wire.getByLabel('Bytes arrive as').selectOption('arraybuffer');
    await ada.wire.getByRole('button', { name: 'Send as bytes' }).click();
    await said.getByRole('listitem').filter({ hasText: 'data is an ArrayBuffer of 6 bytes' }).filter({ hasText: numbers }).waitFor();
  });

  it('opens one connection, however often and early one sends, and another one after a failure', async (test) => {
    const { server, relay, ada } = await start(test, 'websocket');
    await ada.wire.getByText('Text frame, binary frame: try it').click();
    const said = ada.page.getByRole('log', { name: 'What was sent and what arrived' });
    const arrived = said.getByRole('listitem').filter({ hasText: 'data is a string' });
    const send = ada.wire.getByRole('button', { name: 'Send as text' });
    const text = ada.wire.getByLabel('Text', { exact: true });
    const opened = [];
    ada.page.on('websocket', (socket) => opened.push(new URL(socket.url()).pathname));
    await text.waitFor();  // the echo's script and style are there

    await server.paused(async () => {
      for (const one of ['first', 'second', 'third']) {
        await text.fill(one);
        await send.click();
      }
    });
    await until('three echoes', async () => (await arrived.count()) === 3);
    assert.deepEqual((await arrived.locator('code').allTextContents()), ['"first"', '"second"', '"third"']);
    assert.deepEqual(opened.filter((path) => path === '/echo'), ['/echo']);

    relay.pointAt(0);
    relay.cut();
    const ends = said.getByRole('listitem').filter({ hasText: 'The connection closed with 1006' });
    await until('its end', async () => (await ends.count()) === 1);
    await send.click();
    await until('another end', async () => (await ends.count()) === 2);
    relay.pointAt(server.port);
    await text.fill('fourth');
    await send.click();
    await arrived.filter({ hasText: 'fourth' }).waitFor();
    assert.equal(await arrived.count(), 4);
  });

  it('is there on the WebSocket page alone', async (test) => {
    const { ada } = await start(test, 'sse');
    assert.equal(await ada.wire.getByText('Text frame, binary frame: try it').isVisible(), false);
  });
});
