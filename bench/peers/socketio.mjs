// Socket.IO, set up for speed as its pages "Performance tuning" and "Memory usage" say: WebSocket alone, bufferutil where it is
// installed, no reference to the first request.

import { Rooms, created, options, read, start } from './room.mjs';

import { createServer } from 'node:http';

import { Server } from 'socket.io';

const rooms = new Rooms();

const server = createServer((request, response) => {
  read(request, (draft) => {
    const room = rooms.of(request.url);
    io.to(room.name).emit('message', room.accept(draft));
    created(response, room);
  });
});

const io = new Server(server, {
  transports: ['websocket'],
  serveClient: false,
  pingInterval: 1000 * Number(options.heartbeat),
});

io.engine.on('connection', (connection) => { connection.request = null; });

io.on('connection', (socket) => {
  const room = rooms.named(socket.handshake.auth.room);
  socket.join(room.name);
  socket.emit('hello', { cursor: room.cursor });
  socket.on('echo', (text) => socket.emit('echo', text));
});

start(server);
