// The panel "The wire": what F12 would show, with its bytes: from the `wire` events of a client, see feed.js, and the mirror.

import { Reel, byId, count, element, visible } from '/dom.js';
import { Mirror } from '/mirror.js';

const most = 200; // lines that are kept
const full = 1000; // bytes that fill a line's bar

const bytes = (n) => n.toLocaleString('en');
const rounded = (n) => (n < 10 ? n.toFixed(1) : bytes(Math.round(n)));

export class Wire {
  #pane = byId('wire');
  #lines = byId('wire-lines');
  #reel = new Reel(byId('wire-scroll'), this.#lines);
  #mirror = new Mirror();
  #began = Date.now();
  #queue = Promise.resolve(); // events wait for the mirror one after the other, so that their order stays
  #arrived = []; // since the last frame
  #drawing = false;
  #sums;

  constructor() {
    byId('wire-clear').addEventListener('click', () => this.#clear());
    const protocol = performance.getEntriesByType('navigation')[0]?.nextHopProtocol;
    byId('wire-protocol').hidden = !protocol || protocol === 'http/1.1';
    byId('wire-protocol').textContent = `This page came over ${protocol}, which compresses heads: they are counted here as HTTP/1.1 would send them.`;
    this.#clear();
  }

  /** Listens to a client until the signal aborts. */
  follow(client, signal) {
    this.#add({ room: client.room });
    client.addEventListener('wire', ({ detail }) => this.#take(detail), { signal });
  }

  /** Shown again after it was hidden. */
  draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#lay();
    });
  }

  #take(event) {
    this.#queue = this.#queue.then(async () => {
      if (event.request) {
        const head = await this.#mirror.head(event.request);
        const overhead = head.bytes + event.request.bodyBytes - event.payload;
        event = { ...event, overhead, lines: head.lines, about: head.about };
      }
      this.#count(event);
      this.#add(event);
    });
  }

  #count({ direction, kind, payload, overhead, messages, lines, about, status }) {
    const sums = this.#sums;
    sums[direction].payload += payload;
    sums[direction].overhead += overhead;
    sums[direction].about ||= about;
    sums.messages += messages;
    if (lines) sums.requests += 1;
    if (lines?.has('cookie')) {
      sums.cookies += 1;
      sums.cookieBytes += lines.get('cookie');
    }
    if (kind === 'answer') sums.answers += 1;
    if (status === 204) sums.empty += 1;
    if (kind === 'frame') sums.frames[direction] += 1;
  }

  #add(event) {
    this.#arrived.push(event);
    if (this.#arrived.length > most) this.#arrived.shift();
    this.draw();
  }

  #clear() {
    const none = () => ({ payload: 0, overhead: 0, about: false });
    this.#sums = { up: none(), down: none(), messages: 0, requests: 0, cookies: 0, cookieBytes: 0, answers: 0, empty: 0, frames: { up: 0, down: 0 } };
    this.#arrived = [];
    this.#lines.replaceChildren();
    this.draw();
  }

  #lay() {
    if (this.#pane.offsetParent === null) return; // hidden: what arrives waits
    for (const direction of ['up', 'down']) {
      const { payload, overhead, about } = this.#sums[direction];
      const cells = byId(`wire-${direction}`).querySelectorAll('td');
      [payload, overhead, payload + overhead].forEach((sum, i) => (cells[i].textContent = `${about && i > 0 ? '≈ ' : ''}${bytes(sum)}`));
    }
    this.#layFacts();
    const lines = this.#arrived.splice(0).map((event) => (event.room ? element('li', 'room', 'room ', element('bdi', '', visible(event.room))) : line(event, this.#began)));
    this.#reel.append(lines, most);
  }

  #layFacts() {
    const { up, down, messages, requests, cookies, cookieBytes, answers, empty, frames } = this.#sums;
    const facts = [];
    if (messages) facts.push(['overhead per message', `${rounded((up.overhead + down.overhead) / messages)} bytes`, count(messages, 'message')]);
    facts.push(['requests', bytes(requests), frames.up + frames.down ? `frames ↑${bytes(frames.up)} ↓${bytes(frames.down)}` : '']);
    if (empty) facts.push(['answers that brought nothing', `${Math.round((100 * empty) / answers)} %`, `${bytes(empty)} of ${bytes(answers)}`]);
    if (cookies) facts.push(['the cookie went along', `${bytes(cookies)} ×`, `${bytes(cookieBytes)} bytes`]);
    byId('wire-facts').replaceChildren(...facts.map(([name, value, more]) => element('li', '', element('span', '', name), element('b', '', value), element('small', '', more))));
  }
}

// One line; opened, what it was.
function line(event, began) {
  const { direction, kind, label, data, payload, overhead, about, status, messages } = event;
  const all = payload + overhead;
  const size = element('span', 'size', `${about ? '≈ ' : ''}${bytes(all)}`);
  const bar = element('span', 'bar');
  bar.style.setProperty('--part', `${(100 * payload) / Math.max(full, all)}%`);
  bar.style.setProperty('--all', `${(100 * all) / Math.max(full, all)}%`);
  const arrow = element('span', 'arrow', direction === 'up' ? '↑' : '↓');
  arrow.setAttribute('role', 'img');
  arrow.setAttribute('aria-label', direction);
  const named = status === 204 ? `${label}: nothing new` : messages > 1 ? `${label}: ${count(messages, 'message')}` : label;
  const when = element('span', 'when', ((event.at - began) / 1000).toFixed(1));
  const summary = element('summary', '', when, arrow, element('span', 'label', named), size, ...(data ? [element('span', 'data', data.slice(0, 300))] : []), bar);
  const opened = element('details', '', summary);
  opened.addEventListener('toggle', async () => {
    const { inside } = await import('/inside.js');
    opened.append(...inside(event));
  }, { once: true });
  return element('li', `${direction} ${kind}${status === 204 ? ' nothing' : ''}${status >= 400 ? ' refused' : ''}`, opened);
}
