// axe-core's judgement on a page: what it is sure of.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What violates a rule of axe, of WCAG or of good practice: "color-contrast: .author". With the frames of the page. */
export async function violations(page) {
  const all = [];
  for (const frame of page.frames()) {
    // As the debugger's own script: the page's policy lets no other in.
    await frame.evaluate(source);
    const found = await frame.evaluate(() => globalThis.axe.run(document, { iframes: false, resultTypes: ['violations'] }));
    for (const { id, help, nodes } of found.violations) {
      for (const { target, any } of nodes) all.push(`${id} (${help}): ${target.join(' ')}${any[0] ? `: ${any[0].message}` : ''}`);
    }
  }
  return all;
}
