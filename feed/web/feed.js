// What the three transports share in a browser: the place in the feed, the way back after a loss, the events.
// It is feed/client.cpp in JavaScript; polling/client.js, sse/client.js and websocket/client.js add how to read and write.

import { FeedError, patience } from '/http.js';

export * from '/http.js';

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

/** Waits `ms`, or until `wake`, a [target, event type], happens, where there is one. Rejects when the signal aborts. */
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
    wake?.[0].addEventListener(wake[1], done, { signal: woken.signal });
    if (signal.aborted) done();
  });
}

const anew = new FeedError('subscribed anew');

/**
 * A room's feed as seen from a browser. An EventTarget, as EventSource and WebSocket are, so that a page and a panel beside it
 * can listen to the same one. Events, with their `detail`:
 *
 *   open     a connection is there: what the transport knows about it
 *   hello    { cursor, gap }: the feed begins here, or goes on here behind a gap
 *   message  { seq, at, author, text, image }: in order, none twice, none left out since the last hello; `image` is the path of a
 *            picture on the feed's server, where the message carries one
 *   gap      { reason, missed }: what is lost is said; `missed` is null where nobody knows how many
 *   state    { state, due }: connecting, live, reconnecting (next attempt at `due`, as Date.now() counts), closed
 *   error    a FeedError: the connection was lost or not to be had
 *   close    { reason, ... }: a connection has ended
 *   wire     what crossed the network, as far as a script can know it, told before what follows from it; only where somebody listens:
 *     direction, kind    up or down; request, answer, handshake, event, frame
 *     label, text, data  in a few words; as it was, or its beginning; what a frame or an event carries
 *     payload, overhead  bytes of messages (their JSON, or a picture), and all other bytes. `overhead` is null where the browser wrote the head,
 *                        which no script sees; `request` says of what: { opens: fetch, xhr, eventsource, websocket, method, target, fields, bodyBytes }
 *     about              true where bytes are reckoned and not counted
 *     messages, status   how many it brought or took along; an answer's
 *     at                 as Date.now() counts
 *            Never told, since no script sees them: pings and pongs, comments in an event stream, the Set-Cookie of an answer.
 *
 * A transport adds read(signal), which reads one connection from its beginning to its end, and send(author, text), which resolves with the
 * message's cursor.
 */
export class Client extends EventTarget {
  #place;
  #backoff;
  #state = 'closed';
  #open = false; // a connection is there
  #heard = false; // and its hello has come
  #overdue = 0; // timer
  #attempt = null; // AbortController of the connection under way, or of the pause before the next
  #begun = null; // what subscribe() returned
  #closing = new AbortController();
  #wired = false; // somebody listens to wire events

  constructor(roomUrl = new URL('/rooms/lobby', location), { after = '0', backoff = {} } = {}) {
    super();
    this.url = String(roomUrl);
    this.#place = new Place(after);
    this.#backoff = backoff;
  }

  get room() {
    return decodeURIComponent(new URL(this.url).pathname.split('/').pop());
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
    else if (running) this.#attempt.abort(anew);
    else this.#follow();
    return this.#begun.promise;
  }

  /**
   * Resolves with the message's cursor, after which it comes back as a message like any other (or has come already). Where the answer is lost it
   * may have happened, so it is not repeated: it rejects with an error that is `uncertain`, and the line ends with it. The next one tells.
   */
  async publish(author, text) {
    this.closing.throwIfAborted();
    return this.#orRenew(this.send(author, text));
  }

  addEventListener(type, ...more) {
    if (type === 'wire') this.#wired = true;
    super.addEventListener(type, ...more);
  }

  /** Sends a picture, a Blob, into the room; see upload.js. Ended by close(), too. */
  upload(picture, { author, progress, signal } = {}) {
    const ended = new AbortController();
    for (const one of [signal, this.closing]) {
      if (one?.aborted) ended.abort(one.reason);
      one?.addEventListener('abort', () => ended.abort(one.reason), { signal: ended.signal });
    }
    const sent = import('/upload.js').then(({ upload }) => upload(this.url, picture, { author, progress, signal: ended.signal, wire: this.wire }));
    return this.#orRenew(sent).finally(() => ended.abort()); // takes the listeners away
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

  async #orRenew(sent) {
    try {
      return await sent;
    } catch (error) {
      if (error.uncertain && this.#state !== 'reconnecting') this.#attempt?.abort(error);
      throw error;
    }
  }

  // Connects again and again, each time where the last connection ended.
  async #follow() {
    // A line that is older than the network may be dead without a word; and a pause has no reason any more.
    const renew = () => this.#state !== 'connecting' && this.#attempt.abort(new FeedError('the network has changed'));
    window.addEventListener('online', renew, { signal: this.closing });
    for (let failures = 0; !this.closing.aborted; ) {
      const { signal } = (this.#attempt = new AbortController());
      this.#heard = false;
      try {
        this.#say('connecting');
        await this.read(signal);
      } catch (reason) {
        clearTimeout(this.#overdue);
        if (this.closing.aborted) return;
        if (signal.reason === anew) {
          this.#disconnected(anew);
          continue;
        }
        if (reason.pointless ?? true) { // what is no FeedError is a fault of this program
          this.#emit('error', reason);
          return this.close(reason);
        }
        failures = this.#heard ? 1 : failures + 1;
        const ms = delay(failures, this.#backoff);
        const pause = (this.#attempt = new AbortController());
        if (!reason.wasClean) this.#emit('error', reason);
        this.#disconnected(reason);
        this.#say('reconnecting', { due: Date.now() + ms });
        await sleep(ms, pause.signal).catch(() => {}); // over, or no reason to wait any more
      }
    }
  }

  // For transports: what happened to the connection, and what came.

  /** Tells a wire event; `make` is called for it where somebody listens. Bound, to be handed to request(). */
  wire = (make) => {
    if (this.#wired) this.#emit('wire', { at: Date.now(), payload: 0, overhead: 0, messages: 0, about: false, ...make() });
  };

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
