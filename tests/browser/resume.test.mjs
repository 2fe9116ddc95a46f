// What is left of a room when its server was killed, and what a window says of it.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { Chat } from './support/chat.mjs';
import { launch } from './support/chromium.mjs';
import { Relay } from './support/relay.mjs';
import { dataDirectory, numbered, serve, transports } from './support/servers.mjs';
import { until } from './support/until.mjs';

const browser = await launch();
after(() => browser.close());

for (const transport of transports) {
  describe(`a server that was killed, over ${transport}`, () => {
    const start = (test, ...options) => serve(test, `${transport}_server`, ...options);

    it('has lost nothing that it acknowledged, with --data', async (test) => {
      const data = dataDirectory(test);
      const first = await start(test, '--data', data);
      const relay = await Relay.during(test, first.port);
      const ada = await Chat.open(test, browser, relay.url);
      await ada.is('live');
      // Somebody speaks on until the server is gone: what was answered must be there, the one without an answer may.
      const acknowledged = [];
      let last;
      const speaking = (async () => {
        for (let n = 1; n <= 900; ++n) { // the page shows a thousand
          last = `message ${n}`;
          await first.publish(last);
          acknowledged.push(last);
        }
      })().catch(() => {});
      await ada.line('message 20');

      await first.kill();
      relay.pointAt(0);
      await speaking;
      await ada.is('reconnecting');
      const second = await start(test, '--data', data);
      relay.pointAt(second.port);
      await ada.is('live');
      await second.publish('back again');
      await ada.line('back again');

      const shown = (await ada.texts()).slice(0, -1);
      assert.deepEqual(shown.slice(0, acknowledged.length), acknowledged);
      assert.deepEqual(shown.slice(acknowledged.length), shown.length > acknowledged.length ? [last] : []);
      assert.deepEqual(await ada.gaps(), []);
      // Who comes only now sees the same.
      const bob = await Chat.open(test, browser, relay.url);
      await bob.shows([...shown, 'back again']);
    });

    it('is told of as a gap, without --data', async (test) => {
      const first = await start(test);
      const relay = await Relay.during(test, first.port);
      const ada = await Chat.open(test, browser, relay.url);
      await first.publishAll(numbered(1, 5));
      await ada.shows(numbered(1, 5));

      await first.kill();
      relay.pointAt(0);
      await ada.is('reconnecting');
      await ada.page.getByText(/^in \d+ s$/).waitFor(); // until its next attempt
      const second = await start(test);
      await second.publish('a new beginning');
      relay.pointAt(second.port);

      await ada.shows([...numbered(1, 5), 'a new beginning']);
      await ada.is('live');
      assert.deepEqual(await ada.gaps(), ['Messages are gone: the room was made anew']);
    });

    it('that has forgotten what was said meanwhile says how many are gone', async (test) => {
      const server = await start(test, '--history', 5);
      const relay = await Relay.during(test, server.port);
      const ada = await Chat.open(test, browser, relay.url);
      await server.publishAll(numbered(1, 3));
      await ada.shows(numbered(1, 3));
      relay.pointAt(0);
      relay.cut();
      await ada.is('reconnecting');

      await server.publishAll(numbered(4, 20));
      relay.pointAt(server.port);

      await ada.line('message 20');
      assert.deepEqual(await ada.gaps(), ['12 messages are gone: the room has forgotten them']);
      assert.deepEqual(await ada.texts(), [...numbered(1, 3), ...numbered(16, 20)]);
    });

    it('is not sent again what it may have heard', async (test) => {
      const server = await start(test);
      const relay = await Relay.during(test, server.port);
      const ada = await Chat.open(test, browser, relay.url);
      await ada.is('live');
      relay.pointAt(0);
      relay.cut();
      await ada.is('reconnecting');

      await ada.say('into the void');

      const failed = ada.log.locator('.message.pending.failed').filter({ hasText: 'into the void' });
      await failed.waitFor();
      relay.pointAt(server.port);
      await ada.is('live');
      await server.publish('a later one');
      await ada.line('a later one');
      assert.deepEqual(await ada.texts(), ['a later one']);
      // Whoever wants to say it again says so.
      await failed.getByRole('button', { name: 'Send again' }).click();
      await ada.shows(['a later one', 'into the void']);
      await until('nothing pending', async () => (await ada.log.locator('.pending').count()) === 0);
    });
  });
}
