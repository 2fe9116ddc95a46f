// A line between a browser and a server that can be cut, and moved to another server: tests/support/relay.hpp for these tests.

import net from 'node:net';
import { once } from 'node:events';

// A reset, where one can be sent: on a connection that this side has ended, Node.js 20 loses the handle over it and then never ends.
function reset(socket) {
  if (socket.writableEnded || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}

/** Hands on TCP connections from a port of its own to another one's. */
export class Relay {
  /** Of each connection so far, what went by: { up, down, times }: lists of Buffers, and when those of `up` came, as a rank among all. */
  conversations = [];
  #rank = 0;
  #to;
  #lines = new Set();
  #swallows = false;
  #swallowsUp = false;
  #listener;

  /** To a port of this machine; 0 for none yet. */
  static async to(port) {
    const relay = new Relay();
    relay.#to = port;
    relay.#listener = net.createServer((client) => relay.#admit(client));
    relay.#listener.listen(0, '127.0.0.1');
    await once(relay.#listener, 'listening');
    relay.port = relay.#listener.address().port;
    relay.url = `http://127.0.0.1:${relay.port}`;
    return relay;
  }

  #admit(client) {
    client.on('error', () => {}); // its end is what counts
    if (this.#to === 0) return reset(client);
    const said = { up: [], down: [], times: [] };
    this.conversations.push(said);
    client.setNoDelay();
    const server = net.connect({ port: this.#to, host: '127.0.0.1', noDelay: true });
    const line = { client, server };
    this.#lines.add(line);
    server.on('error', () => reset(client));
    client.on('data', (bytes) => {
      if (this.#swallowsUp) return;
      said.up.push(bytes);
      said.times.push((this.#rank += 1));
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (this.#swallows) return;
      said.down.push(bytes);
      client.write(bytes);
    });
    client.on('end', () => server.end());
    server.on('end', () => client.end());
    for (const end of [client, server]) {
      end.on('close', () => {
        client.destroy();
        server.destroy();
        this.#lines.delete(line);
      });
    }
  }

  /** Resets every connection that there is now, on both sides; later ones are handed on. */
  cut() {
    for (const { client, server } of this.#lines) {
      reset(client);
      reset(server);
    }
    this.#lines.clear();
  }

  /** Later connections go to another port; while it is 0, they are reset at once. */
  pointAt(port) {
    this.#to = port;
  }

  /** From now on what servers say goes nowhere. */
  swallowAnswers() {
    this.#swallows = true;
  }

  /** What clients say goes nowhere, and no connection ends over it: until it is told otherwise. */
  swallowQuestions(swallows = true) {
    this.#swallowsUp = swallows;
  }

  /** The same, ended with the test. */
  static async during(test, port) {
    const relay = await Relay.to(port);
    test.after(() => relay.close());
    return relay;
  }

  /** The requests that came by for `path`, in the order in which they came, as they were sent: { head, body }. */
  requests(path) {
    const requests = [];
    for (const { up, times } of this.conversations) {
      let rest = Buffer.concat(up);
      let at = 0; // of `rest` in what came
      const rankOf = (offset) => {
        let end = 0;
        return times[up.findIndex(({ length }) => (end += length) > offset)];
      };
      for (;;) {
        const end = rest.indexOf('\r\n\r\n');
        const head = rest.subarray(0, end + 4).toString('latin1');
        if (end < 0 || !/^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(head)) break; // frames of a WebSocket
        const whole = end + 4 + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
        requests.push({ head, body: rest.subarray(end + 4, whole), rank: rankOf(at) });
        rest = rest.subarray(whole);
        at += whole;
      }
    }
    return requests.sort((a, b) => a.rank - b.rank).filter(({ head }) => head.split(' ')[1].split('?')[0] === path);
  }

  async close() {
    this.cut();
    this.#listener.close();
    await once(this.#listener, 'close');
  }
}
