import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { PlanRequestSchema, toNewPlan } from '../src/catalog';
import type { Charge, Plan, Price } from '../src/catalog/domain';
import { PLAN_TEMPLATES } from '../src/catalog/templates';
import { grouped, table } from '../src/client';
import { Decimal, ZERO } from '../src/kernel';
import { ratePlan, type RatingContext } from '../src/rating';
import { BenchError } from './bench-error';
import { oneOf, wholeNumber } from './options';
import { stopWeirs } from './processes';
import { CASES, groupCase, MONTH, priceOf, type RatingCase, SIZES, tierCase, usageFor } from './rating-cases';
import { simulate } from './rating-simulation';
import { type Spread, spreadOf } from './statistics';

const HELP = `Measures how fast usage is rated: each charge model against a loop in plain numbers, many tiers and groups, whole
plans, and a simulation of many customers over HTTP.

  npm run bench:rating [-- flags]

  --rounds N     rounds of each, the two sides in turns, after one that is not counted (5)
  --only WHAT    engine or simulation
  --customers N  customers in the simulation (1000)
  --events N     events that they used (200000)
  --help         show this
`;

/** So much CPU a side gets in one round. */
const SLICE_MS = 100;

const CONTEXT: RatingContext = {
  servicePeriod: MONTH,
  share: { part: 1, whole: 1 },
  periodIndex: 0,
  trial: null,
  pools: [],
  chargedInTerm: ZERO,
  lastOfTerm: true,
  firstSegment: true,
  lastSegment: true,
  // As in simulations: sentences are made where somebody reads them.
  explain: false,
};

/** What is run many times must come to something, or it would be left out. */
let kept: unknown;

/** Times that it can be done in a second of CPU, over one slice: others who want the cores don't count. */
function rate(work: () => unknown): number {
  const begin = process.cpuUsage();
  let done = 0;
  let spentUs = 0;
  for (let batch = 1; spentUs < SLICE_MS * 1_000; batch = Math.min(batch * 2, 65_536)) {
    for (let turn = 0; turn < batch; turn += 1) kept = work();
    done += batch;
    const { user, system } = process.cpuUsage(begin);
    spentUs = user + system;
  }
  return (done * 1e6) / spentUs;
}

interface Measured {
  readonly name: string;
  /** A second. */
  readonly ours: Spread;
  readonly naive: Spread;
  /** How many times as long ours takes. */
  readonly ratio: Spread;
}

/** Both sides in turns, so that whatever else keeps the machine busy disturbs them alike. */
function against({ name, charge, usage, naive }: RatingCase, rounds: number): Measured {
  const plan = planOf([priceOf('price', charge)]);
  const ours = () => ratePlan(plan, { of: () => usage }, CONTEXT).exactTotal;
  const [exact, plain] = [ours(), naive()];
  const off = exact.minus(new Decimal(plain)).abs();
  if (off.greaterThan(exact.abs().plus(1).times('1e-9')))
    throw new BenchError(`${name}: the engine says ${exact.toFixed()}, the loop ${plain}: they don't do the same.`);

  const rates: [number, number][] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const pair: [number, number] = [rate(ours), rate(naive)];
    if (round > 0) rates.push(pair); // the first warms up
  }
  return {
    name,
    ours: spreadOf(rates.map(([us]) => us)),
    naive: spreadOf(rates.map(([, them]) => them)),
    ratio: spreadOf(rates.map(([us, them]) => them / us)),
  };
}

function planOf(prices: readonly Price[], terms: Plan['terms'] = {}): Plan {
  return { id: 'plan', key: 'plan', version: 1, name: 'Plan', currency: 'USD', interval: 'month', status: 'published', prices, terms }; // prettier-ignore
}

/** The templates, and a plan such as many have: a fee, requests with an allowance, tokens in tiers, a discount and a minimum. */
function plans(): { readonly name: string; readonly plan: Plan }[] {
  const tokens: Charge = CASES.graduated.charge;
  const ordinary = planOf(
    [
      priceOf('base', CASES.flat.charge),
      { ...priceOf('requests', CASES.unit.charge), allowance: new Decimal(3_000) },
      priceOf('tokens', tokens),
    ],
    { discounts: [{ key: 'd', name: 'Discount', percent: new Decimal(10) }], minimum: new Decimal(30) },
  );
  const templates = PLAN_TEMPLATES.map(({ key, document }) => {
    const { prices, terms } = toNewPlan(PlanRequestSchema.parse(document.plans[0]));
    const plan = planOf(
      prices.map((price) => ({ ...price, id: price.key, meterId: price.meter })),
      terms,
    );
    return { name: `template ${key}`, plan };
  });
  return [...templates, { name: 'ordinary, 3 prices', plan: ordinary }];
}

/** Microseconds for rating a period, without sentences and with them. */
function wholePlans(rounds: number): string[] {
  const rows = plans().map(({ name, plan }) => {
    const usages = new Map(plan.prices.map((price) => [price.key, usageFor(price)]));
    const usage = { of: ({ key }: Price) => usages.get(key)! };
    const quiet: number[] = [];
    const explained: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const pair = [
        1e6 / rate(() => ratePlan(plan, usage, CONTEXT)),
        1e6 / rate(() => ratePlan(plan, usage, { ...CONTEXT, explain: true })),
      ] as const;
      if (round === 0) continue;
      quiet.push(pair[0]);
      explained.push(pair[1]);
    }
    return [name, spread(spreadOf(quiet), 1), spread(spreadOf(explained), 1)];
  });
  return table([left('a period of a plan'), right('µs'), right('µs with sentences')], rows);
}

const left = (title: string) => ({ title, align: 'left' }) as const;
const right = (title: string) => ({ title, align: 'right' }) as const;
const spread = ({ median, least, most }: Spread, digits: number): string => {
  const shown = (value: number): string => (value < 100 ? value.toFixed(digits) : grouped(Math.round(value)));
  return `${shown(median)} [${shown(least)}–${shown(most)}]`;
};

function comparison(title: string, measured: readonly Measured[]): string[] {
  return table(
    [left(title), right('charges/s'), right('loop in numbers/s'), right('times as long')],
    measured.map(({ name, ours, naive, ratio }) => [name, spread(ours, 0), spread(naive, 0), spread(ratio, 1)]),
    130,
  );
}

function engine(rounds: number): void {
  const write = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n\n`);
  const models = Object.entries(CASES).map(([name, one]) => against({ name, ...one }, rounds));
  write(comparison('charge model', models));
  const sizes = [...SIZES.map(tierCase), ...SIZES.map(groupCase)].map((one) => against(one, rounds));
  write(comparison('size', sizes));
  for (const [small, large] of [
    [1, 2],
    [4, 5],
  ] as const) {
    const growth = sizes[small]!.ours.median / sizes[large]!.ours.median;
    process.stdout.write(
      `From ${sizes[small]!.name} to ${sizes[large]!.name} a charge takes ${growth.toFixed(0)} times as long.\n`,
    );
  }
  process.stdout.write('\n');
  write(wholePlans(rounds));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      only: { type: 'string' },
      customers: { type: 'string' },
      events: { type: 'string' },
      help: { type: 'boolean' },
    },
    strict: true,
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const rounds = wholeNumber('--rounds', values.rounds ?? '5', 1, 1_000);
  const only = values.only === undefined ? null : oneOf('--only', values.only, ['engine', 'simulation']);
  const customers = wholeNumber('--customers', values.customers ?? '1000', 1, 1_000);
  const events = wholeNumber('--events', values.events ?? '200000', 1_000, 100_000_000);

  const loadAverage = loadavg()[0]!;
  if (only !== 'simulation') engine(rounds);
  if (only !== 'engine') process.stdout.write(`${(await simulate(customers, events, rounds)).join('\n')}\n\n`);
  process.stdout.write(
    `${availableParallelism()} cores, Node ${process.versions.node}; load average before the start ${loadAverage.toFixed(1)}\n`,
  );
  if (kept === undefined && only !== 'simulation') throw new BenchError('Nothing was rated.');
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopWeirs().finally(() => process.exit(130)));

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof BenchError ? error.message : String((error as Error).stack)}\n`);
    process.exit(1);
  },
);
