// The messages of a room: laid out once a frame, however much comes, and no more of them than a page can hold.

import { Reel, button, clock, colour, count, dates, element, initial, visible } from '/dom.js';

const most = 1000; // on the page
const pause = 5 * 60_000; // milliseconds after which an author is named again

const calendar = dates({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const calm = matchMedia('(prefers-reduced-motion: reduce)');

// Nothing but emoji, and few: shown large.
const isEmoji = (text) => text.length <= 24 && /^(?:\p{RI}{2}|\p{Extended_Pictographic}|\p{Emoji_Modifier}|[\u200d\ufe0f\s])+$/u.test(text);

/** `onUnread` is called with the number of messages that nobody has looked at yet. */
export class Messages {
  #list;
  #newer;
  #onUnread;
  #arrived = []; // since the last frame: functions that make their lines
  #last = null; // the message that was laid last, where the next one may be grouped with it
  #day = '';
  #reel;
  #looked = !document.hidden; // before anybody has looked, nothing is newer than the rest
  #unread = 0;
  #mark = null; // the line above the first of them

  constructor({ list, scroll, newer, onUnread }) {
    this.#list = list;
    this.#newer = newer;
    this.#onUnread = onUnread;
    this.#reel = new Reel(scroll, list, () => this.#scrolled());
    newer.addEventListener('click', () => this.toEnd());
    document.addEventListener('visibilitychange', () => this.#scrolled());
  }

  /** Begins empty, for another room. */
  clear() {
    this.#list.replaceChildren();
    this.#arrived = [];
    this.#last = this.#mark = null;
    this.#day = '';
    this.#reel.follows = true;
    this.#newer.hidden = true;
    this.#tell(0);
  }

  /** `cursor`: the message's. `own`: said by this user. `replaces`: the element that stood for it until now. */
  add(message, { cursor, own, replaces }) {
    if (!own && this.#looked && (document.hidden || !this.#reel.follows)) {
      if (this.#unread === 0) this.#queue(() => this.#markLine());
      this.#tell(this.#unread + 1);
    }
    this.#queue(() => {
      replaces?.remove();
      return this.#messageLines(message, cursor, own);
    });
  }

  gap({ reason, missed }) {
    const told = missed === null ? 'Messages are gone' : `${count(missed, 'message')} ${missed === 1 ? 'is' : 'are'} gone`;
    const why = { epoch: 'the room was made anew', forgotten: 'the room has forgotten them', unknown: 'the room has lost them' };
    this.#queue(() => {
      this.#last = null;
      return [element('li', 'gap', `${told}: ${why[reason] ?? reason}`)];
    });
  }

  /** Says of a message whether it is this user's own, where that was not known. False where the page does not have it. */
  setOwn(cursor, own = true) {
    this.#lay();
    const line = this.#list.querySelector(`[data-cursor="${CSS.escape(cursor)}"]`);
    line?.classList.toggle('own', own);
    return line !== null;
  }

  toEnd() {
    this.#reel.follows = true;
    this.#reel.follow();
  }

  #queue(lines) {
    if (this.#arrived.push(lines) === 1) requestAnimationFrame(() => this.#lay());
    if (this.#arrived.length > 3 * most) this.#arrived.splice(0, most).forEach((dropped) => dropped()); // a hidden tab has no frames
  }

  #lay() {
    if (this.#arrived.length === 0) return;
    const lines = this.#arrived.splice(0).flatMap((make) => make());
    this.#reel.append(lines, this.#reel.follows ? most : 2 * most); // whoever reads further up keeps what is there, within bounds
  }

  #scrolled() {
    this.#newer.hidden = this.#reel.follows;
    if (document.hidden) return;
    this.#looked = true;
    if (this.#reel.follows) this.#tell(0);
  }

  #tell(unread) {
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.#newer.textContent = unread ? `↓ ${count(unread, 'new message')}` : '↓ Latest';
    this.#newer.classList.toggle('unread', unread > 0);
    this.#onUnread(unread);
  }

  #markLine() {
    this.#mark?.remove();
    this.#mark = element('li', 'day mark', 'New messages');
    this.#last = null;
    return [this.#mark];
  }

  #messageLines(message, cursor, own) {
    const { at, author } = message;
    const who = `${message.user} ${author}`;
    const lines = [];
    const day = new Date(at).toDateString();
    if (day !== this.#day) {
      lines.push(element('li', 'day', dayName(at)));
      this.#last = null;
    }
    this.#day = day;
    const last = this.#last;
    const begins = last === null || last.who !== who || last.own !== own || at - last.at > pause;
    this.#last = { at, who, own };
    lines.push(messageLine(message, cursor, own, begins));
    return lines;
  }
}

function dayName(at) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000); // a day of 23 hours is one, too
  return ['Today', 'Yesterday'][days] ?? calendar(at);
}

function messageLine({ seq, at, author, text, image, user }, cursor, own, begins) {
  const time = element('time', '', clock(at));
  time.dateTime = new Date(at).toISOString();
  time.title = `message ${seq}, ${new Date(at).toLocaleString()}`;
  const line = messageShape(author, text, time, user);
  line.dataset.cursor = cursor;
  line.classList.toggle('own', own);
  line.classList.toggle('begins', begins);
  if (image) time.before(picture(image, author));
  return line;
}

/** What a message looks like, also one without a place in the room yet; `foot` stands at its end. Its colour is the user's, else the name's. */
export function messageShape(author, text, foot, user) {
  const name = element('b', 'author', visible(author));
  name.dir = 'auto';
  const bubble = element('div', 'bubble', name, foot);
  if (text) {
    const said = element('p', isEmoji(text) ? 'text emoji' : 'text', text);
    said.dir = 'auto';
    foot.before(said);
  }
  const line = element('li', 'message', bubble);
  line.dataset.initial = initial(author).toUpperCase();
  colour(line, user || author);
  return line;
}

function picture(path, author) {
  if (!/^\/images\/[\w.-]+$/.test(path)) return element('p', 'text', `(a picture at ${path})`);
  const shown = new Image();
  shown.loading = 'lazy';
  shown.decoding = 'async';
  shown.alt = `Picture from ${author}`;
  shown.src = path;
  const link = element('a', 'picture', shown);
  link.href = path;
  link.target = '_blank';
  link.rel = 'noopener';
  shown.addEventListener('error', () => link.replaceChildren('(this picture cannot be shown)'));
  if (calm.matches && path.endsWith('.gif')) shown.addEventListener('load', () => hold(link, shown), { once: true });
  return link;
}

// Who wants no motion sees the first picture of a GIF, until they want it to play.
function hold(link, moving) {
  const first = element('canvas', '');
  first.width = moving.naturalWidth;
  first.height = moving.naturalHeight;
  first.getContext('2d').drawImage(moving, 0, 0);
  const play = button('Play', () => {
    first.replaceWith(moving);
    play.remove();
  });
  moving.replaceWith(first);
  first.setAttribute('role', 'img');
  first.setAttribute('aria-label', moving.alt);
  link.after(play);
}
