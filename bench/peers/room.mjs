// What the servers of this directory share: rooms that number their messages, and how a server is started and stopped. All else
// is the library's. Simplified: nobody but the harness talks to them, so nothing that comes is checked.

import { parseArgs } from 'node:util';

// Express reads it when it is loaded: so each server imports this file first.
process.env.NODE_ENV = 'production';

// What the command line says. A heartbeat is sent every so many seconds, where the library has one: never within a run.
export const options = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    heartbeat: { type: 'string', default: '3600' },
  },
}).values;

class Room {
  readers = new Set();
  #count = 0;

  constructor(name) {
    this.name = name;
  }

  // A draft becomes a message: `{"seq":17,"at":1763780000123,"author":"ada","text":"hi"}`, the same bytes as from our servers.
  accept({ author, text }) {
    this.#count += 1;
    return { seq: this.#count, at: Date.now(), author, text };
  }

  get cursor() {
    return `peer.${this.#count}`;
  }
}

export class Rooms {
  #rooms = new Map();

  named(name) {
    if (!this.#rooms.has(name)) this.#rooms.set(name, new Room(name));
    return this.#rooms.get(name);
  }

  // `/rooms/{room}/messages?after=0` is about that room.
  of(url) {
    return this.named(decodeURIComponent(url.split('?', 1)[0].split('/')[2]));
  }
}

// Without Express: calls `done` with the JSON of a request's body. By events, so that drafts keep the order in which they came.
export function read(request, done) {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (piece) => { body += piece; });
  request.on('end', () => done(JSON.parse(body)));
}

// Without Express: `201`, and the place that the message was given.
export function created(response, room) {
  const body = `{"cursor":"${room.cursor}"}`;
  response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

// Listens as --host and --port say (port 0 takes any free one), says where, and ends with exit code 0 when it is told to.
export function start(server) {
  const { host, port } = options;
  server.keepAliveTimeout = 0;  // the harness decides how long a connection is kept
  server.listen({ host, port: Number(port), backlog: 4096 }, () => {
    console.log(`listening on http://${host}:${server.address().port}`);
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
}
