// Draws what the prices of docs/pricing cost, as docs/pricing/curves/*.svg: each page's own JSON, rated by the engine.
// `npm run build` first. With --check nothing is written, and it fails where a drawing isn't what it would draw;
// test/stories/pricing-pages.spec.ts does that.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { Decimal } = require('../dist/src/kernel/index.js');
const { MODELS, ratePlan } = require('../dist/src/rating/domain/index.js');
const { PlanRequestSchema, toNewPlan } = require('../dist/src/catalog/index.js');
const folder = fileURLToPath(new URL('../docs/pricing/', import.meta.url));

const number = (x) => new Decimal(x.toFixed(9));
const none = { quantity: number(0), cost: number(0), events: 1, pendingEvents: 0 };
const quantity = (x) => ({ ...none, quantity: number(x) });
const cost = (x) => ({ ...none, quantity: number(x), cost: number(x) });
const group = (values, x) => ({ ...quantity(x), values });
const inGroups = (groups, x) => ({ ...quantity(x), groups });
const inWindows = (count, used, x) => ({
  ...quantity(x),
  windows: Array.from({ length: count }, (_, index) => quantity(index === used ? x : 0)),
});
const transactions = (count) => (x) => ({
  ...quantity(x * count),
  events: count,
  transactions: Array.from({ length: count }, (_, index) => ({
    value: number(x),
    time: index,
    key: `${index}`,
  })),
});

/** So many attempts at each of x tasks, of which the last works for every so manieth task. */
const attempts = (each, every) => (x) => {
  const tasks = Math.floor(x + 1e-9);
  return {
    ...none,
    outcomes: Array.from({ length: tasks * each }, (_, index) => {
      const task = Math.floor(index / each);
      const success = index % each === each - 1 && (task + 1) % every === 0;
      return {
        key: `${index}`.padStart(6, '0'),
        id: `${index}`,
        time: WHOLE_PERIOD.servicePeriod.start.getTime() * 1_000 + index,
        task: `${task}`,
        type: success ? 'resolved' : null,
        success,
        reversal: false,
      };
    }),
  };
};

/** What is drawn for each page: how far, of what, and for which usage. */
const CURVES = [
  { page: 'flat', x: 'units in the period', to: 1_000, series: [{ usage: quantity }] },
  { page: 'unit', x: 'units in the period', to: 1_000, series: [{ usage: quantity }] },
  { page: 'allowance', x: 'units in the period', to: 6_000, series: [{ usage: quantity }] },
  { page: 'graduated', x: 'units in the period', to: 30, series: [{ usage: quantity }] },
  { page: 'volume', x: 'units in the period', to: 30, series: [{ usage: quantity }] },
  { page: 'package', x: 'units in the period', to: 500, series: [{ usage: quantity }] },
  { page: 'stair-step', x: 'units in the period', to: 800, series: [{ usage: quantity }] },
  {
    page: 'percentage',
    x: 'value of each transaction',
    to: 400,
    series: [
      { name: 'one transaction', usage: transactions(1) },
      { name: 'two', usage: transactions(2) },
    ],
  },
  { page: 'graduated-percentage', x: 'value in the period', to: 80_000, series: [{ usage: quantity }] },
  { page: 'event-amount', x: 'amounts of the events, added up', to: 100, series: [{ usage: quantity }] },
  { page: 'recurring', x: 'seats', to: 20, series: [{ usage: quantity }] },
  {
    page: 'matrix',
    x: 'units of one cell in the period',
    to: 1_000,
    series: [
      { name: 'gpt-4o in eu', usage: (x) => inGroups([group(['gpt-4o', 'eu'], x)], x) },
      { name: 'gpt-4o elsewhere', usage: (x) => inGroups([group(['gpt-4o', 'us'], x)], x) },
      { name: 'other models', usage: (x) => inGroups([group(['other', 'us'], x)], x) },
      { name: 'small', usage: (x) => inGroups([group(['small', 'us'], x)], x) },
    ],
  },
  {
    page: 'per-group',
    x: 'GB, all projects together',
    to: 400,
    series: [
      { name: 'in two projects', usage: (x) => inGroups([group(['a'], x / 2), group(['b'], x / 2)], x) },
      { name: 'in one project', usage: (x) => inGroups([group(['a'], x)], x) },
      { name: 'in the archive', usage: (x) => inGroups([group(['archive'], x)], x) },
    ],
  },
  {
    page: 'scheduled',
    x: 'minutes in the period',
    to: 500,
    series: [
      { name: 'at other times', usage: (x) => inWindows(3, 2, x) },
      { name: 'at night', usage: (x) => inWindows(3, 0, x) },
      { name: 'at weekends', usage: (x) => inWindows(3, 1, x) },
    ],
  },
  { page: 'consumption-margin', x: 'what the usage cost', to: 100, series: [{ usage: cost }] },
  {
    page: 'outcome',
    x: 'tickets in the period, three attempts at each',
    to: 20,
    whole: true,
    series: [
      { name: 'all are resolved', usage: attempts(3, 1) },
      { name: 'half of them', usage: attempts(3, 2) },
      { name: 'none', usage: attempts(3, Infinity) },
    ],
  },
  {
    page: 'pools',
    x: 'standard actions in the period',
    to: 2_000,
    series: [
      { name: 'no premium actions', usage: (x) => ({ standard: quantity(x) }) },
      { name: '100 premium actions', usage: (x) => ({ standard: quantity(x), premium: quantity(100) }) },
    ],
  },
  { page: 'pricing-units', x: 'images in the period', to: 300, series: [{ usage: (x) => ({ images: quantity(x) }) }] },
  {
    page: 'discounts',
    x: 'API calls in the period, without seats',
    to: 5_000,
    series: [
      { name: 'first period', usage: (x) => ({ calls: quantity(x) }) },
      { name: 'later', usage: (x) => ({ calls: quantity(x) }), periodIndex: 1 },
    ],
  },
  {
    page: 'minimums-and-commitments',
    x: 'API calls in the period',
    to: 30_000,
    series: [{ usage: (x) => ({ calls: quantity(x) }) }],
  },
  {
    page: 'trials',
    x: 'API calls in the period',
    to: 3_000,
    series: [
      { name: 'in the trial', usage: (x) => ({ calls: quantity(x) }), trial: 'base_fee' },
      { name: 'behind it', usage: (x) => ({ calls: quantity(x) }) },
    ],
  },
];

const WIDTH = 640;
const HEIGHT = 300;
const PLOT = { left: 64, right: 616, top: 20, bottom: 248 };
const SAMPLES = 240;
/** Jumps lower than this, in pixels, are not seen. */
const SEEN = 3;

function draw(curve) {
  const { page, x, to, curves, yTo } = curve;
  const right = (at) => PLOT.left + (at / to) * (PLOT.right - PLOT.left);
  const up = (amount) => PLOT.bottom - (amount / yTo) * (PLOT.bottom - PLOT.top);
  return svg(WIDTH, HEIGHT, `${page}: amount by ${x}`, [
    ...axis(ticks(yTo), (value) => [PLOT.left, up(value), PLOT.right, up(value)], 'y'),
    ...axis(ticks(to), (value) => [right(value), PLOT.bottom, right(value), PLOT.bottom + 4], 'x'),
    text('label', PLOT.right, HEIGHT - 14, x),
    text('label', PLOT.left, PLOT.top - 8, 'amount', 'start'),
    ...curves.flatMap((one, index) => strokes(one, right, up, index)),
    ...legend(curves),
  ]);
}

/** All charge models side by side, for the page that tells them apart. */
function drawAll(models) {
  const drawn = models.flatMap((curve, place) => {
    const { curves, yTo } = curve;
    const left = 16 + (place % 5) * 126;
    const bottom = 96 + Math.floor(place / 5) * 128;
    const right = (at) => left + (at / curve.to) * 104;
    const up = (amount) => bottom - (amount / yTo) * 76;
    return [
      `<path class="frame" d="M${left} ${bottom - 80}V${bottom}H${left + 108}"/>`,
      ...curves.flatMap((one, index) => strokes(one, right, up, index, 1)),
      text('tick', left + 54, bottom + 18, curve.page.replaceAll('-', ' '), 'middle'),
    ];
  });
  return svg(WIDTH, 24 + Math.ceil(models.length / 5) * 128, 'The charge models: amount by usage', drawn);
}

function computed({ page, to, series, whole = false }) {
  const rate = engineFor(page);
  const amounts = series.map(
    ({ usage, ...context }) =>
      (at) =>
        rate(usage(at), context).toNumber(),
  );
  const xs = whole ? Array.from({ length: to + 1 }, (_, x) => x) : grid(to);
  const yTo = niceTo(Math.max(...amounts.flatMap((amount) => xs.map(amount))));
  const height = (amount) => (amount / yTo) * (PLOT.bottom - PLOT.top);
  const drawn = (amount) =>
    whole
      ? { pieces: [], jumps: [], points: xs.map((x) => [x, amount(x)]) }
      : { ...trace(amount, to, height), points: [] };
  return { yTo, curves: amounts.map((amount, index) => ({ name: series[index].name ?? null, ...drawn(amount) })) };
}

/**
 * A curve's pieces; at each jump a full dot where the bound itself is, and an empty one where the next piece begins. What
 * there is only a whole number of is points and no line.
 */
function strokes({ pieces, jumps, points }, right, up, index, radius = 3.5) {
  return [
    ...jumps.map(({ at, from, to }) => line('jump', right(at), up(from), right(at), up(to), index)),
    ...pieces.map((piece) => `<path class="s${index}" d="${path(piece.map(([x, y]) => [right(x), up(y)]))}"/>`),
    ...points.map(([x, y]) => dot('in', right(x), up(y), index, radius)),
    ...(jumps.length > 24 || radius < 3
      ? []
      : jumps.flatMap(({ at, from, to }) => [
          dot('in', right(at), up(from), index, radius),
          dot('out', right(at), up(to), index, radius),
        ])),
  ];
}

function svg(width, height, title, content) {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    STYLE,
    ...content,
    '</svg>',
  ].join('\n')}\n`;
}

/** Rates the page's example, its first JSON with a charge or with prices: usage of it, or of each price by its key. */
function engineFor(page) {
  const blocks = readFileSync(`${folder}${page}.md`, 'utf8').matchAll(/^```json\n([\s\S]*?)^```/gm);
  const example = [...blocks].map(([, block]) => JSON.parse(block)).find(({ charge, prices }) => charge ?? prices);
  if (example === undefined) throw new Error(`docs/pricing/${page}.md has no JSON with a charge.`);
  const isPlan = example.charge === undefined;
  const plan = planOf(isPlan ? example : { prices: [example] });
  const of = (usage) => (isPlan ? ({ key }) => usage[key] ?? none : () => usage);
  return (usage, context) => ratePlan(plan, { of: of(usage) }, { ...WHOLE_PERIOD, ...context }).exactTotal;
}

/** The plan as the API reads it, with what every plan has. */
function planOf(example) {
  const prices = example.prices.map((price) => ({ key: 'price', name: 'Price', ...price }));
  const request = { key: 'plan', name: 'Plan', currency: 'USD', interval: 'month', ...example, prices };
  const plan = toNewPlan(PlanRequestSchema.parse(request));
  return { ...plan, prices: plan.prices.map((price) => ({ ...price, id: price.key, meterId: null })) };
}

const WHOLE_PERIOD = {
  servicePeriod: { start: new Date('2026-04-01T00:00:00Z'), end: new Date('2026-05-01T00:00:00Z') },
  share: { part: 1, whole: 1 },
  periodIndex: 0,
  trial: null,
  pools: [],
  chargedInTerm: new Decimal(0),
  lastOfTerm: false,
  firstSegment: true,
  lastSegment: true,
  explain: false,
};

function grid(to) {
  return Array.from({ length: SAMPLES + 1 }, (_, index) => (to * index) / SAMPLES);
}

/** The curve in pieces without jumps, and the jumps between them. */
function trace(amount, to, up) {
  const pieces = [[[0, amount(0)]]];
  const jumps = [];
  const xs = grid(to);
  for (const [index, at] of xs.entries()) {
    if (index === 0) continue;
    const before = xs[index - 1];
    const jump = jumpIn(amount, before, at, up);
    if (jump !== null) {
      pieces.at(-1).push([jump.at, jump.from]);
      pieces.push([[jump.at, jump.to]]);
      jumps.push(jump);
    }
    pieces.at(-1).push([at, amount(at)]);
  }
  return { pieces: pieces.map(straightened), jumps };
}

/** Halves a stretch until nothing is left of it but the jump; null when it is an ordinary slope. */
function jumpIn(amount, start, end, up) {
  let [low, high] = [start, end];
  let [from, to] = [amount(low), amount(high)];
  for (let halving = 0; halving < 40 && high - low > 1e-7; halving++) {
    if (Math.abs(up(from) - up(to)) < SEEN) return null;
    const middle = (low + high) / 2;
    const between = amount(middle);
    if (Math.abs(up(between) - (up(from) + up(to)) / 2) < 0.1) return null;
    if (Math.abs(up(between) - up(from)) > Math.abs(up(to) - up(between))) [high, to] = [middle, between];
    else [low, from] = [middle, between];
  }
  return Math.abs(up(from) - up(to)) < SEEN ? null : { at: Math.round(low * 1e6) / 1e6, from, to };
}

/** Without the points that lie on a straight line between their neighbours. */
function straightened(points) {
  const kept = [];
  for (const point of points) {
    while (kept.length >= 2 && isBetween(kept.at(-2), kept.at(-1), point)) kept.pop();
    kept.push(point);
  }
  return kept;
}

function isBetween([ax, ay], [bx, by], [cx, cy]) {
  const scale = Math.abs(cx - ax) * (Math.abs(ay) + Math.abs(by) + Math.abs(cy)) + 1e-12;
  return Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) <= 1e-9 * scale;
}

/** The round number that the axis ends with, at or above the highest amount. */
function niceTo(most) {
  const step = niceStep(most * 1.05);
  return Math.ceil((most * 1.05) / step) * step || 1;
}

function niceStep(range) {
  const rough = (range || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
}

function ticks(to) {
  const step = niceStep(to);
  return Array.from({ length: Math.floor(to / step + 1e-9) + 1 }, (_, index) => index * step);
}

function axis(values, place, which) {
  return values.flatMap((value) => {
    const [x1, y1, x2, y2] = place(value);
    const label = Number(value.toPrecision(6)).toLocaleString('en-US');
    return [
      `<line class="${value === 0 ? 'base' : 'grid'}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`,
      which === 'y' ? text('tick', x1 - 8, y1 + 4, label) : text('tick', x1, y1 + 18, label, 'middle'),
    ];
  });
}

const px = (value) => (Math.round(value * 10) / 10).toString();
const path = (points) => points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('');
const line = (kind, x1, y1, x2, y2, index) =>
  `<line class="${kind} s${index}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`;
const dot = (kind, x, y, index, radius) =>
  `<circle class="${kind} s${index}" cx="${px(x)}" cy="${px(y)}" r="${radius}"/>`;
const text = (kind, x, y, words, also = '') =>
  `<text class="${`${kind} ${also}`.trim()}" x="${px(x)}" y="${px(y)}">${escaped(words)}</text>`;
const escaped = (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The names of the curves, each in its colour. */
function legend(curves) {
  const names = curves.flatMap(({ name }, index) =>
    name === null ? [] : [`<tspan class="n${index}">${escaped(name)}</tspan>`],
  );
  return names.length === 0 ? [] : [`<text x="${PLOT.right}" y="${PLOT.top - 8}">${names.join(' · ')}</text>`];
}

/** Without a background, and in colours that can be read on white and on black. */
const STYLE = `<style>
text{font:12px system-ui,sans-serif;text-anchor:end;fill:#57606a}
text.start{text-anchor:start}text.middle{text-anchor:middle}
.grid{stroke:#8b949e;stroke-opacity:.3}.base{stroke:#8b949e}path.frame{stroke:#8b949e;stroke-width:1}
path{fill:none;stroke-linejoin:round;stroke-width:2.5}
.jump{stroke-dasharray:2 3;stroke-opacity:.7}circle{stroke-width:1.5}
.s0{stroke:#2f81f7}.s1{stroke:#db6d28}.s2{stroke:#2da44e}.s3{stroke:#a371f7}
.n0{fill:#2f81f7}.n1{fill:#db6d28}.n2{fill:#2da44e}.n3{fill:#a371f7}
circle.in.s0{fill:#2f81f7}circle.in.s1{fill:#db6d28}circle.in.s2{fill:#2da44e}circle.in.s3{fill:#a371f7}circle.out{fill:none}
@media(prefers-color-scheme:dark){text{fill:#9198a1}}
</style>`;

const check = process.argv.includes('--check');
const stale = [];
mkdirSync(`${folder}curves`, { recursive: true });

function keep(name, drawn) {
  const file = `${folder}curves/${name}.svg`;
  if (!check) writeFileSync(file, drawn);
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== drawn) stale.push(name);
}

const isModel = ({ page }) => MODELS[page.replaceAll('-', '_')] !== undefined;
const curves = CURVES.map((curve) => ({ ...curve, ...computed(curve) }));
for (const curve of curves) keep(curve.page, draw(curve));
keep('all', drawAll(curves.filter(isModel)));
if (stale.length > 0) {
  console.error(`Not what the engine charges: ${stale.join(', ')}. Run npm run build and scripts/price-curves.mjs.`);
  process.exit(1);
}
