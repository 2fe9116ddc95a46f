// Pages of somebody else: a small server of another origin.

import { createServer } from 'node:http';
import { once } from 'node:events';

/** Serves one page, `html`, at each path of a free port. `localhost` and `127.0.0.1` are two sites, and each port is an origin of its own. */
export async function elsewhere(test, html = '<!doctype html><title>elsewhere</title>') {
  const server = createServer((request, response) => response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(html));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address();
  return { otherOrigin: `http://127.0.0.1:${port}/`, otherSite: `http://localhost:${port}/` };
}
