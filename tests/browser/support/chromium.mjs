// A real Chromium without a window, driven by playwright-core. One for a test file; each test takes a fresh context, which shares no
// cookie, cache or connection with another.

import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';

import { chromium } from 'playwright-core';

import { patience, until } from './until.mjs';

/** The browser's program: $CHROMIUM, or the first of these in the path. */
export function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    for (const directory of process.env.PATH.split(delimiter)) {
      const program = join(directory, name);
      try {
        accessSync(program, constants.X_OK);
        return program;
      } catch {
        // not there
      }
    }
  }
  throw new Error('no chromium, chromium-browser or google-chrome in the path: feed/setup browser installs Debian\'s');
}

// No sandbox: in a container, and as root, there is none to be had. The rest keeps it from talking to anybody but these servers.
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

export async function launch() {
  const browser = await chromium.launch({ executablePath: findChromium(), args: flags, headless: true, timeout: patience });
  return browser;
}

/**
 * A Chromium in which tabs share one window, and all but the first are hidden as a person's are. Playwright tells every page of its
 * own that it has the focus, which keeps it visible; a browser that it was only connected to is left as it is.
 */
export async function launchWithTabs() {
  const profile = mkdtempSync(join(tmpdir(), 'browser-tests-'));
  const child = spawn(findChromium(), [...flags, '--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes) => (said += bytes));
  const address = await until("the browser's address", () => /listening on (ws:\S+)/.exec(said)?.[1]);
  const browser = await chromium.connectOverCDP(address, { noDefaults: true });
  return {
    context: browser.contexts()[0],
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await (await browser.newBrowserCDPSession()).send('Browser.close'); // close() alone would only hang up
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }); // its helpers end a little later
    },
  };
}

/**
 * A page of a fresh context. Whatever a page should never do is kept in `faults`: a dialog, an uncaught error, a violation of the
 * content security policy. `expect` it to be empty at the end.
 */
export async function open(browser, url, { path = '/', ...options } = {}) {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.faults = [];
  watch(page);
  if (url) await page.goto(url + path);
  return page;
}

function watch(page) {
  page.on('dialog', async (dialog) => {
    page.faults.push(`a dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on('pageerror', (error) => page.faults.push(`an uncaught error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) page.faults.push(message.text());
  });
}
