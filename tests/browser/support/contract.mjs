// What the interface of a client promises, kept by all three client.js: the cases of tests/contract_test.cpp under the same names, in a
// real browser. A client here follows by itself, as feed::follow() does in C++: where a case there ends subscribe(), here the loss is
// told by the event `close` or `error`, and the client says `reconnecting`.

import assert from 'node:assert/strict';

import { Relay } from './relay.mjs';
import { Server, numbered } from './servers.mjs';
import { until } from './until.mjs';

/** The ways to read, by the names that they have in C++: the server's program, and what its client.js is given. */
export const ways = {
  Polling: { server: 'polling_server', options: { interval: 20 } },
  LongPolling: { server: 'polling_server', options: { wait: 1 } },
  Sse: { server: 'sse_server', options: {} },
  WebSocket: { server: 'websocket_server', options: {} },
};

/** Ways of C++ that no page has, and why. */
export const otherWays = {
  PollingWithPause: 'client.js has one pace, from start to start; what a pause after each answer changes is measured, not offered',
};

const quick = { first: 10, most: 100 }; // milliseconds of a client's backoff

// ---- in the page

// Begins a client that keeps what it is told. Everything here runs in the page.
async function begin({ id, room, after, options, path, closeAt }) {
  const { Client } = await import('/client.js');
  const url = new URL(path ?? `/rooms/${encodeURIComponent(room)}`, location);
  const client = new Client(url, { after, ...options });
  const heard = { hellos: [], messages: [], gaps: [], errors: [], closes: [], states: [], opens: 0, ended: null };
  const reader = { client, heard };
  (globalThis.readers ??= new Map()).set(id, reader);
  const kept = { hello: heard.hellos, message: heard.messages, gap: heard.gaps, state: heard.states, close: heard.closes };
  for (const [type, list] of Object.entries(kept)) client.addEventListener(type, ({ detail }) => list.push(detail));
  client.addEventListener('open', () => ++heard.opens);
  client.addEventListener('error', ({ detail }) => {
    heard.errors.push({ message: detail.message, status: detail.status, broken: detail.broken, pointless: detail.pointless });
  });
  client.addEventListener('message', ({ detail }) => {
    if (detail.seq === closeAt) client.close();
  });
}

function connect(id) {
  const { client, heard } = globalThis.readers.get(id);
  client.connect().catch((reason) => (heard.ended = { message: reason.message, status: reason.status }));
}

function tell(id) {
  const { client, heard } = globalThis.readers.get(id);
  return { ...heard, state: client.state, after: client.after };
}

// Says one after the other, up to the first that fails: { cursors, error, status }.
async function publish({ id, author, texts }) {
  const cursors = [];
  try {
    for (const text of texts) cursors.push(await globalThis.readers.get(id).client.publish(author, text));
    return { cursors };
  } catch ({ message, status }) {
    return { cursors, error: message, status };
  }
}

// ---- here

let lastId = 0;

/** A client in a page, and what it was told. */
class Reader {
  #page;
  #id = ++lastId;

  constructor(page) {
    this.#page = page;
  }

  /** Subscribes, where `connect` does not say otherwise. */
  async begin(way, { room = 'lobby', after = '0', backoff = quick, path, closeAt, connect = true }) {
    await this.#page.evaluate(begin, { id: this.#id, room, after, options: { backoff, ...way.options }, path, closeAt });
    if (connect) await this.connect();
    return this;
  }

  connect() {
    return this.#page.evaluate(connect, this.#id);
  }

  heard() {
    return this.#page.evaluate(tell, this.#id);
  }

  /** What was heard, as soon as it is as `isSo` wants it. */
  heardWhere(what, isSo) {
    return until(what, async (see) => {
      const heard = await this.heard();
      see({ ...heard, messages: heard.messages.length });
      return isSo(heard) && heard;
    });
  }

  hello() {
    return this.heardWhere('a hello', ({ hellos }) => hellos.length > 0);
  }

  messages(count) {
    return this.heardWhere(`${count} messages`, ({ messages }) => messages.length >= count);
  }

  /** The connection was lost, or was not to be had: so often so far. */
  loss(count = 1) {
    return this.heardWhere('a loss', ({ states }) => states.filter(({ state }) => state === 'reconnecting').length >= count);
  }

  end() {
    return this.heardWhere('the end', ({ ended, state }) => state === 'closed' && ended);
  }

  publishAll(author, texts) {
    return this.#page.evaluate(publish, { id: this.#id, author, texts });
  }

  async publish(author, text) {
    const { cursors: [cursor], ...refused } = await this.publishAll(author, [text]);
    return { cursor, ...refused };
  }

  close() {
    return this.#page.evaluate((id) => globalThis.readers.get(id).client.close(), this.#id);
  }
}

/** What a case is given: servers, lines and clients, which end with it. */
class Stage {
  #browserPages;
  #way;
  #ends = [];

  /** `pages`: two, of two contexts. */
  constructor(way, pages) {
    this.#way = way;
    this.#browserPages = pages;
  }

  async server(...options) {
    const server = await Server.start(this.#way.server, ...options);
    this.#ends.push(() => server.kill());
    return server;
  }

  async relay(port) {
    const relay = await Relay.to(port);
    this.#ends.push(() => relay.close());
    return relay;
  }

  /** The pages are documents of `origin` from now on, without a script of their own. */
  async visit({ url }) {
    for (const page of this.#browserPages) await page.goto(`${url}/healthz`);
  }

  read(options = {}) {
    return new Reader(this.#browserPages[0]).begin(this.#way, options);
  }

  /** The same in another browser context, which has connections of its own. */
  readElsewhere(options = {}) {
    return new Reader(this.#browserPages[1]).begin(this.#way, options);
  }

  /** Publishes by a client of its own, in the other context. The cursors, or the first error. */
  async publish(texts, { room = 'lobby', author = 'ada' } = {}) {
    const speaker = await this.readElsewhere({ room, after: 'latest' });
    await speaker.hello();
    const { cursors, ...refused } = await speaker.publishAll(author, texts);
    await speaker.close();
    return refused.error === undefined ? cursors : refused;
  }

  /** URLs that the page asked for since now. */
  requests() {
    const urls = [];
    const note = (request) => urls.push(request.url());
    this.#browserPages[0].on('request', note);
    this.#ends.push(() => this.#browserPages[0].off('request', note));
    return urls;
  }

  async end() {
    try {
      for (const page of this.#browserPages) await page.goto('about:blank'); // whatever is under way there
    } finally {
      for (const end of this.#ends.reverse()) await end();
    }
  }
}

const texts = ({ messages }) => messages.map(({ text }) => text);
const epochOf = (cursor) => cursor.split('.')[0];
const seqOf = (cursor) => Number(cursor.split('.')[1]);

/** The cases, by their names in tests/contract_test.cpp. */
export const cases = {
  async AMessageArrivesAsItWasPublished(stage) {
    await stage.visit(await stage.server());
    const reader = await stage.read();
    await reader.hello();

    const [place] = await stage.publish(['hello']);

    const { messages } = await reader.messages(1);
    const [{ at, ...message }] = messages;
    assert.deepEqual(message, { seq: 1, author: 'ada', text: 'hello' });
    assert.ok(at > 1_600_000_000_000, `at is ${at}`);
    assert.equal(seqOf(place), 1);
  },

  async AReaderPublishesOnItsOwnClient(stage) {
    await stage.visit(await stage.server());
    const reader = await stage.read();
    await reader.hello();

    const { cursor, error } = await reader.publish('ada', 'hello');

    assert.equal(error, undefined);
    const heard = await reader.messages(1);
    assert.deepEqual(texts(heard), ['hello']);
    assert.equal(seqOf(cursor), heard.messages[0].seq);
  },

  async PublishReturnsTheMessagesPlace(stage) {
    const server = await stage.server();
    await stage.visit(server);

    const places = await stage.publish(numbered(1, 3));

    const epoch = epochOf((await server.room('lobby')).cursor);
    assert.deepEqual(places, [`${epoch}.1`, `${epoch}.2`, `${epoch}.3`]);
  },

  async MessagesComeInOrderAndEachOnce(stage) {
    await stage.visit(await stage.server());
    const reader = await stage.read();
    await reader.hello();

    await stage.publish(numbered(1, 50));

    assert.deepEqual(texts(await reader.messages(50)), numbered(1, 50));
  },

  async AThousandMessagesAllArrive(stage) {
    const server = await stage.server('--history', 1000);
    await stage.visit(server);
    const reader = await stage.read();
    await reader.hello();

    await server.publishAll(numbered(1, 1000));

    const heard = await reader.messages(1000);
    assert.deepEqual(texts(heard), numbered(1, 1000));
    assert.equal(heard.hellos.length, 1);
  },

  async EverythingBeginsWithTheOldestMessageThatTheLogHas(stage) {
    const server = await stage.server('--history', 3);
    await server.publishAll(numbered(1, 5));
    await stage.visit(server);

    const reader = await stage.read();

    const heard = await reader.messages(3);
    assert.deepEqual(texts(heard), numbered(3, 5));
    assert.equal(seqOf(heard.hellos[0].cursor), 2);
    assert.equal(heard.hellos[0].gap, undefined);
    assert.deepEqual(heard.gaps, []);
  },

  async LatestBeginsWithWhatComesNow(stage) {
    const server = await stage.server();
    await server.publishAll(numbered(1, 5));
    await stage.visit(server);
    const reader = await stage.read({ after: 'latest' });
    const { hellos } = await reader.hello();
    assert.equal(seqOf(hellos[0].cursor), 5);

    await server.publish('message 6');

    assert.deepEqual(texts(await reader.messages(1)), ['message 6']);
  },

  async ACursorBeginsRightBehindIt(stage) {
    const server = await stage.server();
    const third = (await server.publishAll(numbered(1, 5)))[2];
    await stage.visit(server);

    const reader = await stage.read({ after: third });

    const heard = await reader.messages(2);
    assert.deepEqual(texts(heard), numbered(4, 5));
    assert.deepEqual(heard.hellos, [{ cursor: third }]);
  },

  async TheCursorOfTheNewestMessageIsAHelloWithoutMessages(stage) {
    const server = await stage.server();
    const [, last] = await server.publishAll(numbered(1, 2));
    await stage.visit(server);

    const reader = await stage.read({ after: last });

    const heard = await reader.hello();
    assert.deepEqual(heard.hellos, [{ cursor: last }]);
    assert.deepEqual(heard.messages, []);
  },

  async ARoomThatNobodySpokeInBeginsAtZero(stage) {
    const server = await stage.server();
    await stage.visit(server);
    const reader = await stage.read({ room: 'nobody-was-here' });
    const { hellos } = await reader.hello();
    assert.equal(seqOf(hellos[0].cursor), 0);

    await server.publish('now somebody is', { room: 'nobody-was-here' });

    assert.deepEqual(texts(await reader.messages(1)), ['now somebody is']);
  },

  async ResumesAfterACutWithExactlyWhatIsMissing(stage) {
    const server = await stage.server();
    const relay = await stage.relay(server.port);
    await stage.visit(relay);
    const first = await stage.read();
    await server.publishAll(numbered(1, 10));
    await first.messages(10);
    relay.pointAt(0);
    relay.cut();
    await first.loss();
    await first.close();
    const { after } = await first.heard();
    relay.pointAt(server.port);
    await server.publishAll(numbered(11, 20));

    const second = await stage.read({ after });

    const heard = await second.messages(10);
    assert.deepEqual(texts(await first.heard()), numbered(1, 10));
    assert.deepEqual(texts(heard), numbered(11, 20));
    assert.deepEqual(heard.hellos, [{ cursor: after }]);
  },

  async ALogThatWasMadeAnewIsSaidAsAGap(stage) {
    const old = await stage.server();
    const before = (await old.publishAll(numbered(1, 7))).pop();
    const server = await stage.server();
    await server.publish('a new beginning');
    await stage.visit(server);

    const reader = await stage.read({ after: before });

    const heard = await reader.messages(1);
    assert.deepEqual(heard.hellos[0].gap, { reason: 'epoch', missed: null });
    assert.deepEqual(heard.gaps, [{ reason: 'epoch', missed: null }]);
    assert.equal(seqOf(heard.hellos[0].cursor), 0);
    assert.deepEqual(texts(heard), ['a new beginning']);
  },

  async WhatTheLogHasForgottenIsSaidAsAGapWithItsNumber(stage) {
    const server = await stage.server('--history', 4);
    const second = (await server.publishAll(numbered(1, 10)))[1];
    await stage.visit(server);

    const reader = await stage.read({ after: second });

    const heard = await reader.messages(4);
    assert.deepEqual(heard.gaps, [{ reason: 'forgotten', missed: 4 }]); // 3, 4, 5 and 6
    assert.equal(seqOf(heard.hellos[0].cursor), 6);
    assert.deepEqual(texts(heard), numbered(7, 10));
  },

  async ACursorAheadOfTheLogIsSaidAsAGap(stage) {
    const server = await stage.server();
    const cursor = await server.publish('message 1');
    await stage.visit(server);

    const reader = await stage.read({ after: `${epochOf(cursor)}.1000` });

    const heard = await reader.messages(1);
    assert.deepEqual(heard.gaps, [{ reason: 'unknown', missed: null }]);
    assert.deepEqual(texts(heard), ['message 1']);
  },

  async TheLargestCursorThereIsIsSaidAsAGap(stage) {
    const server = await stage.server();
    const cursor = await server.publish('message 1');
    await stage.visit(server);

    const reader = await stage.read({ after: `${epochOf(cursor)}.18446744073709551615` }); // more than a Number can tell

    assert.equal((await reader.messages(1)).gaps[0].reason, 'unknown');
  },

  async ACursorOfARoomThatIsNotThereIsSaidAsAGap(stage) {
    await stage.visit(await stage.server());

    const reader = await stage.read({ room: 'empty', after: 'gone0000.5' });

    assert.equal((await reader.hello()).gaps[0].reason, 'epoch');
  },

  async APublishThatIsRefusedReturnsTheServersReason(stage) {
    await stage.visit(await stage.server());

    const { error } = await stage.publish(['hello'], { author: 'a'.repeat(65) });

    assert.match(error, /author is 65 bytes, expected 1 to 64/);
  },

  async AMessageThatIsTooLargeIsNotPublished(stage) {
    const server = await stage.server('--max-message', 1000);
    await stage.visit(server);

    const { error } = await stage.publish(['x'.repeat(2000)]);

    assert.ok(error);
    assert.equal((await server.stats()).published, 0);
  },

  async CloseEndsSubscribe(stage) {
    await stage.visit(await stage.server());
    const reader = await stage.read();
    await reader.hello();

    await reader.close();

    const { states, closes } = await reader.heardWhere('the end', ({ state }) => state === 'closed');
    assert.deepEqual(states.map(({ state }) => state), ['connecting', 'live', 'closed']);
    assert.deepEqual(closes, [{ reason: 'closed' }]);
  },

  async CloseFromInsideAnEventEndsSubscribeAndTellsNothingMore(stage) {
    const server = await stage.server();
    await server.publishAll(numbered(1, 100));
    await stage.visit(server);

    const reader = await stage.read({ closeAt: 3 });

    await reader.heardWhere('the end', ({ state }) => state === 'closed');
    // Whatever else had come with the third is told before anything that comes later.
    const witness = await stage.read();
    await witness.messages(100);
    const heard = await reader.heard();
    assert.equal(heard.messages.length, 3);
    assert.equal(heard.states.at(-1).state, 'closed');
  },

  async AClosedClientSaysSo(stage) {
    await stage.visit(await stage.server());
    const reader = await stage.read({ connect: false });
    await reader.close();

    await reader.connect();

    const { ended, hellos, opens } = await reader.heardWhere('the end', ({ ended }) => ended);
    assert.equal(ended.message, 'closed');
    assert.deepEqual({ hellos, opens }, { hellos: [], opens: 0 });
  },

  async AServerThatIsNotThereIsUnreachable(stage) {
    const server = await stage.server();
    const relay = await stage.relay(server.port);
    await stage.visit(relay);
    const reader = await stage.read({ connect: false }); // with /client.js, which must come from somewhere
    relay.pointAt(0);
    relay.cut();

    await reader.connect();

    const { errors, hellos, opens } = await reader.loss();
    assert.equal(errors[0].status, 0);
    assert.equal(errors[0].pointless, false); // it may come back
    assert.deepEqual({ hellos, opens }, { hellos: [], opens: 0 });
  },

  async AServerThatStopsEndsSubscribe(stage) {
    const server = await stage.server();
    await stage.visit(server);
    const reader = await stage.read();
    await reader.hello();

    assert.equal(await server.stop(), 0);

    const { closes, states, errors } = await reader.loss();
    assert.equal(closes.length, 1);
    assert.notEqual(closes[0].reason, 'closed');
    assert.ok(!states.some(({ state }) => state === 'closed'));
    assert.ok(!errors.some(({ broken }) => broken), JSON.stringify(errors));
  },

  async TwoWhoPublishAtOnceAreHeardInOneOrderByAll(stage) {
    await stage.visit(await stage.server());
    const one = await stage.read();
    const other = await stage.readElsewhere();
    await one.hello();
    await other.hello();

    const [, { cursors: byBob }] = await Promise.all([one.publishAll('ada', numbered(1, 100)), other.publishAll('bob', numbered(1, 100))]);

    const { messages } = await one.messages(200);
    assert.deepEqual((await other.messages(200)).messages, messages);
    for (const author of ['ada', 'bob']) {
      assert.deepEqual(texts({ messages: messages.filter((message) => message.author === author) }), numbered(1, 100));
    }
    // A place that was returned is the place where the message stands.
    for (const place of byBob) assert.equal(messages[seqOf(place) - 1].author, 'bob');
  },

  async SeveralPublishesAtOnceOnOneClientGetAPlaceEach(stage) {
    await stage.visit(await stage.server());
    const reader = await stage.read();
    await reader.hello();

    const places = await Promise.all(numbered(1, 20).map((text) => reader.publish('ada', text)));

    const { messages } = await reader.messages(20);
    for (const [i, { cursor, error }] of places.entries()) {
      assert.equal(error, undefined);
      assert.equal(messages[seqOf(cursor) - 1].text, `message ${i + 1}`);
    }
  },

  async EveryTextArrivesAsItWasSaid(stage) {
    await stage.visit(await stage.server());
    const reader = await stage.read();
    await reader.hello();
    const said = [
      '안녕하세요, 모두들',
      '🎉👩‍👩‍👧‍👦 \u{10FFFF}',
      'she said "hi" and left a \\ behind',
      'one\ntwo\r\nthree\rfour',
      'id: 7\ndata: forged\n\nevent: hello\ndata: {}\n\n',
      'before\0after',
      '\u2028\u2029\x7f\x01\x1f\t\b\f',
      ' a space first and last ',
      ':',
      '',
      '</script><script>alert(1)</script>',
      'x'.repeat(20000),
      '\n'.repeat(30000),
    ];

    await stage.publish(said);

    assert.deepEqual(texts(await reader.messages(said.length)), said);
  },

  async ARoomsNameMayBeAnyText(stage) {
    const server = await stage.server();
    await stage.visit(server);
    const room = '서울 ?#%';
    const reader = await stage.read({ room });
    await reader.hello();

    await stage.publish(['hello'], { room });

    await reader.messages(1);
    assert.equal(seqOf((await server.room(room)).cursor), 1);
  },

  // A browser keeps connections for what it may ask next: what is noticed is that nobody reads on them any more.
  async AReaderThatLeavesIsNoticed(stage) {
    const server = await stage.server();
    await stage.visit(server);
    const reader = await stage.read();
    await reader.hello();

    await reader.close();

    await server.statsWhere('no reader', ({ readers }) => readers === 0);
    // And it does not ask on while another one does.
    const asked = stage.requests();
    const witness = await stage.read({ room: 'elsewhere' });
    await witness.hello();
    await server.publish('message 1', { room: 'elsewhere' });
    await witness.messages(1);
    assert.deepEqual(asked.filter((url) => url.includes('/rooms/lobby/')), []);
  },

  async AReaderThatIsCutOffIsNoticed(stage) {
    const server = await stage.server();
    const relay = await stage.relay(server.port);
    await stage.visit(relay);
    const reader = await stage.read();
    await reader.hello();

    relay.pointAt(0);
    relay.cut();

    await server.statsWhere('no reader and no connection but its own', ({ readers, connections }) => readers === 0 && connections === 1);
    await reader.loss();
  },

  async APublishWhoseAnswerWasLostIsNotRepeated(stage) {
    const { error, published } = await loseAnAnswer(stage, { connect: true });
    assert.ok(error);
    assert.equal(published, 2);
  },

  async FollowConnectsAgainAndTellsNothingTwice(stage) {
    const server = await stage.server();
    const relay = await stage.relay(server.port);
    await stage.visit(relay);
    const follower = await stage.read();
    const rounds = 3;
    for (let round = 0; round < rounds; ++round) {
      await server.publishAll(numbered(20 * round + 1, 20 * round + 10));
      await follower.messages(20 * round + 10);
      const { states } = await follower.heard();
      relay.pointAt(0);
      relay.cut();
      await follower.loss(states.filter(({ state }) => state === 'reconnecting').length + 1);
      await server.publishAll(numbered(20 * round + 11, 20 * round + 20));
      relay.pointAt(server.port);
    }

    const heard = await follower.messages(20 * rounds);

    assert.deepEqual(texts(heard), numbered(1, 20 * rounds));
    assert.deepEqual(heard.gaps, []);
  },

  async FollowLosesNothingWhenCutInTheMiddleOfAFlood(stage) {
    const server = await stage.server('--history', 100_000);
    const relay = await stage.relay(server.port);
    await stage.visit(relay);
    const follower = await stage.read();
    const rounds = 3;
    for (let round = 0; round < rounds; ++round) {
      const flood = server.publishAll(numbered(100 * round + 1, 100 * round + 100));
      await follower.messages(100 * round + 1);
      relay.cut();
      await flood;
    }

    assert.deepEqual(texts(await follower.messages(100 * rounds)), numbered(1, 100 * rounds));
  },

  async FollowWaitsForAServerThatIsNotThereYet(stage) {
    const server = await stage.server();
    const relay = await stage.relay(server.port);
    await stage.visit(relay);
    const follower = await stage.read({ connect: false });
    relay.pointAt(0);
    relay.cut();
    await follower.connect();
    await follower.loss();

    relay.pointAt(server.port);
    await server.publish('hello');

    assert.deepEqual(texts(await follower.messages(1)), ['hello']);
  },

  async FollowSaysTheGapWhenTheServerWasMadeAnew(stage) {
    const old = await stage.server();
    const relay = await stage.relay(old.port);
    await stage.visit(relay);
    const follower = await stage.read();
    await old.publishAll(numbered(1, 5));
    await follower.messages(5);

    relay.pointAt(0);
    relay.cut();
    await old.stop();
    const server = await stage.server();
    await server.publish('a new beginning');
    relay.pointAt(server.port);

    const heard = await follower.messages(6);
    assert.equal(heard.messages.at(-1).text, 'a new beginning');
    assert.deepEqual(heard.gaps, [{ reason: 'epoch', missed: null }]);
  },

  async FollowEndsWhenClosed(stage) {
    await stage.visit(await stage.server());
    const follower = await stage.read();
    await follower.hello();

    await follower.close();

    const { states, errors } = await follower.heardWhere('the end', ({ state }) => state === 'closed');
    assert.ok(!states.some(({ state }) => state === 'reconnecting'));
    assert.deepEqual(errors, []);
  },

  async FollowEndsWhenClosedWhileItWaitsForItsNextAttempt(stage) {
    const server = await stage.server();
    const relay = await stage.relay(server.port);
    await stage.visit(relay);
    const hour = 3_600_000;
    const follower = await stage.read({ connect: false, backoff: { first: hour, most: hour } });
    relay.pointAt(0);
    relay.cut();
    await follower.connect();
    await follower.loss();

    await follower.close();

    const { ended, hellos } = await follower.end();
    assert.equal(ended.message, 'closed');
    assert.deepEqual(hellos, []);
  },

  async FollowEndsWhenTheServerHasNoSuchPath(stage) {
    await stage.visit(await stage.server());

    const follower = await stage.read({ path: '/elsewhere/lobby' });

    const { ended } = await follower.end();
    assert.equal(ended.status, 404);
  },
};

// The second message's answer is lost together with the connection. Who speaks by POST does so without reading, on a connection that
// the first message has left.
async function loseAnAnswer(stage, { connect }) {
  const server = await stage.server();
  const relay = await stage.relay(server.port);
  await stage.visit(relay);
  const reader = await stage.read({ after: 'latest', connect });
  if (connect) await reader.hello();
  assert.ok((await reader.publish('ada', 'message 1')).cursor);
  relay.swallowAnswers();
  const publishing = reader.publish('ada', 'message 2');
  await server.statsWhere('the second message', ({ published }) => published >= 2);
  relay.cut();
  // Repeated or over, whichever is first.
  let over = false;
  publishing.then(() => (over = true));
  await server.statsWhere("the publisher's end", ({ published }) => over || published > 2);
  relay.pointAt(0);
  relay.cut();
  return { error: (await publishing).error, published: (await server.stats()).published };
}

/**
 * Where a browser does not let a page keep the promise to the letter: what it does in its place, which a test holds it to, and why.
 * By case, and by way.
 */
export const differences = {
  FurtherFieldsGoWithWhatItAsks: {
    why: 'no page can add a field to an EventSource or a WebSocket; the cookie, which goes by itself, is in safety.test.mjs',
    ways: Object.keys(ways),
  },
  FollowEndsWhenTheServerHasNoSuchPath: {
    why: 'an EventSource and a WebSocket are not told the status of what refused them, so they cannot know that it is for good',
    ways: ['Sse', 'WebSocket'],
    async instead(stage) {
      await stage.visit(await stage.server());
      const follower = await stage.read({ path: '/elsewhere/lobby' });
      const { errors, opens } = await follower.loss(2);
      assert.equal(errors[0].status, 0);
      assert.equal(opens, 0);
    },
  },
  APublishWhoseAnswerWasLostIsNotRepeated: {
    why: 'Chromium itself sends a POST again, where the connection that it had kept was reset before an answer',
    ways: ['Polling', 'LongPolling', 'Sse'],
    async instead(stage) {
      const { error, published } = await loseAnAnswer(stage, { connect: false });
      assert.ok(error);
      assert.equal(published, 3);
    },
  },
};

/** Runs one case over one way, in two pages of two contexts. */
export async function play(name, way, pages) {
  const { ways: differing, instead } = differences[name] ?? { ways: [] };
  const act = differing.includes(way) ? instead : cases[name];
  const stage = new Stage(ways[way], pages);
  try {
    await act(stage);
  } finally {
    await stage.end();
  }
}

/** The names of the cases in the source of tests/contract_test.cpp. */
export function readContract(source) {
  return [...source.matchAll(/^TEST_P\(Contract, (\w+)\)/gm)].map(([, name]) => name);
}
