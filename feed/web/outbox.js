// What was said here and has not come back from the room yet. It stands below the messages at once; when the room brings it, the message
// takes its place. Where no answer came, that is said: it may have happened, and to send it again may say it twice.

import { button, element, remembered } from '/dom.js';
import { messageShape } from '/messages.js';

const mostOwn = 500; // cursors that are remembered
const absence = 2000; // milliseconds in which a live feed brings what was published: longer than polling's interval

/** Cursors of this user's messages, kept by the browser, so that they look like their own after a reload, too. */
class Own {
  #cursors = new Set(remembered.get('own').split(' '));

  has(cursor) {
    return this.#cursors.has(cursor);
  }
  set(cursor, own) {
    if (own) this.#cursors.add(cursor);
    else this.#cursors.delete(cursor);
    remembered.set('own', [...this.#cursors].slice(-mostOwn).join(' '));
  }
}

/** `messages`: where what has arrived is shown. `onRewrite` gets a text that is to be written again, `onName` the user's public name. */
export class Outbox {
  #list;
  #messages;
  #onRewrite;
  #onName;
  #own = new Own();
  #letters = []; // in the order in which they were sent
  #timer = 0;

  constructor({ list, messages, onRewrite, onName }) {
    this.#list = list;
    this.#messages = messages;
    this.#onRewrite = onRewrite;
    this.#onName = onName;
  }

  /** Sends a text, or a picture (a File), into the client's room. Resolves when it is over, with the error where it failed. */
  async send(client, author, { text = '', picture = null }) {
    const letter = { client, author, text, picture, cursor: null, claimed: null, left: false, repeated: false, error: null };
    letter.element = shape(letter);
    this.#letters.push(letter);
    this.#list.append(letter.element);
    await this.#try(letter);
    return letter.error;
  }

  /** For each message that comes: what it replaces, where this user said it. */
  claim(message, cursor) {
    const letter = this.#letters.find((one) => one.cursor === cursor) ?? this.#letters.find((one) => isLike(one, message));
    if (!letter) return { own: this.#own.has(cursor) };
    if (!letter.author) this.#onName(message.author);
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

  /** To be called when the feed's state has changed, too: a live feed would have brought what is missing. */
  reconsider() {
    clearTimeout(this.#timer);
    const isMissing = ({ error, client }) => error?.uncertain && !error.looked && client.state === 'live';
    if (!this.#letters.some(isMissing)) return;
    this.#timer = setTimeout(() => {
      for (const letter of this.#letters.filter(isMissing)) {
        letter.error.looked = true;
        this.#say(letter, `${letter.error.message}. The room does not have it.`, this.#again(letter), this.#discard(letter));
      }
    }, absence);
  }

  /** For another room: what has not settled is not shown any more. */
  clear() {
    this.#letters = [];
    this.#list.replaceChildren();
  }

  async #try(letter) {
    const { client, author, text, picture } = letter;
    letter.error = null;
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
      if (cancelled.signal.aborted && !letter.left) this.#drop(letter);
      else if (letter.claimed) this.#settle(letter, letter.claimed); // it is in the room: that is an answer, too
      else this.#failed(letter, error);
    }
  }

  #answered(letter, cursor) {
    letter.cursor = cursor;
    this.#own.set(cursor, true);
    if (letter.claimed === cursor || (letter.claimed && letter.repeated)) return this.#settle(letter, letter.claimed);
    if (letter.claimed) { // somebody else said the same at the same time
      this.#own.set(letter.claimed, false);
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
      this.reconsider();
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
      this.#try(letter);
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
    this.#own.set(cursor, true);
    this.#letters = this.#letters.filter((one) => one !== letter);
  }

  #drop(letter) {
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

// The message looks as if it were this one: said before its answer came, by the same name as far as that is known.
function isLike({ author, text, picture, cursor, claimed, left }, message) {
  const sameName = author ? author === message.author : message.author.startsWith('guest');
  return !cursor && !claimed && left && sameName && text === message.text && Boolean(picture) === Boolean(message.image);
}

function shape(letter) {
  letter.status = element('span', 'status');
  letter.actions = element('span', 'actions');
  const line = messageShape(letter.author || 'guest', letter.text, element('div', 'foot', letter.status, letter.actions));
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
