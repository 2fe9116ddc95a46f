// The chat between two windows, over each transport: what one says the other sees, and how a room is found.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { Chat } from './support/chat.mjs';
import { launch } from './support/chromium.mjs';
import { numbered, serve, transports } from './support/servers.mjs';
import { until } from './support/until.mjs';

const browser = await launch();
after(() => browser.close());

describe('a colour', () => {
  it("is the user's, whatever name they speak by; who has no user has the name's", async (test) => {
    const server = await serve(test, 'polling_server');
    for (const author of ['ada', 'ada', 'lovelace', 'ada', 'bob']) await server.publish(`I am ${author}`, { author });
    const users = ['5ek7e5', 'x0x0x0', '5ek7e5', undefined, undefined]; // what the server says of those who have its cookie
    const ada = await Chat.open(test, browser, null);
    await ada.page.route('**/rooms/lobby/messages*', async (route) => {
      const response = await route.fetch();
      if (response.status() !== 200) return route.fulfill({ response });
      const page = await response.json();
      const messages = page.messages.map((message) => ({ ...message, user: users[message.seq - 1] }));
      return route.fulfill({ response, json: { ...page, messages } });
    });
    await ada.page.goto(server.url);
    await ada.line('I am bob');

    const lines = await ada.log.locator('#messages .message').evaluateAll((all) =>
      all.map((line) => ({ hue: line.style.getPropertyValue('--hue'), begins: line.classList.contains('begins') })));
    const [first, other, renamed, nameless, bob] = lines.map(({ hue }) => hue);
    assert.equal(renamed, first);
    assert.equal(new Set([first, other, nameless, bob]).size, 4);
    assert.ok(lines.every(({ begins }) => begins), 'two users of one name are not one who goes on');
  });
});

for (const transport of transports) {
  describe(`the chat over ${transport}`, () => {
    const start = (test, ...options) => serve(test, `${transport}_server`, ...options);

    it('is between two windows', async (test) => {
      const server = await start(test);
      const ada = await Chat.open(test, browser, server.url);
      const bob = await Chat.open(test, browser, server.url);
      await ada.is('live');
      await bob.is('live');

      await ada.say('hello, bob', { as: 'ada' });
      await bob.line('hello, bob');
      await bob.say('안녕 👋', { as: 'bob' });
      await ada.line('안녕 👋');
      await bob.line('안녕 👋');

      const both = [{ author: 'ada', text: 'hello, bob' }, { author: 'bob', text: '안녕 👋' }];
      assert.deepEqual(await ada.lines(), both);
      assert.deepEqual(await bob.lines(), both);
      assert.equal((await server.stats()).published, 2);
    });

    it('shows at once what one says oneself, and confirms it', async (test) => {
      const server = await start(test);
      const ada = await Chat.open(test, browser, server.url);
      await ada.is('live');
      const pending = ada.log.locator('.message.pending');

      await server.paused(async () => {
        await ada.say('is anybody there?');
        await pending.filter({ hasText: 'is anybody there?' }).filter({ hasText: 'sending' }).waitFor();
        assert.deepEqual(await ada.texts(), []);
      });

      await ada.shows(['is anybody there?']);
      await until('nothing pending', async () => (await pending.count()) === 0);
    });

    it('names somebody who gives no name, and always the same', async (test) => {
      const server = await start(test);
      const ada = await Chat.open(test, browser, server.url);
      const bob = await Chat.open(test, browser, server.url);
      await ada.is('live');
      await bob.is('live');

      await ada.say('first');
      await bob.line('first');
      await bob.say('second');
      await ada.line('second');
      await ada.say('third');
      await bob.line('third');

      const [first, second, third] = await bob.lines();
      assert.match(first.author, /^guest-[0-9a-z]{6}$/);
      assert.equal(third.author, first.author);
      assert.notEqual(second.author, first.author);
    });

    it('finds a room that is named in Korean and emoji', async (test) => {
      const server = await start(test);
      const room = '서울의 밤 🌃';
      const ada = await Chat.open(test, browser, server.url);
      await ada.is('live');

      await ada.make(room);
      await ada.isIn(room);
      await ada.is('live');
      await ada.say('어서 오세요', { as: '에이다' });
      await ada.line('어서 오세요');

      const bob = await Chat.open(test, browser, server.url);
      const link = bob.rooms.getByRole('link').filter({ hasText: room });
      await link.filter({ hasText: '에이다: 어서 오세요' }).waitFor();
      await link.filter({ hasText: '1 reader' }).waitFor();
      await bob.join(room);
      await bob.line('어서 오세요');
      assert.equal(decodeURIComponent(new URL(bob.page.url()).hash), `#${room}`);
      await bob.page.reload();
      await bob.isIn(room);
      await bob.line('어서 오세요');
      assert.match(await bob.page.title(), new RegExp(room));
      assert.equal((await server.room(room)).room, room);
    });

    it('shows names of which nothing is to be seen, and keeps each to itself', async (test) => {
      const server = await start(test);
      await server.publish('from nobody', { room: '\u3164', author: '\u200b\u2060' }); // Hangul filler; zero width space, word joiner
      await server.publish('שלום', { room: 'ואחרון 2', author: 'רות' });
      const ada = await Chat.open(test, browser, server.url, { room: '\u3164' });
      await ada.isIn('U+3164');

      const links = ada.rooms.getByRole('link');
      await links.filter({ hasText: 'U+3164' }).filter({ hasText: 'U+200B U+2060: from nobody' }).waitFor();
      const isolated = await links.filter({ hasText: 'ואחרון 2' }).locator('bdi').allTextContents();
      assert.deepEqual(isolated, ['ואחרון 2', 'רות', 'שלום']);
      assert.deepEqual((await ada.lines()).map(({ author }) => author), ['U+200B U+2060']);
    });

    it('keeps the rooms apart', async (test) => {
      const server = await start(test);
      const ada = await Chat.open(test, browser, server.url, { room: 'one' });
      const bob = await Chat.open(test, browser, server.url, { room: 'other' });
      await ada.is('live');
      await bob.is('live');

      await ada.say('for one');
      await ada.line('for one');
      await bob.say('for the other');
      await bob.shows(['for the other']);

      await bob.make('one');
      await bob.isIn('one');
      await bob.shows(['for one']);
    });

    it("tells one's own messages from others', in each room and in each tab", async (test) => {
      const server = await start(test);
      const ada = await Chat.open(test, browser, server.url, { room: 'one' });
      await ada.is('live');
      for (const text of numbered(1, 2)) await ada.say(text, { as: 'ada' });
      await ada.shows(numbered(1, 2));
      await ada.settled();
      // Elsewhere somebody has said as much: the cursors are the same.
      for (const text of numbered(3, 5)) await server.publish(text, { room: 'other' });

      await ada.make('other');
      await ada.isIn('other');
      await ada.shows(numbered(3, 5));
      assert.deepEqual(await ada.own(), []);
      await ada.make('one');
      await ada.isIn('one');
      await ada.shows(numbered(1, 2));
      assert.deepEqual(await ada.own(), numbered(1, 2));

      const tab = new Chat(await ada.page.context().newPage());
      await tab.page.goto(`${server.url}/#one`);
      await tab.shows(numbered(1, 2));
      await tab.is('live');
      await tab.say('from the other tab');
      await ada.page.bringToFront();
      await ada.line('from the other tab');
      await ada.say('from the first tab');
      await tab.page.bringToFront();
      await tab.line('from the first tab');
      const all = [...numbered(1, 2), 'from the other tab', 'from the first tab'];
      for (const { page } of [ada, tab]) {
        await page.bringToFront();
        await until('all of them to be own', async () => (await new Chat(page).own()).length === all.length);
      }
      for (const { page } of [ada, tab]) {
        await page.bringToFront();
        await page.reload();
        await new Chat(page).shows(all);
        assert.deepEqual(await new Chat(page).own(), all);
      }
    });

    it('says what a refused message was refused for, and keeps its text', async (test) => {
      const server = await start(test, '--max-message', 200);
      const ada = await Chat.open(test, browser, server.url);
      await ada.is('live');

      await ada.say('x'.repeat(300));

      const failed = ada.log.locator('.message.pending.failed');
      await failed.filter({ hasText: 'x'.repeat(300) }).waitFor();
      await ada.log.getByRole('alert').first().waitFor();
      assert.equal((await server.stats()).published, 0);
    });

    it('has a mark above what is new to somebody who has scrolled up', async (test) => {
      const server = await start(test);
      await server.publishAll(numbered(1, 100));
      const ada = await Chat.open(test, browser, server.url);
      await ada.line('message 100');
      await ada.log.focus();
      await ada.page.keyboard.press('Home');
      await ada.page.getByRole('button', { name: 'Latest' }).waitFor();

      await server.publish('what is new');

      const newer = ada.page.getByRole('button', { name: '1 new message' });
      await newer.waitFor();
      const mark = ada.log.getByText('New messages', { exact: true });
      assert.equal(await mark.evaluate((line) => line.nextElementSibling.querySelector('.text').textContent), 'what is new');
      await newer.click();
      await newer.waitFor({ state: 'hidden' });
      await ada.log.getByText('what is new').waitFor();
    });

    it('tells the days apart', async (test) => {
      const server = await start(test);
      await server.publish('the day before');
      const page = await Chat.open(test, browser, null);
      await page.page.clock.setFixedTime(Date.now() + 24 * 3600 * 1000);
      await page.page.goto(server.url);

      await page.log.getByText('Yesterday', { exact: true }).waitFor();
      const [, shown] = await page.log.locator('#messages li').allTextContents();
      assert.match(shown, /the day before/);
    });
  });
}
