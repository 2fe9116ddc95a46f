// The feed over polling: one question after the other.

import * as feed from '/feed.js';

export const transport = 'Polling';

// Of a page of messages, `{"cursor":…,"messages":[…]}`, the messages are payload; the commas between them are not.
function count(page) {
  const begin = '"messages":[';
  const json = page.slice(page.indexOf(begin) + begin.length, -']}'.length);
  const messages = json ? feed.parse(page).messages.length : 0;
  return { messages, payload: feed.bytesOf(json) - Math.max(0, messages - 1) };
}

export class Client extends feed.Client {
  #interval;
  #wait;

  /** `interval`: milliseconds from one poll to the next. `wait`: seconds that the server may hold a long poll; 0 for none. */
  constructor(roomUrl, { interval = 1000, wait = 0, ...options } = {}) {
    super(roomUrl, options);
    this.#interval = interval;
    this.#wait = wait;
  }

  /** Never returns: ends with the first poll that fails, or with the signal. The connection is a manner of speaking. */
  async read(signal) {
    for (let first = true; ; first = false) {
      while (document.hidden) await feed.sleep(Infinity, signal, [document, 'visibilitychange']); // nobody looks: nobody asks
      const began = performance.now();
      const brought = await this.#poll(first, signal);
      if (this.#wait && (first || brought)) continue; // and one that brings nothing has been held for longer than the interval, or should have
      // Start to start, and never two at a time: a poll that took longer than the interval is followed by the next at once.
      await feed.sleep(this.#interval - (performance.now() - began), signal, [document, 'visibilitychange']);
    }
  }

  async #poll(first, signal) {
    const after = this.after;
    const wait = first ? 0 : this.#wait; // whoever begins is told at once where the feed is, also while nobody speaks
    const { status, body } = await feed.request(`${this.url}/messages${after === '0' ? '' : `?after=${after}`}`, {
      headers: wait ? { Prefer: `wait=${wait}` } : {},
      within: feed.patience + wait * 1000,
      signal,
      wire: this.wire,
      count,
    });
    if (first) this.opened({ url: this.url, interval: this.#interval, wait: this.#wait });
    if (status === 204) { // nothing new
      if (first) this.takeHello({ cursor: after });
      return false;
    }
    const { messages, cursor, gap } = body;
    // The page's cursor is behind its messages; the feed goes on before them.
    const [epoch] = cursor.split('.');
    const begin = messages.length ? `${epoch}.${messages[0].seq - 1}` : cursor;
    if (first || gap) this.takeHello(gap ? { cursor: begin, gap } : { cursor: begin });
    for (const message of messages) {
      if (signal.aborted) return true; // a listener has had enough
      this.takeMessage(message);
    }
    if (this.after !== cursor) throw new feed.FeedError(`the page's cursor is ${cursor}, expected ${this.after}`, { broken: true });
    return messages.length > 0 || gap !== undefined;
  }

  send(author, text) {
    return feed.post(this.url, author, text, this.closing, this.wire);
  }
}
