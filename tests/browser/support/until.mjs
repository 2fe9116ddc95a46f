// The one time that these tests know: how long to wait for something that must happen. No test passes or fails because something took
// long or was quick, so it may be generous.

/** Milliseconds. */
export const patience = 20_000;

/** How often a condition is looked at that nobody tells of. Milliseconds. */
const glance = 20;

/**
 * What `look` returns, once that is true. Throws after `patience`, with `what` and what was seen last: `look` may set it by its
 * argument, `see`.
 */
export async function until(what, look) {
  const due = performance.now() + patience;
  let seen;
  for (;;) {
    const found = await look((value) => (seen = value));
    if (found) return found;
    if (performance.now() > due) throw new Error(`waited in vain for ${what}${seen === undefined ? '' : `; saw ${JSON.stringify(seen)}`}`);
    await new Promise((resolve) => setTimeout(resolve, glance));
  }
}
