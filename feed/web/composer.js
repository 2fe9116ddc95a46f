// Where one writes: a name, a text, pictures by choosing, dropping or pasting them.

import { byId, remembered } from '/dom.js';

const types = ['image/gif', 'image/png', 'image/jpeg', 'image/webp'];
// The server says what is too large (--max-image); far beyond that, a browser would send for minutes what is refused anyway.
const mostBytes = 64 << 20;

export class Composer {
  #form = byId('form');
  #author = byId('author');
  #text = byId('text');
  #failure = byId('failure');
  #onSend;

  /** `onSend` is called with the name, which may be empty, and { text } or { picture }, a File. */
  constructor({ onSend }) {
    this.#onSend = onSend;
    this.#author.value = remembered.get('name');
    this.#author.addEventListener('change', () => remembered.set('name', this.#name));
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#sendText();
    });
    this.#text.addEventListener('keydown', (event) => {
      // While a syllable of Korean or Japanese is put together, Enter belongs to the keyboard; 229 is how Safari says so.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#sendText();
    });
    this.#text.addEventListener('input', () => this.#fit());
    byId('picture').addEventListener('change', ({ target }) => {
      this.#sendPictures(target.files);
      target.value = ''; // so that the same one can be chosen again
    });
    document.addEventListener('paste', (event) => {
      if (event.clipboardData?.files.length) event.preventDefault();
      this.#sendPictures(event.clipboardData?.files ?? []);
    });
    this.#takeDrops();
    byId('send').disabled = false; // before, Enter would have sent the form as forms are sent
  }

  /** What went wrong, an Error or a text; null where nothing is wrong any more. */
  complain(error) {
    const text = error?.message ?? error ?? '';
    this.#failure.hidden = !text;
    if (this.#failure.textContent !== text) this.#failure.textContent = text; // else a screen reader would tell it again and again
  }

  /** The name by which the server knows a user who gives none. */
  set publicName(name) {
    this.#author.placeholder = name;
  }

  /** A text that is to be written again. */
  rewrite(text) {
    this.#text.value = this.#text.value ? `${text}\n${this.#text.value}` : text;
    this.#fit();
    this.#text.focus();
  }

  get #name() {
    return this.#author.value.trim();
  }

  #sendText() {
    const text = this.#text.value;
    if (!text.trim()) return;
    this.#text.value = '';
    this.#fit();
    this.complain(null);
    this.#onSend(this.#name, { text });
  }

  #sendPictures(files) {
    if (files.length) this.complain(null);
    const refused = [...files].filter(({ type, size }) => !types.includes(type) || size > mostBytes);
    if (refused.length) {
      const [{ name, type, size }] = refused;
      const got = types.includes(type) ? `${Math.round(size / 1e6)} MB` : type || 'of an unknown type';
      this.complain(`“${name}” is ${got}: expected a GIF, PNG, JPEG or WebP of a few MB`);
    }
    for (const picture of [...files].filter((file) => !refused.includes(file))) this.#onSend(this.#name, { picture });
  }

  // A file may be dropped anywhere: beside the room, a browser would leave the page for it.
  #takeDrops() {
    let over = 0; // enter and leave come for each element on the way
    const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
    const show = (change) => {
      over = Math.max(0, change === 0 ? 0 : over + change);
      document.body.classList.toggle('dropping', over > 0);
    };
    addEventListener('dragenter', (event) => hasFiles(event) && show(1));
    addEventListener('dragleave', (event) => hasFiles(event) && show(-1));
    addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault());
    addEventListener('drop', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      show(0);
      this.#sendPictures(event.dataTransfer.files);
    });
  }

  // As high as its text, within what page.css allows; browsers that know field-sizing do it themselves.
  #fit() {
    if (CSS.supports('field-sizing', 'content')) return;
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight + 2}px`;
  }
}
