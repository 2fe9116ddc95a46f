// The chat page as its users have it: by what they read, click and type.

import assert from 'node:assert/strict';

import { open } from './chromium.mjs';
import { patience, until } from './until.mjs';

/** One window, in a browser of its own: no cookie, no connection shared with another. */
export class Chat {
  constructor(page) {
    this.page = page;
    this.log = page.getByRole('log', { name: 'Messages' });
    this.text = page.getByLabel('Message', { exact: true });
    this.name = page.getByLabel('Name', { exact: true });
    this.send = page.getByRole('button', { name: 'Send', exact: true });
    this.rooms = page.getByRole('navigation', { name: 'Rooms' });
    this.wire = page.getByRole('complementary', { name: 'The wire' });
  }

  /** Ends with the test; and the test fails if the page did what no page should. */
  static async open(test, browser, url, { room = 'lobby', ...options } = {}) {
    const chat = new Chat(await open(browser, url, { path: `/#${encodeURIComponent(room)}`, ...options }));
    test.after(async () => {
      const faults = [...chat.page.faults];
      await chat.page.context().close();
      assert.deepEqual(faults, []);
    });
    return chat;
  }

  /** Waits for a state: connecting, live, reconnecting, closed. */
  async is(state) {
    await this.page.locator(`#state[data-state="${state}"]`).waitFor();
    return this;
  }

  /** Says it as one does: types it and sends it. */
  async say(text, { as } = {}) {
    if (as !== undefined) await this.name.fill(as);
    await this.text.fill(text);
    await this.send.click();
  }

  /** The line that says so, once it is there and confirmed. */
  async line(text) {
    const line = this.log.locator('.message:not(.pending)').filter({ hasText: text });
    await line.first().waitFor();
    return line.first();
  }

  /** What stands in the room, confirmed: { author, text }, in order. */
  async lines() {
    return this.log.locator('#messages .message').evaluateAll((all) =>
      all.map((line) => ({ author: line.querySelector('.author').textContent, text: line.querySelector('.text')?.textContent ?? '' })));
  }

  async texts() {
    return (await this.lines()).map(({ text }) => text);
  }

  /** The texts that are shown as this user's own. */
  own() {
    return this.log.locator('#messages .message.own .text').allTextContents();
  }

  /** Waits until nothing is shown that is not confirmed. */
  async settled() {
    await until('nothing pending', async () => (await this.log.locator('.pending').count()) === 0);
  }

  /** Waits until exactly these stand in the room, in this order. */
  async shows(texts) {
    await until(`${texts.length} messages in the window`, async (see) => {
      const shown = await this.texts();
      see({ count: shown.length, last: shown.slice(-3) });
      return shown.length >= texts.length;
    });
    assert.deepEqual(await this.texts(), texts);
  }

  /** What a line says of what is lost. */
  gaps() {
    return this.log.locator('.gap').allTextContents();
  }

  /** Goes to a room of the list, which is asked for every few seconds. */
  async join(room) {
    await this.rooms.getByRole('link').filter({ hasText: room }).click({ timeout: patience });
    await this.isIn(room);
  }

  async isIn(room) {
    await this.page.getByRole('heading', { name: room, exact: true }).waitFor();
  }

  /** Makes a room, or finds it. */
  async make(room) {
    await this.page.getByLabel(/Find a room/).fill(room);
    await this.rooms.getByRole('button', { name: 'Enter' }).click();
  }
}
