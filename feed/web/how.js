// What the wire panel counts, and how it knows: for who asks.

import { element } from '/dom.js';

const p = (...parts) => element('p', '', ...parts);
const b = (text) => element('b', '', text);
const code = (text) => element('code', '', text);

export function mount(root) {
  root.append(
    p(b('Payload'), ' is messages: their JSON, or a picture. ', b('Overhead'), ' is the rest.'),
    p('No script sees the head that a browser writes. The server does: ', code('GET /mirror'), ', once for each kind of request, tells the size of each line. ',
      'An answer’s head is counted from its fields, without ', code('Set-Cookie'), '.'),
    p('Frames are counted by RFC 6455, events by their text and the chunk around it. The handshakes of EventSource and WebSocket are put together ',
      'from the mirror and the standards, and marked “about”.'),
    p('Not here: pings, pongs and the comments that keep a stream alive; pictures that are shown, the list of rooms and this page; and what TCP, IP and TLS add.'),
  );
}
