// Server-sent events with what Node itself has. An event is encoded once; Node makes a chunk of it for each reader.

import { Rooms, created, read, start } from './room.mjs';

import { createServer } from 'node:http';

const rooms = new Rooms();

const server = createServer((request, response) => {
  const room = rooms.of(request.url);
  if (request.method === 'POST') {
    read(request, (draft) => {
      const message = JSON.stringify(room.accept(draft));
      const event = Buffer.from(`id: ${room.cursor}\ndata: ${message}\n\n`);
      for (const reader of room.readers) reader.write(event);
      created(response, room);
    });
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write(`retry: 1000\nevent: hello\nid: ${room.cursor}\ndata: {"cursor":"${room.cursor}"}\n\n`);
  room.readers.add(response);
  response.on('close', () => room.readers.delete(response));
});

start(server);
