// What a pane counts: which messages came, how late, and what they cost. Pure: times are given, in milliseconds of one clock.

const span = 60_000; // ms that percentiles and costs are of, at most
const patience = 2500; // ms
const remembered = 20_000; // ids, to know a repetition by

/** The value below which the share `p` of the sorted values lies. */
export const percentile = (sorted, p) => (sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] : null);

/** What came, against what the server has acknowledged to the publisher. Ids ascend, and the room keeps the order. */
export class Receipts {
  #waiting = new Set(); // acknowledged, not come
  #lost = new Set();
  #come = new Set();
  #newest = 0;
  messages = 0;
  repeated = 0;

  get lost() {
    return this.#lost.size;
  }

  /** How many are acknowledged and may still come. */
  get expected() {
    return this.#waiting.size;
  }

  acknowledged(ids) {
    for (const id of ids) if (!this.#come.has(id)) this.#waiting.add(id);
    this.#settle();
  }

  arrived(id) {
    if (this.#come.has(id)) {
      this.repeated += 1;
      return;
    }
    this.#come.add(id);
    this.messages += 1;
    this.#waiting.delete(id);
    this.#lost.delete(id);
    this.#newest = Math.max(this.#newest, id);
    this.#settle();
    if (this.#come.size > 2 * remembered) this.#come = new Set([...this.#come].slice(-remembered));
  }

  // Nothing overtakes in a room: what was published before something that came will not come any more.
  #settle() {
    for (const id of this.#waiting) {
      if (id >= this.#newest) continue;
      this.#waiting.delete(id);
      this.#lost.add(id);
    }
  }
}

/** The last minute, or what is over of it since something was changed: a median over two ways of asking would be of neither. */
export class Figures {
  receipts = new Receipts();
  live = Infinity; // since when; what opened the first connection is not around its messages
  reconnects = 0;
  gaps = 0;
  missed = 0; // messages, as the gaps said
  payload = 0; // bytes of messages in all
  last = null; // when something came
  sent = []; // of each message in the window
  delays = [];
  #since = 0;
  #total = null;
  #costs = []; // { at, up, down, requests, empty, connections, payload, messages }, each half second

  /** From now on counts what is sent after `at`. */
  begin(at) {
    this.#since = at;
    const cost = this.#costs.at(-1);
    this.#costs = cost ? [{ ...cost, at }] : [];
  }

  /** A message that was sent at `sent` is there at `at`; `bytes` of JSON. */
  arrived({ id, sent, at, bytes }) {
    this.receipts.arrived(id);
    this.payload += bytes;
    this.last = at;
    this.sent.push(sent);
    this.delays.push(at - sent);
  }

  /**
   * What the relay has counted at some time from `since` to `at`. Where a message came in between, nobody knows whether it is among that,
   * and a calmer moment is waited for, but not for ever.
   */
  costs(tally, at, since) {
    this.#total = tally;
    if (since < this.live) return;
    const last = this.#costs.at(-1);
    if (last && this.last > since && at - last.at < patience) return;
    this.#costs.push({ ...tally, at, payload: this.payload, messages: this.receipts.messages });
  }

  #forget(at) {
    const begin = at - span;
    let old = 0;
    while (old < this.sent.length && this.sent[old] < begin) old += 1;
    this.sent.splice(0, old);
    this.delays.splice(0, old);
    while (this.#costs.length > 2 && this.#costs[1].at < begin) this.#costs.shift();
  }

  /** All figures at `at`; null where there is nothing to tell. */
  now(at) {
    this.#forget(at);
    const begin = this.sent.findIndex((sent) => sent >= this.#since);
    const delays = begin < 0 ? [] : this.delays.slice(begin);
    const sorted = delays.toSorted ? delays.toSorted((a, b) => a - b) : [...delays].sort((a, b) => a - b);
    const [first, last] = [this.#costs[0], this.#costs.at(-1)];
    const gone = (name) => (first && last ? last[name] - first[name] : 0);
    const bytes = gone('up') + gone('down');
    return {
      n: delays.length,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      mean: delays.length ? delays.reduce((a, b) => a + b, 0) / delays.length : null,
      seconds: Math.min(span, at - Math.max(this.#since, first?.at ?? at)) / 1000,
      requests: gone('requests'),
      empty: gone('empty'),
      bytes,
      overhead: gone('messages') > 0 ? Math.max(0, (bytes - gone('payload')) / gone('messages')) : null,
      total: this.#total,
      messages: this.receipts.messages,
      lost: this.receipts.lost,
      repeated: this.receipts.repeated,
      expected: this.receipts.expected,
      reconnects: this.reconnects,
      gaps: this.gaps,
      missed: this.missed,
      silence: this.last === null ? 0 : at - this.last,
    };
  }
}
