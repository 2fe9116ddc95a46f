// What a line of the wire panel was: loaded when the first one is opened.

import { element } from '/dom.js';

const bytes = (n) => n.toLocaleString('en');

/** The elements of it. `event`: see Wire. */
export function inside({ kind, text, payload, overhead, about, lines }) {
  const split = `${bytes(payload)} bytes of payload, ${about ? 'about ' : ''}${bytes(overhead)} of overhead`;
  const parts = [element('p', '', split), element('pre', '', text || '(no bytes)')];
  parts[1].tabIndex = 0; // it scrolls
  if (lines) {
    const rows = [...lines].map(([name, size]) => element('tr', name === 'cookie' ? 'cookie' : '', element('th', '', name), element('td', '', bytes(size))));
    parts.push(element('table', 'head-lines', element('caption', '', `The head's lines, in bytes${about ? ' (about)' : ''}`), element('tbody', '', ...rows)));
  }
  if (kind === 'frame' && overhead) parts[0].append(': a frame is its head and its text');
  return parts;
}
