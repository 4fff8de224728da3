import {
  type Calibration,
  calibrationOf,
  historyWanted,
  type Outlook,
  outlookOf,
  sizeHold,
} from '../../src/entitlements/sizing/domain';
import { Decimal, ZERO } from '../../src/kernel';
import { azureRequests, HAS_AZURE, HAS_SERVEGEN_TOKENS, servegenRequests, type TracedRequest } from './sizing-traces';

/**
 * Walks real requests in the order in which they began and sizes the hold of each before it happens, from those that were
 * through by then. What is sized is the price of the output; the input is known when the request is sent. Prices are
 * gpt-4o's: 2.50 and 10.00 USD per million. Every 30 ms a token comes out, so that long answers settle last, as they do; and
 * what history said is believed for ten seconds, as the server believes it.
 */
const INPUT_PRICE = new Decimal('0.0000025');
const OUTPUT_PRICE = new Decimal('0.00001');
const SECONDS_PER_TOKEN = 0.03;
const SECONDS_BELIEVED = 10;
/** A customer's first requests, for which the class has to stand in. */
const FIRST = 30;

interface Walk {
  readonly calibration: Calibration;
  /** Held against real: of outputs alone, and of whole requests with their known input. */
  readonly output: { readonly sized: number; readonly maxTokens: number };
  readonly inputKnown: boolean;
  readonly whole: { readonly sized: number; readonly maxTokens: number };
  /** Of the first requests of every customer. */
  readonly first: { readonly overrunRate: number; readonly heldToReal: number };
  /** How often the upper bound was held. */
  readonly atBound: number;
  /** The customer with the most overruns among those with 100 requests or more. */
  readonly worstCustomer: number;
}

class Tally {
  requests = 0;
  overruns = 0;
  held = ZERO;
  real = ZERO;
  worst = ZERO;
  input = ZERO;
  announced = ZERO;
  atBound = 0;

  add(hold: { held: Decimal; real: Decimal; worst: Decimal; input: Decimal; risk: Decimal }): void {
    this.requests += 1;
    this.overruns += hold.real.greaterThan(hold.held) ? 1 : 0;
    this.atBound += hold.held.equals(hold.worst) ? 1 : 0;
    this.held = this.held.plus(hold.held);
    this.real = this.real.plus(hold.real);
    this.worst = this.worst.plus(hold.worst);
    this.input = this.input.plus(hold.input);
    this.announced = this.announced.plus(hold.risk);
  }
}

/** The latest amounts of a circle, as many as sizing wants to see. */
class Latest {
  readonly amounts: Decimal[] = [];
  constructor(private readonly most: number) {}

  add(amount: Decimal): void {
    this.amounts.push(amount);
    if (this.amounts.length > this.most) this.amounts.shift();
  }
}

const share = (part: Decimal, of: Decimal): number => part.dividedBy(of).toDecimalPlaces(4).toNumber();

/** @param maxTokens the most that a request may put out, which is what the worst case holds */
function walk(requests: readonly TracedRequest[], riskText: string, maxTokens: number): Walk {
  const risk = new Decimal(riskText);
  const rows = historyWanted(risk);
  const customers = new Map<
    string,
    { seen: Latest; tally: Tally; believed: { until: number; outlook: Outlook } | null }
  >();
  const everybody = new Latest(rows);
  const [all, first] = [new Tally(), new Tally()];
  let underWay: { doneAt: number; customer: string; real: Decimal }[] = [];

  for (const request of requests) {
    const done = underWay.filter(({ doneAt }) => doneAt <= request.at).sort((one, other) => one.doneAt - other.doneAt);
    underWay = underWay.filter(({ doneAt }) => doneAt > request.at);
    for (const { customer, real } of done) {
      customers.get(customer)!.seen.add(real);
      everybody.add(real);
    }

    const customer = customers.get(request.customer) ?? {
      seen: new Latest(rows),
      tally: new Tally(),
      believed: null,
    };
    customers.set(request.customer, customer);
    if (customer.believed === null || customer.believed.until <= request.at) {
      const history = {
        customer: customer.seen.amounts,
        taskClass: everybody.amounts,
        organisation: everybody.amounts,
      };
      customer.believed = { until: request.at + SECONDS_BELIEVED, outlook: outlookOf(history, risk) };
    }
    const worst = OUTPUT_PRICE.times(maxTokens);
    const sized = sizeHold(customer.believed.outlook, { upperBound: worst, configured: null })!;

    const real = OUTPUT_PRICE.times(Math.min(request.outputTokens, maxTokens));
    const input = INPUT_PRICE.times(request.inputTokens);
    const hold = { held: sized.amount, real, worst, input, risk: sized.risk! };
    all.add(hold);
    customer.tally.add(hold);
    if (customer.tally.requests <= FIRST) first.add(hold);
    underWay.push({
      doneAt: request.at + request.outputTokens * SECONDS_PER_TOKEN,
      customer: request.customer,
      real,
    });
  }

  const regulars = [...customers.values()].map(({ tally }) => tally).filter((tally) => tally.requests >= 100);
  return {
    calibration: calibrationOf({
      holds: all.requests,
      held: all.held,
      real: all.real,
      overruns: all.overruns,
      announced: all.announced,
    }),
    output: { sized: share(all.held, all.real), maxTokens: share(all.worst, all.real) },
    inputKnown: all.input.greaterThan(0),
    whole: {
      sized: share(all.held.plus(all.input), all.real.plus(all.input)),
      maxTokens: share(all.worst.plus(all.input), all.real.plus(all.input)),
    },
    first: { overrunRate: first.overruns / first.requests, heldToReal: share(first.held, first.real) },
    atBound: all.atBound / all.requests,
    worstCustomer: Math.max(...regulars.map((tally) => tally.overruns / tally.requests)),
  };
}

const lines: string[] = [];
function report(name: string, riskText: string, requests: number, seen: Walk): void {
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  const cells = [
    name,
    requests.toString(),
    percent(Number(riskText)),
    percent(seen.calibration.overrunRate!.toNumber()),
    seen.output.sized.toFixed(2),
    seen.output.maxTokens.toFixed(1),
    seen.inputKnown ? seen.whole.sized.toFixed(2) : '–',
    seen.inputKnown ? seen.whole.maxTokens.toFixed(1) : '–',
    `${percent(seen.first.overrunRate)}, ${seen.first.heldToReal.toFixed(1)}`,
    percent(seen.atBound),
    percent(seen.worstCustomer),
  ];
  lines.push(`| ${cells.join(' | ')} |`);
}
afterAll(() => {
  const head =
    '| trace | requests | stated | overruns | output: held/real | by max_tokens | whole: held/real | by max_tokens | first 30 of each: overruns, held/real | at bound | worst customer |';
  if (lines.length > 0) process.stdout.write(`\n${[head, ...lines].join('\n')}\n`);
});

const azure = HAS_AZURE ? describe : describe.skip;
azure('holds sized for the requests of two services', () => {
  it.each`
    service   | risk      | overruns         | whole   | maxTokens
    ${'conv'} | ${'0.1'}  | ${[0.075, 0.1]}  | ${1.5}  | ${[8.7, 8.9]}
    ${'conv'} | ${'0.05'} | ${[0.04, 0.05]}  | ${1.6}  | ${[8.7, 8.9]}
    ${'conv'} | ${'0.01'} | ${[0.008, 0.01]} | ${1.9}  | ${[8.7, 8.9]}
    ${'code'} | ${'0.1'}  | ${[0.075, 0.1]}  | ${1.15} | ${[8.4, 8.6]}
    ${'code'} | ${'0.05'} | ${[0.04, 0.05]}  | ${1.25} | ${[8.4, 8.6]}
    ${'code'} | ${'0.01'} | ${[0.008, 0.01]} | ${1.7}  | ${[8.4, 8.6]}
  `('$service at $risk: overruns as stated, for a fraction of the worst case', ({ service, risk, ...expected }) => {
    const requests = azureRequests(service);
    const seen = walk(requests, risk, 4096);
    report(`Azure ${service}`, risk, requests.length, seen);

    const overruns = seen.calibration.overrunRate!.toNumber();
    expect(overruns).toBeGreaterThanOrEqual(expected.overruns[0]);
    expect(overruns).toBeLessThanOrEqual(expected.overruns[1]);
    expect(seen.calibration.verdict).not.toBe('more_than_stated');
    expect(seen.whole.sized).toBeLessThan(expected.whole);
    expect(seen.whole.maxTokens).toBeGreaterThan(expected.maxTokens[0]);
    expect(seen.whole.maxTokens).toBeLessThan(expected.maxTokens[1]);
    expect(seen.atBound).toBeLessThan(0.02);
  });
});

const servegen = HAS_SERVEGEN_TOKENS ? describe : describe.skip;
servegen('holds sized for the clients of a cloud, most of whom are new at first', () => {
  it.each`
    model            | perWindow | maxTokens | overruns         | first            | output
    ${'m-large'}     | ${5}      | ${8192}   | ${[0.025, 0.05]} | ${[0.005, 0.05]} | ${4.5}
    ${'m-mid'}       | ${10}     | ${8192}   | ${[0.025, 0.05]} | ${[0.005, 0.05]} | ${4.5}
    ${'deepseek-r1'} | ${60}     | ${16384}  | ${[0.025, 0.05]} | ${[0.005, 0.05]} | ${4.5}
    ${'mm-image'}    | ${60}     | ${8192}   | ${[0.02, 0.05]}  | ${[0.005, 0.05]} | ${4.5}
  `('$model at 0.05', ({ model, perWindow, maxTokens, overruns, first, output }) => {
    const requests = servegenRequests(model, perWindow);
    const seen = walk(requests, '0.05', maxTokens);
    report(`ServeGen ${model}`, '0.05', requests.length, seen);

    const rate = seen.calibration.overrunRate!.toNumber();
    expect(rate).toBeGreaterThanOrEqual(overruns[0]);
    expect(rate).toBeLessThanOrEqual(overruns[1]);
    expect(seen.first.overrunRate).toBeGreaterThanOrEqual(first[0]);
    expect(seen.first.overrunRate).toBeLessThanOrEqual(first[1]);
    expect(seen.output.sized).toBeLessThan(output);
    expect(seen.output.sized * 3).toBeLessThan(seen.output.maxTokens);
  });
});
