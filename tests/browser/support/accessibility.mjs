// axe-core's judgement on a page: what it is sure of.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What violates a rule of axe, of WCAG or of good practice: "color-contrast: .author …". The frames are judged as parts of the page. */
export async function violations(page) {
  for (const frame of page.frames()) {
    // As the debugger's own script: the page's policy lets no other in. It asks itself in the frames, whose origins are others.
    await frame.evaluate(`${source}; axe.configure({ allowedOrigins: ['<unsafe_all_origins>'] })`);
  }
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, any }) => `${id} (${help}): ${target.flat().join(' ')}${any[0] ? `: ${any[0].message}` : ''}`));
}
