// The feed over WebSocket: one connection, both ways.

import * as feed from '/feed.js';

export const transport = 'WebSocket';

/** Where this server sends back what it gets, text as text and bytes as bytes. */
export const echo = '/echo';

/**
 * The head of a whole message in one frame, before `size` bytes (RFC 6455, 5.2): { bytes, hex }. Opcode 1 is text, 2 is binary, 8 is
 * close. A client masks what it sends, with a key of 4 random bytes.
 */
export function frameHead(size, { opcode = 1, masked = false } = {}) {
  const [short, more] = size < 126 ? [size, 0] : size < 65536 ? [126, 2] : [127, 8];
  const long = Array.from({ length: more }, (_, i) => Math.floor(size / 256 ** (more - 1 - i)) % 256);
  const head = [0x80 | opcode, short | (masked ? 0x80 : 0), ...long];
  const hex = head.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return { bytes: head.length + (masked ? 4 : 0), hex: masked ? `${hex} MASK` : hex };
}

// The answer to the handshake, which a WebSocket does not show: what RFC 6455, 4.2.2, asks for, and Server as Beast adds it.
const accepted = `HTTP/1.1 101 Switching Protocols
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
Sec-WebSocket-Protocol: chat.v1
Server: Boost.Beast/345

`;

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
        this.wire(() => feed.handshake(url, 'websocket', { 'Sec-WebSocket-Protocol': 'chat.v1' }));
        this.wire(() => ({
          direction: 'down', kind: 'handshake', label: '101 Switching Protocols', overhead: accepted.replaceAll('\n', '\r\n').length, about: true, text: accepted,
        }));
        this.opened({ url, protocol: socket.protocol });
      });
      socket.addEventListener('message', ({ data }) => {
        try {
          this.#take(feed.parse(data), data);
        } catch (error) {
          end(error);
        }
      });
      socket.addEventListener('close', ({ code, reason, wasClean }) => {
        if (wasClean) this.wire(() => frame('down', `close ${code}`, `${code} ${reason}`, { opcode: 8, size: 2 + feed.bytesOf(reason) }));
        end(new feed.FeedError(`the connection closed with ${code} ${reason}`.trim(), { code, wasClean }));
      });
    }).catch((reason) => {
      this.#socket = null;
      socket.close();
      for (const { lost } of this.#answers.values()) lost(reason);
      throw reason;
    });
  }

  #take(incoming, json) {
    const { hello, gap, ref, cursor, error, seq } = incoming;
    const begin = hello ?? gap;
    const label = begin ? `${hello ? 'hello' : 'gap'} ${begin.cursor}` : ref === undefined ? `message ${seq}` : `answer to ${ref}`;
    this.wire(() => frame('down', label, json, ref === undefined && !begin ? { messages: 1, payload: feed.bytesOf(json) } : {}));
    if (begin) this.takeHello(begin);
    else if (ref === undefined) this.takeMessage(incoming);
    else if (error === undefined) this.#answers.get(ref)?.resolve(cursor);
    else this.#answers.get(ref)?.reject(new feed.FeedError(error));
  }

  send(author, text) {
    // While it closes, a WebSocket drops what it is to send, without a word.
    if (this.#socket?.readyState !== WebSocket.OPEN) throw new feed.FeedError('not connected', { unsent: true });
    const ref = ++this.#lastRef;
    const draft = JSON.stringify({ author: author || undefined, text });
    const post = `{"ref":${ref},${draft.slice(1)}`;
    this.#socket.send(post);
    this.wire(() => frame('up', `message, ref ${ref}`, post, { messages: 1, payload: feed.bytesOf(draft), masked: true }));
    const answer = new Promise((resolve, reject) => {
      // It left, and what became of it nobody knows.
      const lost = ({ message }) => reject(new feed.FeedError(message, { uncertain: true }));
      const timer = setTimeout(() => lost({ message: `no answer within ${feed.patience} ms` }), feed.patience);
      this.#answers.set(ref, { resolve, reject, lost, timer });
    });
    return answer.finally(() => {
      clearTimeout(this.#answers.get(ref).timer);
      this.#answers.delete(ref);
    });
  }
}

// The wire event of one frame, with `size` bytes behind its head. The server does not take up the browser's offer to compress.
function frame(direction, label, text, { size = feed.bytesOf(text), payload = 0, messages = 0, ...how }) {
  const head = frameHead(size, how);
  return { direction, kind: 'frame', label, data: text, text: `${head.hex} ${text}`, messages, payload, overhead: head.bytes + size - payload };
}
