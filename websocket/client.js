// The feed over WebSocket: one connection, both ways.

import * as feed from '/feed.js';

export const transport = 'WebSocket';

export class Client extends feed.Client {
  #socket = null; // while it is open
  #answers = new Map(); // by ref: what a publish() awaits
  #lastRef = 0;

  /** Never returns: ends when the WebSocket closes, or with the signal. */
  read(signal) {
    const url = `${this.url.replace(/^http/, 'ws')}/socket?after=${this.after}`; // and https becomes wss
    const socket = new WebSocket(url, 'chat.v1');
    return new Promise((_, end) => {
      signal.addEventListener('abort', () => end(signal.reason));
      this.expectHello(end);
      socket.addEventListener('open', () => {
        this.#socket = socket;
        this.opened({ url, protocol: socket.protocol });
      });
      socket.addEventListener('message', ({ data }) => {
        try {
          this.#take(feed.parse(data));
        } catch (error) {
          end(error);
        }
      });
      socket.addEventListener('close', ({ code, reason, wasClean }) => {
        end(new feed.FeedError(`the connection closed with ${code} ${reason}`.trim(), { code, wasClean }));
      });
    }).catch((reason) => {
      this.#socket = null;
      socket.close();
      for (const { reject } of this.#answers.values()) reject(reason);
      throw reason;
    });
  }

  #take(incoming) {
    const { hello, gap, ref, cursor, error } = incoming;
    if (hello ?? gap) this.takeHello(hello ?? gap);
    else if (ref === undefined) this.takeMessage(incoming);
    else if (error === undefined) this.#answers.get(ref)?.resolve(cursor);
    else this.#answers.get(ref)?.reject(new feed.FeedError(error));
  }

  /** The message's cursor. When the answer is lost, it may have happened: it is not repeated by itself. */
  publish(author, text) {
    if (!this.#socket) return Promise.reject(new feed.FeedError('not connected'));
    const ref = ++this.#lastRef;
    this.#socket.send(JSON.stringify({ ref, author: author || undefined, text }));
    const answer = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new feed.FeedError(`no answer within ${feed.patience} ms`)), feed.patience);
      this.#answers.set(ref, { resolve, reject, timer });
    });
    return answer.finally(() => {
      clearTimeout(this.#answers.get(ref).timer);
      this.#answers.delete(ref);
    });
  }
}
