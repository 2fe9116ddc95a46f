// The list of rooms, asked for again and again while somebody looks; and the way into a new one.

import { byId, clock, count, dates, element, visible } from '/dom.js';
import { bytesOf, rooms, sleep } from '/feed.js';

const often = 5000; // milliseconds from one list to the next
const most = 100; // rooms that are shown: who looks for another types its name
const mostBytes = 64; // of a room's name

const calendar = dates({ day: 'numeric', month: 'short' });

export const addressOf = (room) => `#${encodeURIComponent(room)}`;

/** Why a room cannot be named so, in words; empty where it can (the server checks it, too). */
export function objection(name) {
  if (!name) return 'A room needs a name.';
  if (bytesOf(name) > mostBytes) return `This is ${bytesOf(name)} bytes in UTF-8, ${mostBytes} at most.`;
  if (name.includes('/')) return 'A name cannot hold a “/”.';
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return 'A name cannot hold control characters.';
  if (name === '.' || name === '..') return 'No address can hold this name.';
  return '';
}

export class Rooms {
  #list = byId('room-list');
  #name = byId('room-name');
  #hint = byId('room-hint');
  #more = byId('room-more');
  #rooms = []; // as the server told them, the latest word first
  #lines = new Map(); // by name: the <li> of a room that is shown
  #seen = new Map(); // by name: the cursor up to which somebody has looked
  #current = '';
  #onReaders;
  #bell = new EventTarget();
  #isFirst = true; // what was said before the page was opened is not new

  /** `onEnter` is called with the name of the room to enter, `onReaders` with the number of those who read the current one. */
  constructor({ onEnter, onReaders }) {
    this.#onReaders = onReaders;
    this.#name.addEventListener('input', () => this.#show());
    byId('room-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const name = this.#name.value.trim();
      this.#hint.textContent = objection(name);
      if (this.#hint.textContent) return;
      this.#name.value = '';
      onEnter(name);
    });
    this.#refresh();
  }

  /** The room that the page is in. */
  set current(room) {
    this.#current = room;
    this.#show();
    this.#bell.dispatchEvent(new Event('ring'));
  }

  async #refresh() {
    const never = new AbortController().signal;
    for (;;) {
      while (document.hidden) await sleep(Infinity, never, [document, 'visibilitychange']);
      const began = performance.now();
      try {
        this.#take(await rooms());
        this.#more.classList.remove('failed');
      } catch (error) {
        this.#more.textContent = `The list is old: ${error.message}`;
        this.#more.classList.add('failed');
      }
      // A list of ten thousand rooms takes its time: it is asked for less often.
      await sleep(Math.max(often, 20 * (performance.now() - began)), never, [this.#bell, 'ring']);
    }
  }

  #take(list) {
    for (const { room, cursor } of list) {
      if (this.#isFirst || room === this.#current) this.#seen.set(room, cursor);
    }
    this.#isFirst = false;
    const at = ({ last }) => last?.at ?? 0;
    list.sort((a, b) => at(b) - at(a) || (a.room < b.room ? -1 : 1));
    this.#rooms = list;
    this.#onReaders(list.find(({ room }) => room === this.#current)?.readers ?? 0);
    this.#show();
  }

  #show() {
    const typed = this.#name.value.trim();
    const wanted = typed.toLocaleLowerCase();
    const found = wanted ? this.#rooms.filter(({ room }) => room.toLocaleLowerCase().includes(wanted)) : [...this.#rooms];
    if (!wanted && !found.slice(0, most).some(({ room }) => room === this.#current)) {
      found.unshift(this.#rooms.find(({ room }) => room === this.#current) ?? { room: this.#current, cursor: '', readers: 0 });
    }
    const shown = found.slice(0, most);
    this.#place(shown.map((room) => this.#line(room)));
    for (const name of this.#lines.keys()) {
      if (!shown.some(({ room }) => room === name)) this.#lines.delete(name);
    }
    const rest = found.length - shown.length;
    this.#more.textContent = rest ? `and ${count(rest, 'other room')}: type a part of the name` : '';
    const isNew = typed && !this.#rooms.some(({ room }) => room === typed);
    this.#hint.textContent = isNew ? objection(typed) || 'A new room: whoever enters it makes it.' : '';
  }

  // Moves no line from under a pointer or out of the focus.
  #place(lines) {
    if (this.#list.matches(':hover, :focus-within')) {
      const kept = [...this.#list.children].filter((line) => lines.includes(line));
      lines = [...kept, ...lines.filter((line) => !kept.includes(line))];
    }
    for (const line of [...this.#list.children]) if (!lines.includes(line)) line.remove();
    lines.forEach((line, place) => {
      if (this.#list.children[place] !== line) this.#list.insertBefore(line, this.#list.children[place] ?? null);
    });
  }

  #line({ room, cursor, readers, last }) {
    let line = this.#lines.get(room);
    if (!line) {
      const link = element('a', '', element('b', '', element('bdi', '', visible(room))), element('span', 'badge'), element('time', ''),
        element('span', 'last'), element('span', 'readers'));
      link.href = addressOf(room);
      line = element('li', '', link);
      this.#lines.set(room, line);
    }
    const set = (selector, ...parts) => {
      const made = element('span', '', ...parts);
      const part = line.querySelector(selector);
      if (part.textContent !== made.textContent) part.replaceChildren(...made.childNodes);
    };
    const isCurrent = room === this.#current;
    if (isCurrent) line.firstChild.setAttribute('aria-current', 'page');
    else line.firstChild.removeAttribute('aria-current');
    const unread = isCurrent ? 0 : missed(this.#seen.get(room), cursor);
    set('.badge', unread ? `${unread.toLocaleString('en')} new` : '');
    set('time', last ? when(last.at) : '');
    if (last) set('.last', element('bdi', '', visible(last.author)), ': ', element('bdi', '', last.image ? 'a picture' : last.text.slice(0, 120)));
    else set('.last', 'no message yet');
    set('.readers', readers ? count(readers, 'reader') : '');
    return line;
  }
}

function missed(seen, cursor) {
  const [epoch, seq] = cursor.split('.');
  const [seenEpoch, seenSeq] = (seen ?? '').split('.');
  return Number(seq) - (epoch === seenEpoch ? Number(seenSeq) : 0);
}

const when = (at) => (new Date(at).toDateString() === new Date().toDateString() ? clock : calendar)(at);
