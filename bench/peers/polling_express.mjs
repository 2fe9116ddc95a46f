// Polling by Express: everything after a cursor, or 204 where there is nothing.

import { Rooms, start } from './room.mjs';

import { createServer } from 'node:http';

import express from 'express';

const rooms = new Rooms();
const logs = new Map();  // of messages, by room
const app = express();
app.disable('x-powered-by');

function logOf(room) {
  if (!logs.has(room)) logs.set(room, []);
  return logs.get(room);
}

app.post('/rooms/:room/messages', express.json(), (request, response) => {
  const room = rooms.named(request.params.room);
  logOf(room).push(room.accept(request.body));
  response.status(201).json({ cursor: room.cursor });
});

app.get('/rooms/:room/messages', (request, response) => {
  const room = rooms.named(request.params.room);
  const [, seq = '0'] = (request.query.after ?? '0').split('.');
  const messages = logOf(room).slice(Number(seq));
  if (messages.length === 0) {
    response.status(204).end();
  } else {
    response.json({ cursor: room.cursor, messages });
  }
});

start(createServer(app));
