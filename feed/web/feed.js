// What the three transports share in a browser: the place in the feed, the way back after a loss, the events.
// It is feed/client.cpp in JavaScript; polling/client.js, sse/client.js and websocket/client.js add how to read and write.

/** Milliseconds after which a server that does not answer counts as lost; neither EventSource nor WebSocket has such a limit. */
export const patience = 10_000;

/** Why a request failed or the feed was lost. `status` is the answer's, 0 where there was none. */
export class FeedError extends Error {
  constructor(message, { status = 0, broken = false, ...more } = {}) {
    super(message);
    Object.assign(this, { name: 'FeedError', status, broken }, more);
  }

  /** Another attempt would end the same: the request was wrong, or the server broke the protocol. */
  get pointless() {
    return this.broken || (this.status >= 400 && this.status < 500 && ![408, 425, 429].includes(this.status));
  }
}

export function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    throw new FeedError(`got "${json.slice(0, 80)}", expected JSON`, { broken: true });
  }
}

/** Where a reader is: `0`, `latest`, or the cursor "I have everything up to here". A hole that nobody announced is an error. */
export class Place {
  constructor(after) {
    this.after = after;
  }

  get isCursor() {
    return this.after.includes('.');
  }

  hello({ cursor, gap }) {
    if (this.isCursor && !gap && cursor !== this.after) {
      throw new FeedError(`the feed begins at ${cursor}, expected ${this.after} or a gap`, { broken: true });
    }
    this.after = cursor;
  }

  message({ seq }) {
    if (!this.isCursor) throw new FeedError('got a message before the hello', { broken: true });
    const [epoch, last] = this.after.split('.');
    if (seq !== Number(last) + 1) {
      throw new FeedError(`got message ${seq}, expected ${Number(last) + 1}`, { broken: true });
    }
    this.after = `${epoch}.${seq}`;
  }
}

/**
 * Milliseconds until the next attempt after `failures` in a row, from 1: a random time up to a bound that doubles ("full
 * jitter"), so that the readers of a restarted server do not come back at once.
 */
export function delay(failures, { first = 500, most = 10_000 } = {}, random = Math.random()) {
  return random * Math.min(first * 2 ** (failures - 1), most);
}

/** Waits `ms`, or until `wake`, a [target, event type], happens. Rejects when the signal aborts. */
export function sleep(ms, signal, wake) {
  return new Promise((resolve, reject) => {
    const woken = new AbortController(); // takes all the listeners away at once
    const timer = ms < Infinity ? setTimeout(done, ms) : 0;
    function done() {
      clearTimeout(timer);
      woken.abort();
      if (signal.aborted) reject(signal.reason);
      else resolve();
    }
    signal.addEventListener('abort', done, { signal: woken.signal });
    wake[0].addEventListener(wake[1], done, { signal: woken.signal });
    if (signal.aborted) done();
  });
}

/** fetch() with a limit of time, past every cache. Returns the status and the parsed body; a refusal throws the server's reason. */
export async function request(url, { signal, within = patience, ...options }) {
  const limit = new AbortController();
  const abort = () => limit.abort(signal.reason);
  signal.addEventListener('abort', abort);
  const timer = setTimeout(() => limit.abort(new FeedError(`no answer within ${within} ms`)), within);
  try {
    signal.throwIfAborted();
    const answer = await fetch(url, { cache: 'no-store', ...options, signal: limit.signal });
    const text = await answer.text();
    if (answer.ok) return { status: answer.status, body: text ? parse(text) : null };
    const isProblem = answer.headers.get('Content-Type')?.startsWith('application/problem+json');
    const { title, detail } = isProblem ? parse(text) : {};
    throw new FeedError(`${answer.status} ${detail ?? title ?? answer.statusText}`, { status: answer.status });
  } catch (error) {
    if (limit.signal.aborted) throw limit.signal.reason;
    throw error instanceof FeedError ? error : new FeedError('the server cannot be reached', { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Publishes by POST, as polling and SSE must: neither can send. */
export async function post(roomUrl, author, text, signal) {
  const { body } = await request(`${roomUrl}/messages`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ author: author || undefined, text }),
    signal,
  });
  return body.cursor;
}

/**
 * A room's feed as seen from a browser. An EventTarget, as EventSource and WebSocket are, so that a page and a panel beside it
 * can listen to the same one. Events, with their `detail`:
 *
 *   open     a connection is there: what the transport knows about it
 *   hello    { cursor, gap }: the feed begins here, or goes on here behind a gap
 *   message  { seq, at, author, text }: in order, none twice, none left out since the last hello
 *   gap      { reason, missed }: what is lost is said; `missed` is null where nobody knows how many
 *   state    { state, due }: connecting, live, reconnecting (next attempt at `due`, as Date.now() counts), closed
 *   error    a FeedError: the connection was lost or not to be had
 *   close    { reason, ... }: a connection has ended
 *
 * A transport adds read(signal), which reads one connection from its beginning to its end, and publish().
 */
export class Client extends EventTarget {
  #place;
  #backoff;
  #state = 'closed';
  #open = false; // a connection is there
  #heard = false; // and its hello has come
  #overdue = 0; // timer
  #attempt = null; // AbortController of the connection under way, or of the pause before it
  #begun = null; // what subscribe() returned
  #closing = new AbortController();

  constructor(roomUrl = new URL('/rooms/lobby', location), { after = '0', backoff = {} } = {}) {
    super();
    this.url = String(roomUrl);
    this.#place = new Place(after);
    this.#backoff = backoff;
  }

  /** Everything up to here has been told. */
  get after() {
    return this.#place.after;
  }

  get state() {
    return this.#state;
  }

  /** Aborted by close(). */
  get closing() {
    return this.#closing.signal;
  }

  /** Begins to read, and keeps at it until close(). The promise: the first hello, or why there will be none. */
  connect() {
    return this.#begun?.promise ?? this.subscribe(this.after);
  }

  /** Reads on from another place. The promise is that of connect(). */
  subscribe(after) {
    const running = this.#begun !== null;
    this.#place = new Place(after);
    this.#begun = {};
    this.#begun.promise = new Promise((resolve, reject) => Object.assign(this.#begun, { resolve, reject }));
    this.#begun.promise.catch(() => {}); // whoever does not care need not catch: there is an event too
    if (this.closing.aborted) this.#begun.reject(new FeedError('closed'));
    else if (running) this.#attempt.abort(new FeedError('subscribed anew'));
    else this.#follow();
    return this.#begun.promise;
  }

  /** Ends the feed for good. No event comes after this. */
  close(reason = new FeedError('closed')) {
    if (this.closing.aborted) return;
    this.#disconnected(reason);
    this.#say('closed');
    this.#begun?.reject(reason);
    this.#closing.abort(reason);
    this.#attempt?.abort(reason);
  }

  // Connects again and again, each time where the last connection ended.
  async #follow() {
    for (let failures = 0; !this.closing.aborted; ) {
      const { signal } = (this.#attempt = new AbortController());
      this.#heard = false;
      try {
        this.#say('connecting');
        await this.read(signal);
      } catch (reason) {
        clearTimeout(this.#overdue);
        if (signal.aborted) this.#disconnected(signal.reason);
        if (signal.aborted) continue;
        if (reason.pointless ?? true) { // what is no FeedError is a fault of this program
          this.#emit('error', reason);
          return this.close(reason);
        }
        failures = this.#heard ? 1 : failures + 1;
        const ms = delay(failures, this.#backoff);
        this.lost(reason, ms);
        await sleep(ms, signal, [window, 'online']).catch(() => {}); // closed, or subscribed anew
      }
    }
  }

  // For transports: what happened to the connection, and what came.

  opened(detail) {
    this.#open = true;
    this.#emit('open', detail);
  }

  /** Calls `fail` unless a hello comes in time. */
  expectHello(fail) {
    clearTimeout(this.#overdue);
    this.#overdue = setTimeout(() => fail(new FeedError(`no hello within ${patience} ms`)), patience);
  }

  takeHello(hello) {
    const begun = this.#begun; // a listener may subscribe anew
    this.#place.hello(hello);
    clearTimeout(this.#overdue);
    this.#heard = true;
    this.#emit('hello', hello);
    if (hello.gap) this.#emit('gap', hello.gap);
    if (this.#state !== 'live') this.#say('live');
    begun.resolve(hello);
  }

  takeMessage(message) {
    this.#place.message(message);
    this.#emit('message', message);
  }

  lost(reason, ms) {
    if (!reason.wasClean) this.#emit('error', reason);
    this.#disconnected(reason);
    this.#say('reconnecting', { due: Date.now() + ms });
  }

  #disconnected({ message, code, wasClean }) {
    if (this.#open) this.#emit('close', code ? { reason: message, code, wasClean } : { reason: message });
    this.#open = false;
  }

  #say(state, more) {
    this.#state = state;
    this.#emit('state', { state, ...more });
  }

  #emit(type, detail) {
    if (!this.closing.aborted) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
