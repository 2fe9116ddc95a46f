// The echo lab of the WebSocket server's page: text goes out as text or as bytes, comes back the same, and one sees what a program gets.

import { button, element } from '/dom.js';

const most = 30; // lines
const numbers = (bytes) => bytes.subarray(0, 40).join(' ') + (bytes.length > 40 ? ' …' : '');

/** Fills `root`; `echo` and `frameHead` as in websocket/client.js. Connects with the first "Send". */
export function mount(root, { echo, frameHead }) {
  const url = new URL(echo, location);
  url.protocol = url.protocol.replace('http', 'ws');
  const style = element('link', '');
  style.rel = 'stylesheet';
  style.href = '/echo.css';
  document.head.append(style);
  const text = element('input', '');
  text.value = 'Hello 안녕';
  text.dir = 'auto';
  text.maxLength = 200;
  const kind = choice(['blob', 'arraybuffer'], 'binaryType');
  const log = element('ol', 'echoes');
  const form = element('form', '', labelled('Text', text), labelled('Bytes arrive as', kind),
    element('div', 'row', button('Send as text', () => send(text.value)), button('Send as bytes', () => send(new TextEncoder().encode(text.value)))));
  root.append(element('p', '', 'A WebSocket carries text or bytes, and a frame says which. /echo sends back what it gets.'), form, log);
  log.setAttribute('role', 'log');
  log.setAttribute('aria-label', 'What was sent and what arrived');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send(text.value);
  });

  let opening = null; // a promise of a WebSocket; of null where there is none to be had
  const say = (className, ...parts) => {
    log.append(element('li', className, ...parts.map((part) => (typeof part === 'string' ? element('p', '', part) : part))));
    while (log.childElementCount > most) log.firstElementChild.remove();
    log.lastElementChild.scrollIntoView({ block: 'nearest' });
  };

  function open() {
    const socket = new WebSocket(url);
    return new Promise((resolve) => {
      socket.addEventListener('open', () => resolve(socket));
      socket.addEventListener('message', ({ data }) => show(data));
      socket.addEventListener('close', ({ code }) => {
        say('note', `The connection closed with ${code}; the next “Send” opens another.`);
        opening = null;
        resolve(null);
      });
    });
  }

  async function send(what) {
    const socket = await (opening ??= open());
    if (!socket) return; // the note says so
    socket.binaryType = kind.value;
    socket.send(what);
    if (typeof what === 'string') {
      const { hex } = frameHead(new TextEncoder().encode(what).length, { masked: true });
      say('up', code(`socket.send(${JSON.stringify(what)})`), `↑ text frame, opcode 1: ${hex} ${what}`);
    } else {
      const { hex } = frameHead(what.length, { opcode: 2, masked: true });
      say('up', code('socket.send(new TextEncoder().encode(text))'), `↑ binary frame, opcode 2: ${hex}, then the bytes ${numbers(what)}`);
    }
  }

  async function show(data) {
    if (typeof data === 'string') return say('down', `↓ text frame: data is a string`, code(`"${data}"`));
    const isBlob = data instanceof Blob;
    const buffer = isBlob ? await data.arrayBuffer() : data;
    say('down',
      `↓ binary frame: data is ${isBlob ? 'a Blob' : 'an ArrayBuffer'} of ${buffer.byteLength} bytes. Shown as text: ${data}`,
      code(isBlob ? 'new Uint8Array(await data.arrayBuffer())' : 'new Uint8Array(data)'), `→ ${numbers(new Uint8Array(buffer))}`,
      code(isBlob ? 'await data.text()' : 'new TextDecoder().decode(data)'), `→ ${new TextDecoder().decode(buffer)}`);
  }
}

const code = (text) => element('code', '', text);

function labelled(text, field) {
  return element('label', '', element('span', '', text), field);
}

function choice(values, name) {
  const made = element('select', '', ...values.map((value) => element('option', '', value)));
  made.name = name;
  return made;
}
