// One request and its answer, with their limits of time and their endings, and their bytes: feed/user_agent.cpp in JavaScript.

/** Milliseconds after which a server that does not answer counts as lost; neither EventSource nor WebSocket has such a limit. */
export const patience = 10_000;

/**
 * Why a request failed or the feed was lost. `status` is the answer's, 0 where there was none. `uncertain`: what was to be published
 * may have been, since it left and only its answer is missing; to send it again may say it twice. `unsent`: it certainly never left.
 */
export class FeedError extends Error {
  constructor(message, { status = 0, broken = false, uncertain = false, unsent = false, ...more } = {}) {
    super(message);
    Object.assign(this, { name: 'FeedError', status, broken, uncertain, unsent }, more);
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

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export const bytesOf = (text) => encoder.encode(text).length;

// Of a long text, which is there to be looked at, its beginning is enough.
const shown = (text) => (text.length > 4096 ? `${text.slice(0, 4096)}…` : text);

// A refusal in the server's own words (RFC 9457), or in those of a proxy before it.
export function refusal(status, statusText, type, text) {
  const { title, detail } = type?.startsWith('application/problem+json') ? parse(text) : {};
  // 500, 502 and 504 are a proxy's, or a broken server's: what became of the request, they do not know.
  return new FeedError(`${status} ${detail ?? title ?? statusText}`, { status, uncertain: [500, 502, 504].includes(status) });
}

// ---- wire events: what a request and its answer are on the network; see Client

export function told(url, method, fields, body, { payload = 0, opens = 'fetch' } = {}) {
  const { pathname, search } = new URL(url);
  const target = pathname + search;
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`).join('');
  return {
    direction: 'up', kind: 'request', label: `${method} ${target}`, payload, overhead: null, messages: Number(payload > 0),
    request: { opens, method, target, fields, bodyBytes: typeof body === 'string' ? bytesOf(body) : body?.size ?? 0 },
    text: `${method} ${target} HTTP/1.1\n${lines}\n${typeof body === 'string' ? shown(body) : body ? `(${body.size} bytes)` : ''}`,
  };
}

/** The wire event of a request that a transport opens by other means than request(): for its handshake. */
export const handshake = (url, opens, fields = {}) => ({ ...told(url, 'GET', fields, undefined, { opens }), kind: 'handshake' });

export function heard(status, statusText, fields, body, { payload = 0, messages = 0 } = {}) {
  const head = `HTTP/1.1 ${status} ${statusText}\n${fields.map(([name, value]) => `${name}: ${value}\n`).join('')}\n`;
  const lineEnds = fields.length + 2; // CRLF on the wire, LF here
  return {
    direction: 'down', kind: 'answer', label: `${status} ${statusText}`.trim(), status, messages, payload,
    overhead: bytesOf(head) + lineEnds + bytesOf(body) - payload,
    text: head + shown(body),
  };
}

export const unheard = (reason) => ({ direction: 'down', kind: 'answer', label: 'no answer', text: reason.message });

/**
 * fetch() with a limit of time, past every cache. Returns the status and the parsed body; a refusal throws the server's reason. `wire`
 * is called with what makes the wire event of the request, then of its answer. `payload`: bytes of a message in the body that is sent;
 * `count(body)`: { payload, messages } of the one that came.
 */
export async function request(url, { signal, within = patience, wire = () => {}, payload = 0, count = () => ({}), ...options }) {
  const { method = 'GET', headers = {}, body } = options;
  const limit = new AbortController();
  const abort = () => limit.abort(signal.reason);
  signal?.addEventListener('abort', abort);
  const timer = setTimeout(() => limit.abort(new FeedError(`no answer within ${within} ms`)), within);
  try {
    signal?.throwIfAborted();
    wire(() => told(url, method, headers, body, { payload }));
    const answer = await fetch(url, { cache: 'no-store', ...options, signal: limit.signal });
    const text = await answer.text();
    wire(() => heard(answer.status, answer.statusText, [...answer.headers], text, answer.ok ? count(text) : {}));
    if (!answer.ok) throw refusal(answer.status, answer.statusText, answer.headers.get('Content-Type'), text);
    return { status: answer.status, body: text ? parse(text) : null };
  } catch (error) {
    if (error.status !== undefined && !limit.signal.aborted) throw error; // a refusal, or no JSON
    const reason = limit.signal.aborted ? limit.signal.reason : new FeedError('the server cannot be reached', { cause: error });
    wire(() => unheard(reason));
    throw reason;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

// Whatever ended a POST before its answer came: it may have happened. But who called it back knows better what had left.
export function unanswered(error) {
  if (error instanceof FeedError && error.status) throw error;
  throw new FeedError(error.message, { uncertain: error.name !== 'AbortError', cause: error });
}

/** Publishes by POST, as polling and SSE must: neither can send. Returns the message's cursor. */
export async function post(roomUrl, author, text, signal, wire) {
  const body = JSON.stringify({ author: author || undefined, text });
  const headers = { 'Content-Type': 'application/json' };
  const sent = request(`${roomUrl}/messages`, { method: 'POST', headers, body, payload: bytesOf(body), signal, wire });
  return (await sent.catch(unanswered)).body.cursor;
}

/** GET /rooms of a server: [{ room, cursor, readers, last }], where `last` is the room's last message, if it has one. */
export async function rooms(signal) {
  return (await request(new URL('/rooms', location), { signal })).body.rooms;
}
