// WebSocket by ws and everything else by Express, on one port: what the study notes use.

import { Rooms, start } from './room.mjs';

import { createServer } from 'node:http';

import express from 'express';
import WebSocket, { Sender, WebSocketServer } from 'ws';

const rooms = new Rooms();
const app = express();
app.disable('x-powered-by');

app.post('/rooms/:room/messages', express.json(), (request, response) => {
  const room = rooms.named(request.params.room);
  const frame = framed(JSON.stringify(room.accept(request.body)));
  for (const reader of room.readers) {
    if (reader.readyState === WebSocket.OPEN) reader._sender.sendFrame(frame);
  }
  response.status(201).json({ cursor: room.cursor });
});

// A frame for all readers: send() would make one for each. So its maintainers advise (websockets/ws#617), and so Socket.IO does it.
function framed(text) {
  const parts = Sender.frame(Buffer.from(text), { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true });
  return [Buffer.concat(parts)];
}

const server = createServer(app);
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false });

server.on('upgrade', (request, connection, head) => {
  sockets.handleUpgrade(request, connection, head, (socket) => {
    socket.on('error', () => socket.terminate());
    if (request.url === '/echo') {
      socket.on('message', (data, binary) => socket.send(data, { binary }));
      return;
    }
    const room = rooms.of(request.url);
    socket.send(JSON.stringify({ hello: { cursor: room.cursor } }));
    room.readers.add(socket);
    socket.on('close', () => room.readers.delete(socket));
  });
});

start(server);
