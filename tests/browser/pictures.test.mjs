// A picture that one sends everybody sees; what is none, or too much of one, is refused and leaves no trace.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, describe, it } from 'node:test';

import { Chat } from './support/chat.mjs';
import { launch } from './support/chromium.mjs';
import { gif, png } from './support/pictures.mjs';
import { Relay } from './support/relay.mjs';
import { dataDirectory, serve, transports } from './support/servers.mjs';

const browser = await launch();
after(() => browser.close());

const choose = (chat, name, mimeType, buffer) => chat.page.getByLabel('Send pictures').setInputFiles({ name, mimeType, buffer });

/** The picture that one window shows of another's, once it is there: its size and address. */
async function shown(chat) {
  const image = chat.log.locator('#messages').getByRole('img', { name: /^Picture from / }).first();
  await image.waitFor();
  return image.evaluate(async (shown) => {
    await shown.decode();
    return { width: shown.naturalWidth, height: shown.naturalHeight, path: new URL(shown.src).pathname };
  });
}

for (const transport of transports) {
  describe(`a picture over ${transport}`, () => {
    const start = (test, ...options) => serve(test, `${transport}_server`, ...options);

    it('that was chosen is seen in the other window', async (test) => {
      const server = await start(test);
      const ada = await Chat.open(test, browser, server.url);
      const bob = await Chat.open(test, browser, server.url);
      await ada.is('live');
      await bob.is('live');
      const bytes = gif({ width: 40, height: 30 });

      await choose(ada, 'cat.gif', 'image/gif', bytes);

      const { width, height, path } = await shown(bob);
      assert.deepEqual([width, height], [40, 30]);
      assert.match(path, /^\/images\/[0-9a-f]{32}\.gif$/);
      assert.equal((await shown(ada)).path, path);
      const answer = await fetch(server.url + path);
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), bytes);
      assert.equal(answer.headers.get('Content-Type'), 'image/gif');
      assert.equal(answer.headers.get('X-Content-Type-Options'), 'nosniff');
      assert.match(answer.headers.get('Cache-Control'), /immutable/);
      assert.match(answer.headers.get('Content-Security-Policy'), /sandbox/);
    });

    it('that was dropped is seen in the other window', async (test) => {
      const server = await start(test);
      const ada = await Chat.open(test, browser, server.url);
      const bob = await Chat.open(test, browser, server.url);
      await ada.is('live');
      await bob.is('live');

      const dropped = await ada.page.evaluateHandle((base64) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.codePointAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], 'green.png', { type: 'image/png' }));
        return transfer;
      }, png({ width: 24, height: 16 }).toString('base64'));
      for (const type of ['dragenter', 'dragover', 'drop']) await ada.log.dispatchEvent(type, { dataTransfer: dropped });

      const { width, height, path } = await shown(bob);
      assert.deepEqual([width, height], [24, 16]);
      assert.match(path, /\.png$/);
    });
  });
}

describe('a picture', () => {
  const start = (test, ...options) => serve(test, 'websocket_server', ...options);

  it('of 5 MiB passes, one byte more than --max-image does not', async (test) => {
    const server = await start(test, '--max-image', 5 << 20);
    const ada = await Chat.open(test, browser, server.url);
    await ada.is('live');
    const small = gif();
    // Blocks of 255 bytes, each behind its length; what is missing at the end is filled below.
    const most = gif({ comment: Math.floor(((5 << 20) - small.length - 3) / 256) * 255 });
    assert.ok(most.length <= 5 << 20 && most.length > (5 << 20) - 300, `it has ${most.length} bytes`);

    await choose(ada, 'large.gif', 'image/gif', most);

    assert.deepEqual((await shown(ada)).width, 8);

    await choose(ada, 'larger.gif', 'image/gif', Buffer.concat([gif({ comment: 5 << 20 })]));
    await refused(ada, /5242880 bytes|--max-image/);
    assert.equal((await server.stats()).published, 1);
  });

  /** The page says why, in the server's words or its own. */
  async function refused(chat, why) {
    await chat.page.getByRole('alert').filter({ hasText: why }).first().waitFor();
  }

  const script = Buffer.from('<script>alert(document.domain)</script>');
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
  const wrong = {
    'that is a script': ['cat.gif', 'image/gif', script, /415|expected/],
    'that is SVG and says so': ['cat.svg', 'image/svg+xml', svg, /expected a GIF, PNG, JPEG or WebP/],
    'that is SVG and says it is a PNG': ['cat.png', 'image/png', svg, /415|expected/],
    'that begins as a GIF and goes on as a page': ['cat.gif', 'image/gif', Buffer.concat([Buffer.from('GIF89a'), script]), /expected/],
    'that was cut off in the middle': ['cat.gif', 'image/gif', gif({ width: 200, height: 200 }).subarray(0, 20000), /expected|cut|end/],
    'that says it is larger than any screen': ['bomb.png', 'image/png', png({ claims: [50000, 50000] }), /4096/],
    'without a byte': ['empty.gif', 'image/gif', Buffer.alloc(0), /expected|empty/],
  };
  for (const [which, [name, type, bytes, why]] of Object.entries(wrong)) {
    it(`${which} is refused with the reason, and leaves nothing`, async (test) => {
      const data = dataDirectory(test);
      const server = await start(test, '--data', data);
      const ada = await Chat.open(test, browser, server.url);
      await ada.is('live');
      const before = files(data);

      await choose(ada, name, type, bytes);

      await refused(ada, why);
      assert.equal((await server.stats()).published, 0);
      assert.deepEqual(await ada.lines(), []);
      assert.deepEqual(files(data), before);
      // And the room goes on.
      await ada.say('and now?');
      await ada.shows(['and now?']);
    });
  }

  it('is there again after the server was killed, with --data', async (test) => {
    const data = dataDirectory(test);
    const first = await start(test, '--data', data);
    const relay = await Relay.during(test, first.port);
    const ada = await Chat.open(test, browser, relay.url);
    await ada.is('live');
    await choose(ada, 'cat.gif', 'image/gif', gif({ width: 32, height: 20 }));
    const { path } = await shown(ada);

    await first.kill();
    const second = await start(test, '--data', data);
    relay.pointAt(second.port);

    const bob = await Chat.open(test, browser, relay.url);
    assert.deepEqual(await shown(bob), { width: 32, height: 20, path });
  });

  it('is shown still where somebody wants no motion', async (test) => {
    const server = await start(test);
    const ada = await Chat.open(test, browser, server.url, { reducedMotion: 'reduce' });
    await ada.is('live');

    await choose(ada, 'cat.gif', 'image/gif', gif());

    const play = ada.log.getByRole('button', { name: 'Play' });
    await play.click();
    await play.waitFor({ state: 'detached' });
    await shown(ada);
  });
});

// Whatever is below --data but the database's own.
function files(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(db|sqlite3?)(-\w+)?$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
}
