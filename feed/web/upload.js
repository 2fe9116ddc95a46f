// A picture on its way, with how far it is: what fetch() does not tell. Loaded with the first picture that somebody sends.

import { FeedError, heard, parse, refusal, told, unanswered, unheard } from '/http.js';

// How long an upload may stand still before it counts as lost, in milliseconds; longer than the server's own limit for a body.
const uploadPatience = 40_000;

/**
 * Sends a picture, a Blob, into a room: on every transport by POST. `progress` is called with the part of it that has been sent, from 0
 * to 1. Returns { cursor, image }: the message's cursor and the picture's path. By XMLHttpRequest, since fetch() tells no progress.
 */
export function upload(roomUrl, picture, { author, progress = () => {}, signal, wire = () => {} } = {}) {
  const url = `${roomUrl}/images${author ? `?author=${encodeURIComponent(author)}` : ''}`;
  const headers = { 'Content-Type': picture.type || 'application/octet-stream' };
  const asked = new XMLHttpRequest();
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => fail(new FeedError(`nothing went on within ${uploadPatience} ms`)), uploadPatience);
  };
  let fail;
  const abort = () => fail(signal.reason);
  return new Promise((resolve, reject) => {
    fail = (reason) => {
      reject(reason);
      asked.abort();
    };
    if (signal?.aborted) throw signal.reason;
    signal?.addEventListener('abort', abort);
    asked.open('POST', url);
    asked.setRequestHeader('Content-Type', headers['Content-Type']);
    asked.upload.addEventListener('progress', ({ loaded, total }) => {
      wait();
      progress(total ? loaded / total : 1);
    });
    asked.addEventListener('error', () => reject(new FeedError('the server cannot be reached, or broke the upload off')));
    asked.addEventListener('load', () => {
      try {
        const fields = asked.getAllResponseHeaders().split('\r\n').filter(Boolean).map((line) => line.split(/: (.*)/s));
        wire(() => heard(asked.status, asked.statusText, fields, asked.responseText));
        if (asked.status >= 200 && asked.status < 300) resolve(parse(asked.responseText));
        else reject(refusal(asked.status, asked.statusText, asked.getResponseHeader('Content-Type'), asked.responseText));
      } catch (error) {
        reject(error);
      }
    });
    wait();
    wire(() => told(url, 'POST', headers, picture, { payload: picture.size, opens: 'xhr' }));
    asked.send(picture);
  })
    .catch((error) => {
      if (!error.status) wire(() => unheard(error));
      return unanswered(error);
    })
    .finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
}
