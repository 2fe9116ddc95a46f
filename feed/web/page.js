// The chat page. It knows the feed by the client's interface alone: which transport it is, only /client.js knows.

import { Client, transport } from '/client.js';

const most = 1000; // messages kept on the page
const byId = (id) => document.getElementById(id);
const [list, scroll, form, author, text, send, failure] = ['messages', 'scroll', 'form', 'author', 'text', 'send', 'failure'].map(byId);

let client = null;

function enter(room) {
  client?.close();
  list.replaceChildren();
  arrived.length = 0;
  follows = true;
  byId('transport').textContent = transport;
  byId('room').textContent = room;
  document.title = `${room} · ${transport}`;
  client = new Client(new URL(`/rooms/${encodeURIComponent(room)}`, location));

  // Open the console to see what happens when: the server stopped and started again, the network cut off.
  for (const type of ['open', 'message', 'close', 'error']) {
    client.addEventListener(type, ({ detail }) => console.log(type, detail instanceof Error ? { message: detail.message, ...detail } : detail));
  }
  client.addEventListener('message', ({ detail }) => show(messageLine(detail)));
  client.addEventListener('gap', ({ detail }) => show(gapLine(detail)));
  client.addEventListener('state', ({ detail }) => showState(detail));
  client.addEventListener('error', ({ detail }) => complain(detail));
  client.addEventListener('hello', () => complain(null));
  client.connect();
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

// ---- the list

// What came since the last frame: the page is laid out once a frame, however much comes.
const arrived = [];

function show(line) {
  if (arrived.push(line) === 1) requestAnimationFrame(lay);
  if (arrived.length > 2 * most) arrived.splice(0, most); // no frames come in a hidden tab
}

function lay() {
  list.append(...arrived.splice(0));
  while (list.childElementCount > most) list.firstElementChild.remove();
  follow();
}

// The end stays in sight unless somebody has scrolled up; also where a phone's keyboard takes half of the room.
let follows = true;

function follow() {
  if (follows) scroll.scrollTop = scroll.scrollHeight;
}

scroll.addEventListener('scroll', () => (follows = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40));
new ResizeObserver(follow).observe(scroll);

function element(name, className, content) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = content; // what somebody wrote is text, never markup
  return made;
}

function messageLine({ seq, at, author, text }) {
  const time = element('time', '', new Date(at).toLocaleTimeString());
  time.dateTime = new Date(at).toISOString();
  time.title = `message ${seq}, ${new Date(at).toLocaleString()}`;
  const line = element('li', 'message', '');
  line.append(element('b', `author hue-${hue(author)}`, author), ' ', time, element('p', 'text', text));
  return line;
}

function gapLine({ reason, missed }) {
  const told = missed === null ? 'Messages are gone' : missed === 1 ? '1 message is gone' : `${missed} messages are gone`;
  const why = { epoch: 'the room was made anew', forgotten: 'the room has forgotten them', unknown: 'the room has lost them' };
  return element('li', 'gap', `${told}: ${why[reason] ?? reason}`);
}

// One of the eight colours in page.css, the same for the same name.
function hue(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 65521;
  return sum % 8;
}

// ---- the state

let due = 0;

function showState({ state, due: next }) {
  byId('state').dataset.state = state;
  byId('state-name').textContent = state;
  due = next ?? 0;
  countDown();
}

// Not part of what a screen reader is told: it would hear every second.
function countDown() {
  const seconds = Math.ceil((due - Date.now()) / 1000);
  byId('state-due').textContent = due && seconds > 0 ? `in ${seconds} s` : '';
}
setInterval(countDown, 250);

function complain(error) {
  failure.hidden = !error;
  failure.textContent = error?.message ?? '';
}

// ---- the form

// A browser may be told to keep nothing; then the name is asked again.
const remembered = {
  get name() {
    try {
      return localStorage.getItem('name') ?? '';
    } catch {
      return '';
    }
  },
  set name(name) {
    try {
      localStorage.setItem('name', name);
    } catch {
      // not kept
    }
  },
};

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const said = text.value;
  send.disabled = true;
  try {
    await client.publish(author.value.trim(), said);
    if (text.value === said) text.value = ''; // else the next one is being written already
    complain(null);
  } catch (error) {
    complain(error);
  } finally {
    send.disabled = false;
  }
});

author.value = remembered.name;
author.addEventListener('change', () => (remembered.name = author.value.trim()));
addEventListener('hashchange', () => enter(roomInAddress()));
enter(roomInAddress());
