// The chat page. It knows the feed by the client's interface alone: which transport it is, only /client.js knows.

import * as transport from '/client.js';
import { Composer } from '/composer.js';
import { byId, remembered, visible } from '/dom.js';
import { Messages } from '/messages.js';
import { Outbox } from '/outbox.js';
import { Rooms, addressOf, objection } from '/rooms.js';
import { Wire } from '/wire.js';

let client = null;
let left = new AbortController(); // aborted when the page goes to another room
let room = '';
const sends = new Set(); // promises of what is on its way

const composer = new Composer({ onSend: send });
const messages = new Messages({ list: byId('messages'), scroll: byId('scroll'), newer: byId('newer'), onUnread: showTitle });
const outbox = new Outbox({ list: byId('outbox'), messages, onRewrite: (text) => composer.rewrite(text), onName: learnName });
const rooms = new Rooms({ onEnter: goTo, onReaders: showReaders });
const wire = new Wire();

function enter(name) {
  leave();
  room = name;
  byId('room').textContent = visible(room);
  showReaders(0);
  messages.clear();
  outbox.enter(room);
  rooms.current = room;
  showTitle(0);
  const wrong = objection(room);
  composer.complain(wrong && `“${room}” names no room. ${wrong}`);
  if (wrong) return showState({ state: 'closed' });
  client = new transport.Client(new URL(`/rooms/${encodeURIComponent(room)}`, location));
  left = new AbortController();
  const on = (type, take) => client.addEventListener(type, ({ detail }) => take(detail), { signal: left.signal });

  // Open the console to see what happens when: the server stopped and started again, the network cut off.
  for (const type of ['open', 'message', 'close', 'error']) {
    on(type, (detail) => console.log(type, JSON.stringify(detail instanceof Error ? { message: detail.message, ...detail } : detail)));
  }
  wire.follow(client, left.signal);
  on('message', (message) => {
    byId('empty').hidden = true;
    messages.add(message, { cursor: client.after, ...outbox.claim(message, client.after) });
  });
  on('gap', (gap) => {
    messages.gap(gap);
    outbox.forget();
  });
  on('hello', ({ cursor }) => {
    composer.complain(null);
    byId('empty').hidden = !cursor.endsWith('.0') || byId('messages').childElementCount > 0;
  });
  on('error', (error) => composer.complain(error));
  on('state', showState);
  client.connect();
}

// The old room's client stays until it has its answers: what was sent is not called back because somebody looks elsewhere.
function leave() {
  const old = client;
  client = null;
  left.abort();
  Promise.allSettled(sends).then(() => old?.close());
}

async function send(author, what) {
  if (!client) return;
  const to = room;
  messages.toEnd();
  const sent = outbox.send(client, author, what);
  sends.add(sent);
  const error = await sent;
  sends.delete(sent);
  if (error && room !== to) composer.complain(`Not sent to ${to}: ${error.message}`);
}

function goTo(name) {
  location.hash = addressOf(name);
  leaveRooms();
  byId('text').focus();
}

// The room is what follows the # in the address.
function roomInAddress() {
  const name = location.hash.slice(1);
  try {
    return decodeURIComponent(name) || 'lobby';
  } catch {
    return name; // a % that is just a %
  }
}

// The server names whoever gives no name; it says so with their first message.
function learnName(name) {
  remembered.set('guest', name);
  composer.publicName = name;
}

// ---- what is shown above

function showTitle(unread) {
  document.title = `${unread ? `(${unread}) ` : ''}${visible(room)} · ${transport.transport}`;
}

function showReaders(readers) {
  byId('readers').textContent = readers ? `${readers.toLocaleString('en')} reading` : '';
}

let due = 0;

function showState({ state, due: next }) {
  byId('state').dataset.state = state;
  byId('state-name').textContent = state;
  due = next ?? 0;
  countDown();
  outbox.reconsider(state);
}

// Not part of what a screen reader is told: it would hear every second.
function countDown() {
  const seconds = Math.ceil((due - Date.now()) / 1000);
  const text = due && seconds > 0 ? `in ${seconds} s` : '';
  if (byId('state-due').textContent !== text) byId('state-due').textContent = text;
}
setInterval(countDown, 250);

// ---- which parts are shown: one at a time on a phone; elsewhere the wire beside the rest, or not

const wide = matchMedia('(min-width: 75rem)');
const views = document.querySelectorAll('[data-shows]');

function view(name) {
  document.body.dataset.view = name;
  for (const one of views) one.setAttribute('aria-pressed', String(one.dataset.shows === name));
  if (name === 'wire') wire.draw();
}

// On a phone the list of rooms covers the room.
function leaveRooms() {
  if (document.body.dataset.view === 'rooms') view('chat');
}

for (const one of views) {
  one.addEventListener('click', () => {
    const { shows } = one.dataset;
    view(shows === 'wire' && document.body.dataset.view === 'wire' ? 'chat' : shows);
    if (shows === 'wire') remembered.set('wire', document.body.dataset.view === 'wire' ? 'shown' : 'hidden');
  });
}
if (wide.matches && remembered.get('wire') !== 'hidden') view('wire');

// Safari lays its keyboard over the page and shrinks only what is seen of it.
visualViewport?.addEventListener('resize', () => {
  if (visualViewport.scale !== 1) return; // somebody looks closer
  document.body.style.setProperty('--height', `${visualViewport.height}px`);
  scrollTo(0, 0);
});

// ---- begin

byId('transport').textContent = transport.transport;
document.documentElement.dataset.transport = transport.transport;
composer.publicName = remembered.get('guest') || 'guest';
addEventListener('hashchange', () => enter(roomInAddress()));
byId('room-list').addEventListener('click', ({ target }) => target.closest('a') && leaveRooms());
enter(roomInAddress());

// Only a WebSocket has frames to play with.
byId('echo').hidden = !transport.echo;
for (const [id, module] of [['echo', '/echo.js'], ['how', '/how.js']]) {
  byId(id).addEventListener('toggle', async () => (await import(module)).mount(byId(id), transport), { once: true });
}
