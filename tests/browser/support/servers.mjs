// The programs from the build directory, each in a process of its own, on a free port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { patience, until } from './until.mjs';

/** Where the programs are: tests/run says it. */
export const programs = process.env.PROGRAMS ?? fileURLToPath(new URL('../../../build/dev', import.meta.url));

/** The transports, as their servers are called. */
export const transports = ['polling', 'sse', 'websocket'];

const running = new Set();

// Whatever ends the tests, no server outlives them.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** A server program that has said where it listens. */
export class Server {
  #child;
  #errors = '';

  /** `name` is that of the program: "sse_server". */
  static async start(name, ...options) {
    const server = new Server();
    const child = spawn(join(programs, name), ['--port', '0', ...options.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
    server.#child = child;
    running.add(child);
    child.on('exit', () => running.delete(child));
    child.stderr.on('data', (bytes) => (server.#errors += bytes));
    let said = '';
    child.stdout.on('data', (bytes) => (said += bytes));
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    failed.catch(() => {});
    await Promise.race([
      failed,
      until(`"listening on" of ${name}`, (see) => {
        see({ said, errors: server.#errors });
        if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${server.#errors}`);
        return /^listening on .*\n/m.test(said);
      }),
    ]);
    server.url = /listening on (\S+)/.exec(said)[1];
    server.port = Number(new URL(server.url).port);
    return server;
  }

  get pid() {
    return this.#child.pid;
  }

  /** What it wrote to standard error so far. */
  get errors() {
    return this.#errors;
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** A proper end: it tells its readers. Its exit code. */
  stop() {
    return this.#end('SIGTERM');
  }

  /** As a power cut would: it can say and keep nothing more. */
  kill() {
    return this.#end('SIGKILL');
  }

  /** Answers nothing while `meanwhile` is under way: its process stands still. */
  async paused(meanwhile) {
    process.kill(this.pid, 'SIGSTOP');
    try {
      return await meanwhile();
    } finally {
      process.kill(this.pid, 'SIGCONT');
    }
  }

  async #end(signal) {
    if (!this.isRunning) return this.#child.exitCode;
    const ended = once(this.#child, 'exit', { signal: AbortSignal.timeout(patience) });
    this.#child.kill(signal);
    return (await ended)[0];
  }

  async get(path) {
    const answer = await fetch(this.url + path, { headers: { Connection: 'close' } });
    return answer.json();
  }

  /** What it counts: GET /stats, whose own connection and request are among it. */
  stats() {
    return this.get('/stats');
  }

  /** Waits until what the server counts is as `isSo` wants it. */
  statsWhere(what, isSo) {
    return until(what, async (see) => {
      const stats = await this.stats();
      see(stats);
      return isSo(stats) && stats;
    });
  }

  /** Publishes as a program does; the message's cursor. */
  async publish(text, { room = 'lobby', author = 'ada' } = {}) {
    const answer = await fetch(`${this.url}/rooms/${encodeURIComponent(room)}/messages`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ author, text }),
    });
    if (answer.status !== 201) throw new Error(`POST was answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()).cursor;
  }

  /** One after the other, so in order. The cursors. */
  async publishAll(texts, options) {
    const cursors = [];
    for (const text of texts) cursors.push(await this.publish(text, options));
    return cursors;
  }

  /** The room's whole log, as polling tells it; only of the polling server and of one that has it mounted. */
  async log(room = 'lobby') {
    return (await this.get(`/rooms/${encodeURIComponent(room)}/messages`)).messages;
  }

  /** The room as GET /rooms lists it; undefined where it is not there. */
  async room(name) {
    return (await this.get('/rooms')).rooms.find(({ room }) => room === name);
  }
}

/** Starts the servers of a test and ends what is left of them with it: `after` is that of the test's context. */
export async function serve(test, name, ...options) {
  const server = await Server.start(name, ...options);
  test.after(() => server.kill());
  return server;
}

/** A directory of its own for `--data`, gone after the test. */
export function dataDirectory(test) {
  const directory = mkdtempSync(join(tmpdir(), 'chat-data-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** "message 1", "message 2" and so on. */
export function numbered(first, last) {
  return Array.from({ length: last - first + 1 }, (_, i) => `message ${first + i}`);
}
