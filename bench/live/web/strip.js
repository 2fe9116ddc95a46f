// The strip chart: a dot for each message, where it was sent and how late it came, and the lines of the model. Drawn by uPlot.

/* global uPlot */

export const span = 30_000; // ms that one sees

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Round numbers from 0 to `top`, five or so. */
function splits(top) {
  const rough = top / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((by) => by * power >= rough);
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
}

const decades = (low, top) => [0.1, 1, 10, 100, 1000, 10_000].filter((at) => at >= low && at <= top);

const label = (ms) => (ms >= 1000 ? `${ms / 1000} s` : ms > 0 ? `${ms} ms` : '0');

export class Strip {
  #element;
  #plot = null;
  #view = { now: 0, top: 1000, logarithmic: false, marks: [], lines: [], hue: 'ink' };

  constructor(element) {
    this.#element = element;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(element);
    for (const query of ['(prefers-color-scheme: dark)', '(resolution: 1dppx)']) {
      matchMedia(query).addEventListener('change', () => this.#make());
    }
  }

  /**
   * `sent`, `delays`: of each message, ascending, in ms. `view`: now; top, the largest delay that fits; logarithmic; hue, the name of the dots'
   * colour; lines, [{ from, to, at, name, dashed }] of the model; marks, [{ from, to, hue }] of what happened.
   */
  draw(sent, delays, view) {
    const remake = !this.#plot || view.logarithmic !== this.#view.logarithmic;
    this.#view = view;
    if (remake) this.#make();
    // The edges are points without a value: so there is always something whose scales are to be drawn.
    const begin = view.now - span;
    let first = sent.length;
    while (first > 0 && sent[first - 1] >= begin) first -= 1;
    this.#plot.setData([[begin, ...sent.slice(first), view.now], [null, ...delays.slice(first), null]]);
  }

  #size() {
    return { width: Math.max(160, this.#element.clientWidth), height: this.#element.clientHeight };
  }

  #make() {
    this.#plot?.destroy();
    const view = () => this.#view;
    const low = 0.1; // of the logarithmic scale: finer than a browser's clock
    const axis = { stroke: colour('faint'), font: `12px ${getComputedStyle(document.body).fontFamily}`, ticks: { show: false } };
    this.#plot = new uPlot({
      ...this.#size(),
      padding: [10, 16, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: () => [view().now - span, view().now] },
        y: view().logarithmic
          ? { distr: 3, clamp: low, range: () => [low, Math.max(10, view().top * 1.3)] }
          : { range: () => [view().top * -0.025, view().top * 1.06] }, // a dot at 0 is a whole one
      },
      axes: [
        {
          ...axis,
          size: 24,
          gap: 4,
          grid: { show: false },
          splits: () => [-30, -20, -10, 0].map((s) => view().now + s * 1000),
          values: () => ['30 s ago', '20', '10', 'now'].map((text, i) => (i === 0 ? '  30 s ago' : text)),
        },
        {
          ...axis,
          size: 52,
          gap: 4,
          grid: { stroke: colour('line'), width: 1 },
          splits: () => (view().logarithmic ? decades(low, view().top * 1.3) : splits(view().top)),
          filter: (_, values) => values,
          values: (_, values) => values.map(label),
        },
      ],
      series: [{}, { fill: () => colour(view().hue), paths: dots, points: { show: false } }],
      hooks: { drawClear: [(plot) => drawMarks(plot, view())], draw: [(plot) => drawLines(plot, view())] },
    }, [[], []], this.#element);
  }
}

function dots(plot, series, from, to) {
  const path = new Path2D();
  const [xs, ys] = [plot.data[0], plot.data[series]];
  const radius = (to - from > 600 ? 1.5 : 2.5) * uPlot.pxRatio;
  const floor = plot.scales.y.min > 0 ? plot.scales.y.min : 0;
  for (let i = from; i <= to; i += 1) {
    if (ys[i] === null || ys[i] === undefined) continue;
    const x = plot.valToPos(xs[i], 'x', true);
    const y = plot.valToPos(Math.max(ys[i], floor), 'y', true);
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
  }
  return { fill: path, stroke: null };
}

// What happened: an upright line, or a band as wide as it lasted.
function drawMarks({ ctx, bbox, valToPos }, { now, marks }) {
  ctx.save();
  for (const { from, to, hue } of marks) {
    if (to < now - span) continue;
    const left = valToPos(Math.max(from, now - span), 'x', true);
    ctx.fillStyle = colour(hue);
    ctx.globalAlpha = 0.18;
    ctx.fillRect(left, bbox.top, valToPos(Math.min(to, now), 'x', true) - left, bbox.height);
    ctx.globalAlpha = 1;
    if (from >= now - span) ctx.fillRect(left, bbox.top, 1.5 * uPlot.pxRatio, bbox.height);
  }
  ctx.restore();
}

// What the model says: level lines, as long as it said so. Its words lie on paper, since dots are everywhere.
function drawLines({ ctx, bbox, valToPos, scales }, { now, lines }) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = 1.5 * uPlot.pxRatio;
  ctx.font = `${11 * uPlot.pxRatio}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = 'right';
  const height = (at) => valToPos(Math.max(at, scales.y.min), 'y', true);
  const shown = lines.filter(({ to, at }) => to >= now - span && at <= scales.y.max);
  for (const { from, to, at, dashed } of shown) {
    ctx.strokeStyle = colour('ink');
    ctx.setLineDash(dashed ? [4 * uPlot.pxRatio, 4 * uPlot.pxRatio] : []);
    ctx.beginPath();
    ctx.moveTo(valToPos(Math.max(from, now - span), 'x', true), height(at));
    ctx.lineTo(valToPos(Math.min(to, now), 'x', true), height(at));
    ctx.stroke();
  }
  ctx.setLineDash([]);
  ctx.lineJoin = 'round';
  const write = (text, y) => {
    const place = [text, bbox.left + bbox.width - 4 * uPlot.pxRatio, y];
    ctx.strokeStyle = colour('paper');
    ctx.lineWidth = 4 * uPlot.pxRatio;
    ctx.strokeText(...place);
    ctx.fillStyle = colour('ink');
    ctx.fillText(...place);
  };
  const [mean, most] = shown.filter(({ to }) => to >= now);
  if (most && height(mean.at) - height(most.at) < 32 * uPlot.pxRatio) {
    write(`${mean.name}, ${most.name}`, height(most.at) - 5 * uPlot.pxRatio);
  } else {
    if (mean) write(mean.name, height(mean.at) - 5 * uPlot.pxRatio);
    if (most) write(most.name, height(most.at) + 13 * uPlot.pxRatio);
  }
  ctx.restore();
}
