// The three client.js keep the contract of tests/contract_test.cpp, case by case, in a real browser; and what else they owe a server.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { launch, open } from './support/chromium.mjs';
import { cases, differences, otherWays, play, readContract, ways } from './support/contract.mjs';
import { serve } from './support/servers.mjs';
import { until } from './support/until.mjs';

const source = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');

// The ways at once, each in pages of its own; a long poll waits for most of its time.
const browser = await launch();
after(() => browser.close());

describe('the contract', { concurrency: true }, () => {
  for (const way of Object.keys(ways)) {
    describe(`over ${way}`, { concurrency: false }, () => {
      const pages = [];
      before(async () => {
        for (let context = 0; context < 2; ++context) pages.push(await open(browser));
      });
      for (const name of Object.keys(cases)) {
        const differs = differences[name]?.ways.includes(way);
        it(name + (differs ? `, but: ${differences[name].why}` : ''), () => play(name, way, pages));
      }
    });
  }
});

describe('the two contracts', () => {
  it('have the same cases', () => {
    const cpp = readContract(source('../contract_test.cpp'));
    assert.ok(cpp.length > 30, `found ${cpp.length} cases in contract_test.cpp`);
    const here = [...Object.keys(cases), ...Object.keys(differences).filter((name) => !(name in cases))];
    assert.deepEqual(here.sort(), cpp.sort());
  });

  it('are kept over the same ways', () => {
    const cpp = [...source('../support/clients.cpp').matchAll(/return "(\w+)";/g)].map(([, name]) => name);
    assert.deepEqual([...Object.keys(ways), ...Object.keys(otherWays)].sort(), cpp.sort());
  });
});

describe('a long poll that its server does not hold', () => {
  it('is not asked again at once', async (test) => {
    const server = await serve(test, 'polling_server');
    const page = await open(browser, server.url);
    test.after(() => page.context().close());
    await page.route('**/rooms/cellar/messages*', (route) => route.fulfill({ status: 204 }));
    const interval = 200;
    await page.evaluate(async (pause) => {
      const { Client } = await import('/client.js');
      globalThis.client = new Client(new URL('/rooms/cellar', location), { after: 'aaaaaaaa.1', wait: 25, interval: pause });
      globalThis.client.connect();
    }, interval);

    // When the page asked, by its own clock.
    const asked = () => page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/rooms/cellar/')).map(({ startTime }) => startTime));
    await until('a few polls', async () => (await asked()).length >= 5);

    await page.evaluate(() => globalThis.client.close());
    // The second follows the first at once, since the first is not to be held.
    const [, ...later] = await asked();
    const pauses = later.slice(1).map((at, i) => at - later[i]);
    assert.ok(Math.min(...pauses) > 0.9 * interval, `${pauses.map(Math.round)} ms apart, expected ${interval}`);
  });
});
