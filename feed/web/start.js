// The first script. The page is painted before its modules are asked for: they would take the lines, and the time, that the style sheet needs.
// Then they come all at once, and none waits for the one that imports it.

const modules = [
  '/client.js', '/feed.js', '/http.js', '/dom.js', '/messages.js', '/outbox.js', '/composer.js', '/rooms.js', '/mirror.js', '/wire.js', '/page.js',
];
const load = () => modules.forEach((module) => import(module));

if (document.hidden) load(); // nothing is painted there
else requestAnimationFrame(() => setTimeout(load));
