// The feed over server-sent events: one answer that does not end.

import * as feed from '/feed.js';

export const transport = 'Server-sent events';

const retry = 1000; // milliseconds, as the server tells every EventSource

// The head of the answer, which an EventSource does not show: as sse/server.cpp sends it.
const head = `HTTP/1.1 200 OK
Date: Sun, 06 Nov 1994 08:49:37 GMT
Content-Type: text/event-stream
Transfer-Encoding: chunked
Cache-Control: no-store
X-Accel-Buffering: no

`;

// An event as it came, as sse/wire.cpp encodes it (WHATWG HTML, 9.2.6); the first one of a connection has the retry line before it.
function lines({ type, lastEventId, data }, first) {
  const name = type === 'message' ? '' : `event: ${type}\n`;
  return `${first ? `retry: ${retry}\n` : ''}${name}id: ${lastEventId}\n${data.split('\n').map((line) => `data: ${line}\n`).join('')}\n`;
}

// The one chunk that it is (RFC 9112, 7.1): its size in hexadecimal, CRLF, the event, CRLF. The CRs are not shown.
function chunk(text) {
  const size = feed.bytesOf(text);
  const head = size.toString(16);
  return { bytes: head.length + 2 + size + 2, text: `${head}\n${text}\n` };
}

export class Client extends feed.Client {
  /** Never returns: ends with the EventSource's first error, or with the signal. */
  read(signal) {
    const source = new EventSource(`${this.url}/events?after=${this.after}`);
    return new Promise((_, end) => {
      const take = (how) => (event) => {
        this.#told(event);
        try {
          how.call(this, feed.parse(event.data));
        } catch (error) {
          end(error);
        }
      };
      signal.addEventListener('abort', () => end(signal.reason));
      // Over HTTP/1.1 a browser has six connections to one server, all tabs together; the seventh stream waits for one of them.
      this.expectHello(({ message }) => end(new feed.FeedError(`${message}: this page may be open in too many tabs`)));
      let ended = 'the server cannot be reached';
      source.addEventListener('open', () => {
        ended = 'the event stream was cut off';
        // Of its request an EventSource tells nothing until it has been answered.
        this.wire(() => feed.handshake(source.url, 'eventsource'));
        this.wire(() => ({
          direction: 'down', kind: 'handshake', label: '200 OK, text/event-stream', overhead: head.replaceAll('\n', '\r\n').length, about: true, text: head,
        }));
        this.opened({ url: source.url, after: this.after });
      });
      source.addEventListener('hello', take(this.takeHello));
      source.addEventListener('gap', take(this.takeHello));
      source.addEventListener('message', take(this.takeMessage));
      // An EventSource is not told why. It would connect again by itself after `retry:`, with the last id in Last-Event-ID: so would all
      // the readers of a restarted server, in the same second and each second. feed.js comes back as the other transports do.
      source.addEventListener('error', () => {
        end(new feed.FeedError(source.readyState === EventSource.CLOSED ? 'the server refused the event stream' : ended));
      });
    }).finally(() => source.close());
  }

  #told(event) {
    this.wire(() => {
      const isMessage = event.type === 'message';
      const payload = isMessage ? feed.bytesOf(event.data) : 0;
      const { bytes, text } = chunk(lines(event, event.type === 'hello'));
      const label = `${isMessage ? 'message' : event.type} ${event.lastEventId}`;
      return { direction: 'down', kind: 'event', label, data: event.data, payload, overhead: bytes - payload, messages: Number(isMessage), text };
    });
  }

  send(author, text) {
    return feed.post(this.url, author, text, this.closing, this.wire);
  }
}
