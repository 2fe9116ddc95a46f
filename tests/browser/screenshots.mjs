// Takes the pictures of the pages that the README shows: tests/run --screenshots. Light and dark, desktop and phone.

import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Chat } from './support/chat.mjs';
import { launch } from './support/chromium.mjs';
import { Live } from './support/live.mjs';
import { gif } from './support/pictures.mjs';
import { Server } from './support/servers.mjs';

const directory = fileURLToPath(new URL('../../notes/pictures/screens', import.meta.url));
const desktop = { viewport: { width: 1280, height: 800 } };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const schemes = ['light', 'dark'];

const ends = [];
const here = { after: (end) => ends.push(end) };

async function serve(name, ...options) {
  const server = await Server.start(name, ...options);
  here.after(() => server.kill());
  return server;
}

/** The sun goes down over the sea, again and again. */
function sunset() {
  const [width, height, frames] = [240, 150, 12];
  const mix = (from, to, part) => from.map((value, i) => Math.round(value + (to[i] - value) * part));
  const sky = Array.from({ length: 64 }, (_, i) => mix([44, 32, 96], [255, 158, 94], i / 63));
  const sea = Array.from({ length: 40 }, (_, i) => mix([232, 122, 92], [22, 26, 70], i / 39));
  const palette = [...sky, ...sea, [255, 232, 170], [255, 206, 120], [250, 244, 226], [20, 18, 40]];
  const [sun, glow, sail, hull] = [104, 105, 106, 107];
  const horizon = 92;
  const paint = (x, y, frame) => {
    const sunY = 52 + frame * 3;
    const boatX = 40 + frame * 3;
    if (y < horizon) {
      const far = Math.hypot(x - 150, y - sunY);
      if (y > 66 && y < 88 && x > boatX && x < boatX + (y - 66) * 0.6) return sail;
      if (y >= 88 && x > boatX - 8 && x < boatX + 18) return hull;
      if (far < 19) return sun;
      if (far < 22) return glow;
      return Math.min(63, Math.floor((y / horizon) * 64));
    }
    const spread = 6 + (y - horizon) * 0.5;
    const isGlitter = Math.abs(x - 150) < spread && (y * 7 + frame * 5 + Math.floor(x / 5) * 3) % 11 < 3;
    return isGlitter ? glow : 64 + Math.min(39, Math.floor(((y - horizon) / (height - horizon)) * 40));
  };
  return gif({ width, height, frames, paint, palette, delay: 12 });
}

async function fill(server) {
  const say = (room, author, text) => server.publish(text, { room, author });
  await say('release-1.4', 'carol', 'tagged it, the build is green');
  await say('서울 밤산책 🌃', '민준', '오늘 한강에서 7시 어때요?');
  await say('서울 밤산책 🌃', '서연', '좋아요 👍');
  await say('cats', 'bob', 'she has learned to open the fridge');
  await say('lobby', 'ada', 'Good morning! Who has the slides for the talk?');
  await say('lobby', 'bob', 'I do. Polling first, then the event stream, then WebSocket.');
  await say('lobby', '서연', '안녕하세요 여러분 👋');
  await say('lobby', 'ada', 'Each message comes with its number, so after a cut you only ask for what follows it.');
  await say('lobby', 'carol', 'Pulled the cable during the demo: 12 messages later everything was there, none twice.');
}

async function take(page, name) {
  await page.evaluate(() => document.fonts.ready);
  const path = `${directory}/${name}.png`;
  writeFileSync(path, await page.screenshot());
  // A screen of text has few colours; with a palette it is a third as large.
  execFileSync('pngquant', ['--force', '--skip-if-larger', '--strip', '--speed', '1', '--output', path, '--', path]);
  console.log(`${path}: ${Math.round(statSync(path).size / 1000)} kB`);
}

mkdirSync(directory, { recursive: true });
const browser = await launch();
try {
  const server = await serve('websocket_server');
  await fill(server);
  const sender = await Chat.open(here, browser, server.url);
  await sender.is('live');
  await sender.name.fill('서연');
  await sender.page.getByLabel('Send pictures').setInputFiles({ name: 'sunset.gif', mimeType: 'image/gif', buffer: sunset() });
  await sender.log.locator('#messages').getByRole('img').first().waitFor();
  await server.publish('Where is that?', { author: 'bob' });
  await server.publish('여수요! 🌅', { author: '서연' });
  for (const colorScheme of schemes) {
    for (const [device, look] of Object.entries({ desktop, phone })) {
      const chat = await Chat.open(here, browser, server.url, { ...look, colorScheme });
      await chat.is('live');
      if (colorScheme === schemes[0] && device === 'desktop') await chat.say('Beautiful. The slides are in the drive now.', { as: 'hana' });
      await chat.line('in the drive now');
      if (device === 'desktop') await chat.rooms.getByRole('link').filter({ hasText: 'release-1.4' }).waitFor();
      await chat.log.locator('#messages').getByRole('img').first().evaluate((image) => image.decode());
      await take(chat.page, `chat-${device}-${colorScheme}`);
    }
  }

  const live = await serve('live_server', '--pane-port', '0', '--rate', '10');
  for (const colorScheme of schemes) {
    const page = await Live.open(here, browser, live.url, { viewport: { width: 1280, height: 960 }, colorScheme });
    await page.whereEach('a full strip', ({ messages }) => messages > 160);
    await take(page.page, `live-${colorScheme}`);
  }
  const small = await Live.open(here, browser, live.url, { ...phone, colorScheme: 'light' });
  await small.whereEach('messages', ({ messages }) => messages > 40);
  await take(small.page, 'live-phone-light');
} finally {
  for (const end of ends.reverse()) await end();
  await browser.close();
}
