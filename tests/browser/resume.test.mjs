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

    it('hears what was written meanwhile when it is back: once, and in order', async (test) => {
      const server = await start(test);
      const relay = await Relay.during(test, server.port);
      const ada = await Chat.open(test, browser, relay.url);
      await ada.is('live');
      relay.pointAt(0);
      relay.cut();
      await ada.is('reconnecting');

      for (const text of ['one', 'two', 'not this one', 'three']) await ada.say(text);

      const held = ada.log.locator('.message.pending').filter({ hasText: 'not sent yet' });
      await until('four that wait', async () => (await held.count()) === 4);
      await held.filter({ hasText: 'not this one' }).getByRole('button', { name: 'Discard' }).click();
      relay.pointAt(server.port);
      await ada.shows(['one', 'two', 'three']);
      await ada.settled();
      assert.equal((await server.stats()).published, 3);
    });

    it('hears it also where one has gone to another room', async (test) => {
      const server = await start(test);
      const relay = await Relay.during(test, server.port);
      const ada = await Chat.open(test, browser, relay.url, { room: 'one' });
      await ada.is('live');
      relay.pointAt(0);
      relay.cut();
      await ada.is('reconnecting');
      await ada.say('for one');
      await ada.make('other');
      await ada.isIn('other');
      await ada.say('for the other');

      relay.pointAt(server.port);

      await ada.shows(['for the other']);
      await ada.make('one');
      await ada.isIn('one');
      await ada.shows(['for one']);
      await until('its confirmation', async () => (await ada.own()).length === 1);
      assert.deepEqual(await ada.own(), ['for one']);
    });
  });

  describe(`a line that is dead and looks alive, over ${transport}`, () => {
    const start = (test, ...options) => serve(test, `${transport}_server`, ...options);

    it('is given up when nothing answers, and the next one tells that the room has the message', async (test) => {
      const server = await start(test);
      const ada = await Chat.open(test, browser, server.url);
      await ada.is('live');
      const pending = ada.log.locator('.message.pending');

      await server.paused(async () => {
        await ada.say('100 to bob');
        await pending.filter({ hasText: 'It may have been sent, or not.' }).waitFor();
        await ada.is('connecting'); // anew, and to nobody that would say anything of the room
        assert.equal(await pending.getByRole('button', { name: 'Send again' }).count(), 0);
      });

      await ada.shows(['100 to bob']);
      await ada.settled();
      assert.deepEqual(await ada.own(), ['100 to bob']);
      assert.equal((await server.stats()).published, 1);
    });

    it('and what the room never got is said to be missing by the next one, and sent again by hand', async (test) => {
      const server = await start(test);
      const relay = await Relay.during(test, server.port);
      const ada = await Chat.open(test, browser, relay.url);
      await ada.is('live');
      const failed = ada.log.locator('.message.pending.failed').filter({ hasText: 'into the void' });

      relay.swallowQuestions();
      await ada.say('into the void');
      await failed.filter({ hasText: 'It may have been sent, or not.' }).waitFor();
      assert.equal(await failed.getByRole('button', { name: 'Send again' }).count(), 0);
      relay.swallowQuestions(false);
      await server.publish('a later one');

      await ada.line('a later one');
      await failed.filter({ hasText: 'The room does not have it.' }).waitFor();
      await failed.getByRole('button', { name: 'Send again' }).click();
      await ada.shows(['a later one', 'into the void']);
      await ada.settled();
      assert.equal((await server.stats()).published, 2);
    });

    it('is given up when the network has come back', async (test) => {
      const server = await start(test);
      const ada = await Chat.open(test, browser, server.url);
      await server.publish('before');
      await ada.shows(['before']);
      await ada.is('live');

      await server.paused(async () => {
        await ada.page.evaluate(() => window.dispatchEvent(new Event('online')));
        await ada.is('connecting');
      });

      await ada.is('live');
      await server.publish('after');
      await ada.shows(['before', 'after']);
      assert.deepEqual(await ada.gaps(), []);
    });

    it('is sought again after times that grow, by chance, like those of the other transports', async (test) => {
      const server = await start(test);
      const relay = await Relay.during(test, server.port);
      const ada = await Chat.open(test, browser, relay.url);
      await ada.is('live');
      await ada.page.evaluate(() => import('/client.js')); // while somebody serves it
      relay.pointAt(0);
      relay.cut();

      const pauses = await ada.page.evaluate(async () => {
        const { Client } = await import('/client.js');
        const [now, random] = [Date.now, Math.random];
        const client = new Client(new URL('/rooms/lobby', location), { backoff: { first: 8, most: 64 } });
        const said = [];
        const chances = [1, 1, 0.5, 0.25, 1, 1];
        await new Promise((resolve) => {
          client.addEventListener('state', ({ detail: { state, due } }) => {
            if (state === 'reconnecting') said.push(due - Date.now());
            if (said.length === chances.length) resolve();
            Math.random = () => chances[said.length];
          });
          Date.now = () => 0;
          client.connect().catch(() => {});
        });
        client.close();
        Object.assign(Date, { now });
        Object.assign(Math, { random });
        return said;
      });

      assert.deepEqual(pauses, [8, 16, 16, 16, 64, 64]);
    });
  });
}
