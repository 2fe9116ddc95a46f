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

/** "1 message", "1,234 messages". */
export const count = (n, one) => `${n.toLocaleString('en')} ${one}${n === 1 ? '' : 's'}`;

/**
 * The colour of an author, the same in every room and browser: one of 360 hues, by FNV-1a over the name. page.css makes colours of it that
 * can be read on each ground. Set as a property of the element's style, which a strict CSP allows where a style attribute is not.
 */
export function colour(element, author) {
  let hash = 0x811c9dc5;
  for (const character of author) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  element.style.setProperty('--hue', (hash >>> 0) % 360);
}

/** What a reader sees as the first letter: of 👩‍👩‍👧 the whole family. */
export function initial(name) {
  if (!globalThis.Intl?.Segmenter) return [...name][0] ?? '';
  return new Intl.Segmenter().segment(name)[Symbol.iterator]().next().value?.segment ?? '';
}

/** What the browser keeps from one visit to the next; nothing where it was told to keep nothing. */
export const remembered = {
  get(name) {
    try {
      return localStorage.getItem(name) ?? '';
    } catch {
      return '';
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      // not kept
    }
  },
};
