// Small help with the page's elements, and with what the browser may remember.

export const byId = (id) => document.getElementById(id);

/** An element with its children. What somebody wrote is text, never markup: a string becomes a text node. */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

/** A button that does something. */
export function button(label, act) {
  const made = element('button', 'quiet', label);
  made.type = 'button';
  made.addEventListener('click', act);
  return made;
}

/** Writes a time as its reader does. Made when it is first needed: a browser's first one takes longer than all else before the first paint. */
export function dates(options) {
  let made;
  return (at) => (made ??= new Intl.DateTimeFormat(undefined, options)).format(at);
}

export const clock = dates({ hour: '2-digit', minute: '2-digit' });

/** "1 message", "1,234 messages". */
export const count = (n, one) => `${n.toLocaleString('en')} ${one}${n === 1 ? '' : 's'}`;

/**
 * The colour of somebody, the same in every room and browser: one of 360 hues, by a hash of who it is. page.css makes colours of it that can
 * be read on each ground. Set as a property of the element's style, which a strict CSP allows where a style attribute is not.
 */
export function colour(element, who) {
  let hash = 0x811c9dc5; // FNV-1a, and MurmurHash3's last mix, so that bob and bot lie far apart
  for (const character of who) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  element.style.setProperty('--hue', (hash >>> 0) % 360);
}

/** A name as it can be seen: its code points where it is nothing but spaces, fillers and what joins or directs letters. */
export function visible(name) {
  if (!/^[\s\p{DI}\u2800]*$/u.test(name)) return name;
  return Array.from(name, (one) => `U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`).join(' ');
}

/** What a reader sees as the first letter: of 👩‍👩‍👧 the whole family. */
export function initial(name) {
  if (/^[!-~]{2}/.test(name) || !globalThis.Intl?.Segmenter) return [...name][0] ?? '';
  segmenter ??= new Intl.Segmenter();
  return segmenter.segment(name)[Symbol.iterator]().next().value?.segment ?? '';
}

let segmenter;

/** What the browser keeps from one visit to the next; nothing where it was told to keep nothing. */
export const remembered = {
  get: (name) => kept(() => localStorage.getItem(name)) ?? '',
  set: (name, value) => kept(() => localStorage.setItem(name, value)),
  forget: (name) => kept(() => localStorage.removeItem(name)),
  names: () => kept(() => Object.keys(localStorage)) ?? [],
};

function kept(act) {
  try {
    return act();
  } catch {
    return null; // it may not, or is full
  }
}

const leafLines = 25;

/**
 * Lines in what scrolls. Its end is kept in sight, unless somebody has scrolled up: also where its parts, or what is seen of it, change their size.
 * The lines lie in leaves: a browser that skips what is out of sight looks at each leaf in each frame, and not at a thousand lines.
 */
export class Reel {
  follows = true;
  #scroll;
  #list;
  #lines;
  #end = 0; // where this has scrolled to

  /** `onScroll` is called when somebody scrolled. */
  constructor(scroll, list, onScroll = () => {}) {
    this.#scroll = scroll;
    this.#list = list;
    this.#lines = list.getElementsByTagName('li');
    scroll.addEventListener('scroll', () => {
      this.look();
      onScroll();
    }, { passive: true });
    const resized = new ResizeObserver(() => this.follow());
    for (const one of [scroll, ...scroll.children]) resized.observe(one);
  }

  /** At the end, of which `most` lines are kept. */
  append(lines, most) {
    for (const line of lines.slice(-most)) {
      if (!(this.#list.lastElementChild?.childElementCount < leafLines)) this.#list.append(element('ol', 'leaf'));
      this.#list.lastElementChild.append(line);
    }
    while (this.#lines.length > most) this.#list.firstElementChild.remove();
    this.follow();
  }

  /** Finds out whether the end is in sight, give or take two lines. What has grown since it was there has not been scrolled up. */
  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    if (clientHeight === 0) return; // not shown
    this.follows = scrollHeight - scrollTop - clientHeight < 40 || (this.follows && scrollTop >= this.#end - 1);
  }

  follow() {
    if (!this.follows) return;
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#end = this.#scroll.scrollTop;
  }
}
