// What a pane counts: which messages came, how late, what they cost, and what it costs to say some. Pure: times are given, in milliseconds of one clock.

const span = 60_000; // ms that percentiles and costs are of, at most
const patience = 2500; // ms
const remembered = 20_000; // ids, to know a repetition by

/** The value below which the share `p` of the sorted values lies. */
export const percentile = (sorted, p) => (sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] : null);

/** What came, against what the server has acknowledged to the publisher. Ids ascend, and the room keeps the order. */
export class Receipts {
  #waiting = new Map(); // acknowledged, not come: id -> since when
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

  /** How long the one that is awaited longest has been, at `at`; 0 where none is. */
  overdue(at) {
    const [first = at] = this.#waiting.values();
    return at - first;
  }

  acknowledged(ids, at = 0) {
    for (const id of ids) if (!this.#come.has(id)) this.#waiting.set(id, at);
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
    for (const id of this.#waiting.keys()) {
      if (id >= this.#newest) continue;
      this.#waiting.delete(id);
      this.#lost.add(id);
    }
  }
}

/**
 * The last minute, or what is over of it since something was changed: a median over two ways of asking would be of neither. What an outage
 * made late counts as that and not among the delays: how long it lasts is the pause before the next attempt, which is drawn by lot, and no
 * transport's delay.
 */
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
  outages = []; // { from, to } of each in the window, `to` is Infinity while it lasts
  #since = 0;
  #total = null;
  #costs = []; // { at, up, down, requests, empty, connections, payload, messages }, each half second

  /** From now on counts what is sent after `at`. */
  begin(at) {
    this.#since = at;
    const cost = this.#costs.at(-1);
    this.#costs = cost ? [{ ...cost, at }] : [];
  }

  get isOut() {
    return this.outages.at(-1)?.to === Infinity;
  }

  /** The connection is gone, or could not be had. */
  lost(at) {
    if (!this.isOut && this.live < Infinity) this.outages.push({ from: at, to: Infinity });
  }

  /** It is live: for the first time, or again. */
  back(at) {
    this.live = Math.min(this.live, at);
    if (!this.isOut) return;
    this.outages.at(-1).to = at;
    this.reconnects += 1;
  }

  // Was this message on its way in an outage?
  #isLate(sent, delay) {
    return this.outages.some(({ from, to }) => sent < to && sent + delay > from);
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
    while (this.outages.length && this.outages[0].to < begin) this.outages.shift();
    while (this.#costs.length > 2 && this.#costs[1].at < begin) this.#costs.shift();
  }

  /** All figures at `at`; null where there is nothing to tell. `late`: how many an outage held up, see above. */
  now(at) {
    this.#forget(at);
    const all = this.delays.filter((_, i) => this.sent[i] >= this.#since);
    const sent = this.sent.filter((one) => one >= this.#since);
    const delays = this.outages.length ? all.filter((delay, i) => !this.#isLate(sent[i], delay)) : all;
    const sorted = delays.toSorted ? delays.toSorted((a, b) => a - b) : [...delays].sort((a, b) => a - b);
    const [first, last] = [this.#costs[0], this.#costs.at(-1)];
    const gone = (name) => (first && last ? last[name] - first[name] : 0);
    const bytes = gone('up') + gone('down');
    return {
      n: delays.length,
      late: all.length - delays.length,
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
      silence: at - Math.max(this.last ?? 0, Math.min(this.live, at)),
      overdue: this.receipts.overdue(at),
    };
  }
}

/**
 * What a pane says itself, and what that costs the way up. Bytes are compared with messages only as they were at moments at which nothing was
 * on its way, so that each byte belongs to a message.
 */
export class Speech {
  said = 0; // messages that were acknowledged, in all
  #unanswered = 0;
  #answered = -Infinity; // when the last was
  #answers = []; // ms from saying to the acknowledgement, of the newest
  #first = null; // { up, said }
  #last = null;

  get unanswered() {
    return this.#unanswered;
  }

  /** From now on counts anew. */
  begin() {
    this.#answers = [];
    this.#first = this.#last = null;
  }

  /** Follows one message from now on; `clock` says the time. One that may be lost, and its bytes, are nobody's: a new count begins. */
  async follow(publishing, clock) {
    const began = clock();
    this.#unanswered += 1;
    try {
      await publishing;
      this.said += 1;
      this.#answers.push(clock() - began);
      if (this.#answers.length > 1000) this.#answers.shift();
    } catch {
      this.begin();
    } finally {
      this.#unanswered -= 1;
      this.#answered = clock();
    }
  }

  /** `up`: bytes that the relay has counted, at some time after `since`. */
  costs(up, since) {
    if (this.#unanswered || this.#answered > since) return;
    this.#last = { up, said: this.said };
    this.#first ??= this.#last;
  }

  /** { said, each, answered }: bytes up for each message, and ms within which half were acknowledged; null where nobody knows. */
  now() {
    const messages = this.#last ? this.#last.said - this.#first.said : 0;
    const sorted = [...this.#answers].sort((a, b) => a - b);
    return { said: this.said, each: messages > 0 ? (this.#last.up - this.#first.up) / messages : null, answered: percentile(sorted, 0.5) };
  }
}
