// Says something at a rate, as messages come that know nothing of each other: a Poisson process.

/** Calls `say` so often a second, 0 for never, and not in a tab that nobody looks at. Returns what ends it. */
export function atRate(rate, say) {
  if (!rate) return () => {};
  let timer = 0;
  const pause = () => (-Math.log(1 - Math.random()) * 1000) / rate;
  let next = performance.now() + pause();
  const tick = () => {
    for (; next <= performance.now(); next += pause()) if (!document.hidden) say();
    timer = setTimeout(tick, next - performance.now());
  };
  timer = setTimeout(tick, next - performance.now());
  return () => clearTimeout(timer);
}
