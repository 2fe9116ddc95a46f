// The page with the three transports side by side (bench/live), by the names that its live.js promises.

import assert from 'node:assert/strict';

import { open } from './chromium.mjs';
import { until } from './until.mjs';

/** The panes, as the page calls them. */
export const panes = ['poll', 'sse', 'ws'];

export class Live {
  constructor(page) {
    this.page = page;
  }

  /** Ready: all panes are live, and messages are being published. */
  static async open(test, browser, url, options) {
    const live = new Live(await open(browser, url, options));
    test.after(async () => {
      const faults = [...live.page.faults];
      await live.page.context().close();
      assert.deepEqual(faults, []);
    });
    await live.page.locator('html[data-ready]').waitFor();
    return live;
  }

  pane(name) {
    return this.page.frameLocator(`iframe[data-pane="${name}"]`);
  }

  /** All figures of a pane, as numbers where they are; null where there is none. */
  async figures(name) {
    const told = await this.pane(name).locator('[data-figure]').evaluateAll((all) =>
      all.map(({ dataset, textContent }) => [dataset.figure, 'value' in dataset ? dataset.value : textContent]));
    const number = (text) => (text === '' || text === '–' ? null : Number.isNaN(Number(text)) ? text : Number(text));
    return Object.fromEntries(told.map(([figure, text]) => [figure, number(text)]));
  }

  /** The figures of the panes, as soon as they are as `isSo` wants them: { poll, sse, ws }. */
  where(what, isSo) {
    return until(what, async (see) => {
      const all = {};
      for (const name of panes) all[name] = await this.figures(name);
      see(Object.fromEntries(panes.map((name) => [name, { ...all[name], sentence: undefined }])));
      return isSo(all) && all;
    });
  }

  /** The same for each pane. */
  whereEach(what, isSo) {
    return this.where(what, (all) => panes.every((name) => isSo(all[name], name)));
  }

  fault(name) {
    return this.page.locator(`button[data-fault="${name}"]`);
  }

  async press(name) {
    await this.fault(name).click();
  }

  /** Messages a second; 0 for none. */
  async rate(perSecond) {
    const rates = [0, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
    await this.page.locator('#rate').fill(String(rates.indexOf(perSecond)));
    await this.page.locator(`#rate[aria-valuetext="${perSecond ? `${perSecond} messages a second` : 'no messages'}"]`).waitFor();
  }

  /** Says nothing more, and waits until all panes have all: no message is on its way. */
  async settled() {
    await this.rate(0);
    return this.whereEach('all messages in all panes', ({ messages }) => messages > 0)
      .then(() => this.where('the same in all panes', ({ poll, sse, ws }) => poll.messages === sse.messages && sse.messages === ws.messages));
  }
}
