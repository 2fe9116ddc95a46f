// What the browser writes at the head of a request: a script does not see it, but the server does. GET or POST /mirror tells the size of
// each line of its own request; another request of the same kind differs only in what the script knows.

import { bytesOf, request } from '/feed.js';

const soon = 5000; // milliseconds until a mirror that failed is asked again

// What a browser leaves out, and adds, when it opens a WebSocket (RFC 6455, 4.1): sizes of whole lines. Without permessage-deflate, which
// Chromium, Firefox and Safari all offer, the extensions would be missing.
const handshakeKeeps = ['host', 'pragma', 'cache-control', 'user-agent', 'accept-encoding', 'accept-language', 'cookie'];
const handshakeAdds = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  origin: location.origin,
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
};

// How each kind asks. The head of an XMLHttpRequest, as upload.js makes it, is that of a fetch() which goes past no cache.
const kinds = {
  GET: {},
  POST: { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } },
  xhr: { method: 'POST', body: new Blob(['x']), headers: { 'Content-Type': 'image/gif' }, cache: 'default' },
};

const lineBytes = (name, value) => name.length + 2 + bytesOf(value) + 2; // a colon and a space, CRLF

/** What each kind of request looks like at the server's end; asked for once. */
export class Mirror {
  #kinds = new Map(); // by kind: a promise of its lines

  /**
   * Of the `request` of a wire event: { bytes, lines, about }, its head with the empty line at the end, the size of each line by its name,
   * and whether that is reckoned and not measured.
   */
  async head({ opens, method, target, fields, bodyBytes }) {
    const measured = await this.#ask(opens === 'xhr' ? 'xhr' : method);
    const lines = new Map(measured ?? [['host', lineBytes('host', location.host)]]);
    if (opens === 'websocket') {
      for (const name of [...lines.keys()]) if (!handshakeKeeps.includes(name)) lines.delete(name);
      for (const [name, value] of Object.entries(handshakeAdds)) lines.set(name, lineBytes(name, value));
    }
    if (opens === 'eventsource') lines.set('accept', lineBytes('accept', 'text/event-stream'));
    for (const [name, value] of Object.entries(fields)) lines.set(name.toLowerCase(), lineBytes(name, value));
    if (method !== 'GET') lines.set('content-length', lineBytes('content-length', String(bodyBytes)));
    lines.delete('request-line');
    const all = new Map([['request-line', method.length + 1 + target.length + 1 + 'HTTP/1.1\r\n'.length], ...lines]);
    const bytes = [...all.values()].reduce((sum, size) => sum + size, 0) + 2;
    return { bytes, lines: all, about: !measured || opens === 'eventsource' || opens === 'websocket' };
  }

  #ask(kind) {
    if (!this.#kinds.has(kind)) {
      const lines = request(new URL('/mirror', location), kinds[kind]).then(({ body }) => body.fields).catch(() => {
        setTimeout(() => this.#kinds.delete(kind), soon);
        return null;
      });
      this.#kinds.set(kind, lines);
    }
    return this.#kinds.get(kind);
  }
}
