// How many feeds a browser holds at once (R6): over HTTP/1.1 it opens six connections to one origin, and each event stream keeps one.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { Chat } from './support/chat.mjs';
import { launch } from './support/chromium.mjs';
import { serve } from './support/servers.mjs';
import { until } from './support/until.mjs';

const browser = await launch();
after(() => browser.close());

const tabs = 7;
const limit = 6;

describe('seven tabs of one browser', () => {
  /** Tabs share the browser's connections, as a person's do. */
  async function openTabs(test, server, count) {
    const context = await browser.newContext();
    test.after(() => context.close());
    const pages = [];
    for (let tab = 0; tab < count; ++tab) {
      const page = await context.newPage();
      await page.goto(server.url);
      await new Chat(page).is('live');
      pages.push(page);
    }
    return pages;
  }

  it('over SSE: six are live, the seventh does not load until one of them is closed', async (test) => {
    const server = await serve(test, 'sse_server');
    const pages = await openTabs(test, server, limit);
    await server.statsWhere('six readers', ({ readers }) => readers === limit);
    const seventh = await pages[0].context().newPage();
    let answered = false;
    seventh.on('response', () => (answered = true));

    const loading = seventh.goto(server.url);

    // The others are served meanwhile, and the server is not what is full: anybody else gets an answer at once.
    for (let n = 1; n <= 5; ++n) {
      await server.publish(`message ${n}`);
      for (const page of pages) await new Chat(page).log.getByText(`message ${n}`, { exact: true }).waitFor();
    }
    assert.equal(answered, false);
    assert.equal((await server.stats()).readers, limit);

    await pages[0].close();
    await loading;
    await new Chat(seventh).log.getByText('message 5', { exact: true }).waitFor();
    assert.equal(answered, true);
  });

  for (const transport of ['websocket', 'polling']) {
    it(`over ${transport}: all seven are live`, async (test) => {
      const server = await serve(test, `${transport}_server`);
      const pages = await openTabs(test, server, tabs);
      await server.publish('for all seven');
      for (const page of pages) {
        await page.bringToFront();
        await new Chat(page).log.getByText('for all seven', { exact: true }).waitFor();
      }
      if (transport === 'websocket') await until('seven readers', async () => (await server.stats()).readers === tabs);
    });
  }
});
