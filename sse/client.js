// The feed over server-sent events: one answer that does not end.

import * as feed from '/feed.js';

export const transport = 'Server-sent events';

const retry = 1000; // milliseconds, as the server tells every EventSource

export class Client extends feed.Client {
  /** Never returns: ends when the EventSource gives up, or with the signal. */
  read(signal) {
    const source = new EventSource(`${this.url}/events?after=${this.after}`);
    return new Promise((_, end) => {
      const take = (how) => (event) => {
        try {
          how.call(this, feed.parse(event.data));
        } catch (error) {
          end(error);
        }
      };
      signal.addEventListener('abort', () => end(signal.reason));
      this.expectHello(end);
      source.addEventListener('open', () => this.opened({ url: source.url, after: this.after }));
      source.addEventListener('hello', take(this.takeHello));
      source.addEventListener('gap', take(this.takeHello));
      source.addEventListener('message', take(this.takeMessage));
      source.addEventListener('error', () => {
        // An EventSource is not told why. A lost connection it makes again by itself, with the last id in Last-Event-ID; after an
        // answer that is no event stream it gives up for good, and then it takes a new one.
        if (source.readyState === EventSource.CLOSED) return end(new feed.FeedError('the server refused the event stream'));
        this.lost(new feed.FeedError('the event stream was cut off'), retry);
        this.expectHello(end);
      });
    }).finally(() => source.close());
  }

  /** The message's cursor. When the answer is lost, it may have happened: it is not repeated by itself. */
  publish(author, text) {
    return feed.post(this.url, author, text, this.closing);
  }
}
