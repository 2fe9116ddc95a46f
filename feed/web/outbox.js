// What was said here and has not come back from the room yet. It stands below the messages at once; when the room brings it, the message
// takes its place. What never left waits for a line. Where no answer came, that is said: it may have happened, and to send it again may say
// it twice.

import { button, element, remembered } from '/dom.js';
import { rooms } from '/feed.js';
import { messageShape } from '/messages.js';

const mostOwn = 500; // messages that are remembered
const absence = 2000; // milliseconds in which a live feed brings what was published: longer than polling's interval

/**
 * Which messages are this user's, after a reload and in another tab, too. The rooms of a server share its epoch, so a cursor alone names none;
 * and each is an item of its own, so that no tab writes over what another keeps.
 */
class Own {
  /** `onAdd` is called with room and cursor of what was said in another tab. */
  constructor(onAdd) {
    addEventListener('storage', ({ key, newValue }) => {
      const [, cursor, room] = /^own (\S+) (.+)$/s.exec(key) ?? [];
      if (cursor && newValue) onAdd(room, cursor);
    });
    const kept = remembered.names().filter((name) => name.startsWith('own '));
    for (const name of kept.sort((a, b) => remembered.get(b) - remembered.get(a)).slice(mostOwn)) remembered.forget(name);
  }

  has(room, cursor) {
    return remembered.get(`own ${cursor} ${room}`) !== '';
  }
  add(room, cursor) {
    remembered.set(`own ${cursor} ${room}`, Date.now());
  }
}

/** `messages`: where what has arrived is shown. `onRewrite` gets a text that is to be written again, `onName` the user's public name. */
export class Outbox {
  #list;
  #messages;
  #onRewrite;
  #onName;
  #own = new Own((room, cursor) => room === this.#room && this.#messages.setOwn(cursor));
  #room = '';
  #letters = []; // of this room, in the order in which they were written
  #turn = Promise.resolve(); // of the text before: the next leaves when it is over, so that their order stays
  #timer = 0;

  constructor({ list, messages, onRewrite, onName }) {
    this.#list = list;
    this.#messages = messages;
    this.#onRewrite = onRewrite;
    this.#onName = onName;
  }

  /** Sends a text, or a picture (a File), into the client's room. Resolves when it is over, with the error where it failed. */
  async send(client, author, { text = '', picture = null }) {
    const letter = { client, author, text, picture, cursor: null, claimed: null, repeated: false, dropped: false };
    letter.element = shape(letter);
    this.#letters.push(letter);
    this.#list.append(letter.element);
    await this.#post(letter);
    return letter.error;
  }

  /** For each message that comes: what it replaces, where this user said it. */
  claim(message, cursor) {
    const letter = this.#letters.find((one) => one.cursor === cursor) ?? this.#letters.find((one) => isLike(one, message));
    if (!letter) return { own: this.#own.has(this.#room, cursor) };
    if (!letter.author) this.#onName(message.author);
    if (message.user) remembered.set('user', message.user);
    if (letter.cursor || letter.error) this.#settle(letter, cursor);
    else letter.claimed = cursor; // most likely; its answer will tell
    return { own: true, replaces: letter.element };
  }

  /** After a gap: what has a place in the room may be among what is lost. Nobody will bring it any more. */
  forget() {
    for (const letter of this.#letters.filter(({ cursor }) => cursor)) {
      letter.element.remove();
      this.#settle(letter, letter.cursor);
    }
  }

  /** To be told each state of the feed. Of what had no answer only a line knows that was begun since: the one before may be dead. */
  reconsider(state) {
    clearTimeout(this.#timer);
    if (state === 'connecting') for (const { error } of this.#letters) if (error?.uncertain) error.renewed = true;
    if (state === 'live' && this.#missing.length) this.#timer = setTimeout(() => this.#look(), absence);
  }

  /** For another room: what has not settled is not shown any more. */
  enter(room) {
    this.#room = room;
    this.#letters = [];
    this.#turn = Promise.resolve();
    this.#list.replaceChildren();
    clearTimeout(this.#timer);
  }

  get #missing() {
    return this.#letters.filter(({ error }) => error?.renewed && !error.looked);
  }

  // Only a feed that has all that the room has can say that something is not there.
  async #look() {
    const missing = this.#missing;
    if (!missing.length) return;
    const { client } = missing[0];
    const list = await rooms(client.closing).catch(() => null);
    const [epoch, last] = list?.find(({ room }) => room === client.room)?.cursor.split('.') ?? [];
    const [mine, read] = client.after.split('.');
    if (!list || (epoch && (epoch !== mine || Number(read) < Number(last)))) return this.reconsider(client.state); // again
    for (const letter of missing.filter((one) => this.#missing.includes(one))) {
      letter.error.looked = true;
      this.#say(letter, `${letter.error.message}. The room does not have it.`, this.#again(letter), this.#discard(letter));
    }
  }

  // A picture takes its time: nothing waits behind it.
  #post(letter) {
    Object.assign(letter, { error: null, left: false });
    this.#say(letter, 'not sent yet', this.#discard(letter));
    if (letter.picture) return this.#try(letter);
    return (this.#turn = this.#turn.then(() => this.#try(letter)));
  }

  async #try(letter) {
    const { client, author, text, picture } = letter;
    while (!['live', 'closed'].includes(client.state)) await change(client); // what has not left may leave late
    if (letter.dropped) return;
    letter.left = !picture; // a picture has left when all of it has
    const cancelled = new AbortController();
    const cancel = this.#action('Cancel', () => cancelled.abort(new DOMException('cancelled', 'AbortError')));
    this.#say(letter, picture ? 'sending 0 %' : 'sending', ...(picture ? [cancel] : []));
    const progress = (part) => {
      letter.left = part === 1;
      letter.element.style.setProperty('--sent', `${part * 100}%`);
      letter.status.textContent = `sending ${Math.round(part * 100)} %`;
    };
    try {
      const cursor = picture
        ? (await client.upload(picture, { author, progress, signal: cancelled.signal })).cursor
        : await client.publish(author, text);
      this.#answered(letter, cursor);
    } catch (error) {
      error.uncertain ||= cancelled.signal.aborted && letter.left;
      if (cancelled.signal.aborted && !letter.left) this.#drop(letter);
      else if (letter.claimed) this.#settle(letter, letter.claimed); // it is in the room: that is an answer, too
      else if (error.unsent) await change(client).then(() => this.#try(letter)); // the feed is about to find its connection lost
      else this.#failed(letter, error);
    }
  }

  #answered(letter, cursor) {
    letter.cursor = cursor;
    this.#own.add(letter.client.room, cursor);
    if (!this.#letters.includes(letter)) return letter.client.room === this.#room && this.#messages.setOwn(cursor); // left, and back
    if (letter.claimed === cursor || (letter.claimed && letter.repeated)) return this.#settle(letter, letter.claimed);
    if (letter.claimed) { // somebody else said the same at the same time
      this.#messages.setOwn(letter.claimed, false);
      this.#list.append(letter.element);
      letter.claimed = null;
    }
    if (this.#messages.setOwn(cursor)) {
      letter.element.remove();
      this.#settle(letter, cursor);
    } else {
      this.#say(letter, 'sent');
    }
  }

  #failed(letter, error) {
    letter.error = error;
    letter.left = error.uncertain;
    const { text } = letter;
    if (error.uncertain) {
      this.#say(letter, `${error.message}. It may have been sent, or not.`, this.#discard(letter));
    } else if (error.pointless && text) {
      const rewrite = this.#action('Write again', () => {
        this.#drop(letter);
        this.#onRewrite(text);
      });
      this.#say(letter, error.message, rewrite, this.#discard(letter));
    } else {
      this.#say(letter, error.message, ...(error.pointless ? [] : [this.#again(letter)]), this.#discard(letter));
    }
  }

  #again(letter) {
    return this.#action('Send again', () => {
      letter.repeated = true;
      this.#post(letter);
    });
  }

  #discard(letter) {
    return this.#action('Discard', () => this.#drop(letter));
  }

  // The button goes with what it does: the focus must not go with it.
  #action(label, act) {
    return button(label, () => {
      this.#list.parentElement.focus({ preventScroll: true });
      act();
    });
  }

  #settle(letter, cursor) {
    this.#own.add(letter.client.room, cursor);
    this.#letters = this.#letters.filter((one) => one !== letter);
  }

  #drop(letter) {
    letter.dropped = true;
    letter.element.remove();
    this.#letters = this.#letters.filter((one) => one !== letter);
  }

  #say(letter, status, ...actions) {
    letter.element.classList.toggle('failed', letter.error !== null);
    letter.status.textContent = status;
    if (letter.error) letter.status.setAttribute('role', 'alert');
    else letter.status.removeAttribute('role');
    letter.actions.replaceChildren(...actions);
  }
}

const change = (client) => new Promise((resolve) => client.addEventListener('state', resolve, { once: true }));

// The message looks as if it were this one: said before its answer came, by the same name as far as that is known.
function isLike({ author, text, picture, cursor, claimed, left }, message) {
  const sameName = author ? author === message.author : message.author.startsWith('guest');
  return !cursor && !claimed && left && sameName && text === message.text && Boolean(picture) === Boolean(message.image);
}

function shape(letter) {
  letter.status = element('span', 'status');
  letter.actions = element('span', 'actions');
  const line = messageShape(letter.author || 'guest', letter.text, element('div', 'foot', letter.status, letter.actions), remembered.get('user'));
  line.classList.add('own', 'pending', 'begins');
  if (letter.picture) {
    const preview = new Image();
    preview.alt = letter.picture.name;
    preview.src = URL.createObjectURL(letter.picture);
    preview.addEventListener('load', () => URL.revokeObjectURL(preview.src));
    preview.addEventListener('error', () => {
      URL.revokeObjectURL(preview.src);
      preview.replaceWith(letter.picture.name);
    });
    line.querySelector('.foot').before(element('div', 'picture', preview));
  }
  return line;
}
