/**
 * The demo's result, worked out a second time from the CSV of a trace: whole numbers (BigInt) only, and nothing
 * imported, so that a fault of Weir's own arithmetic cannot be in both.
 *
 * All amounts are counted in units of 10⁻⁸ USD, in which everything here is whole: a token in costs 2.50 USD per
 * million = 250 units, a token out 10.00 USD per million = 1,000 units, and 30 % on top of these is whole as well.
 */
const UNITS_PER_USD = 100_000_000n;
const UNITS_PER_CENT = 1_000_000n;
const INPUT_TOKEN = 250n;
const OUTPUT_TOKEN = 1_000n;

export interface RecomputedLine {
  readonly quantity: string;
  /** Before rounding. */
  readonly exactAmount: string;
  /** Rounded to the cent, half up (no amount here is negative). */
  readonly amount: string;
}

export interface RecomputedCustomer {
  readonly key: 'margin' | 'outcome' | 'hybrid';
  readonly cost: string;
  readonly revenue: string;
  readonly margin: string;
  /** The sum of the rounded lines. */
  readonly total: string;
  readonly lines: readonly RecomputedLine[];
}

export interface Recomputed {
  /** Requests and outcomes. */
  readonly events: number;
  readonly customers: readonly RecomputedCustomer[];
}

/** @param rows take the first rows only; without it all */
export function recompute(csv: string, rows = Infinity): Recomputed {
  const requests = csv
    .trim()
    .split(/\r?\n/)
    .slice(1, rows + 1)
    .map((line) => {
      const [input, output] = line.split(',').slice(1);
      return { input: BigInt(input!), output: BigInt(output!) };
    });
  const of = (customer: number) => requests.filter((_, row) => row % 3 === customer);

  const tasks = tasksOf(of(1).map(({ output }) => output));
  return {
    events: requests.length + tasks.length,
    customers: [
      customer('margin', of(0), (cost) => [{ quantity: usd(cost), exact: (cost * 130n) / 100n }]),
      customer('outcome', of(1), () => {
        const successes = BigInt(tasks.filter((tokens) => tokens >= 500n).length);
        return [{ quantity: String(successes), exact: successes * 5n * UNITS_PER_CENT }];
      }),
      customer('hybrid', of(2), () => {
        const standard = BigInt(of(2).filter(({ input }) => input < 2000n).length);
        const premium = BigInt(of(2).length) - standard;
        const beyond = standard > 3000n ? standard - 3000n : 0n;
        return [
          { quantity: '1', exact: 20n * UNITS_PER_USD },
          { quantity: String(standard), exact: (beyond * UNITS_PER_CENT) / 5n },
          { quantity: String(premium), exact: premium * UNITS_PER_CENT },
        ];
      }),
    ],
  };
}

/** Tokens out of each complete task: five rows in sequence. */
function tasksOf(outputs: readonly bigint[]): bigint[] {
  const tasks: bigint[] = [];
  for (let first = 0; first + 5 <= outputs.length; first += 5) {
    tasks.push(outputs.slice(first, first + 5).reduce((total, tokens) => total + tokens, 0n));
  }
  return tasks;
}

function customer(
  key: RecomputedCustomer['key'],
  requests: readonly { input: bigint; output: bigint }[],
  linesFor: (cost: bigint) => { quantity: string; exact: bigint }[],
): RecomputedCustomer {
  const cost = requests.reduce((total, { input, output }) => total + input * INPUT_TOKEN + output * OUTPUT_TOKEN, 0n);
  const lines = linesFor(cost);
  const revenue = lines.reduce((total, { exact }) => total + exact, 0n);
  const cents = lines.map(({ exact }) => (exact + UNITS_PER_CENT / 2n) / UNITS_PER_CENT);
  return {
    key,
    cost: usd(cost),
    revenue: usd(revenue),
    margin: usd(revenue - cost),
    total: centsText(cents.reduce((total, amount) => total + amount, 0n)),
    lines: lines.map(({ quantity, exact }, index) => ({
      quantity,
      exactAmount: usd(exact),
      amount: centsText(cents[index]!),
    })),
  };
}

/** Units of 10⁻⁸ USD as the shortest decimal: 42.04617625, 20, -0.5. */
function usd(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(9, '0');
  const fraction = digits.slice(-8).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -8)}${fraction === '' ? '' : `.${fraction}`}`;
}

function centsText(cents: bigint): string {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
