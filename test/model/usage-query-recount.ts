import { Decimal, type Window, windowStarts } from '../../src/kernel';

/** An event as it was accepted, with what is needed to count it once more, by hand. */
export interface Counted {
  readonly type: string;
  /** Our id of the customer, as a uuid. */
  readonly customerId: string;
  /** Microseconds. */
  readonly time: number;
  /** The event's key as a uuid: the greater of two of one instant is the later one. */
  readonly key: string;
  readonly value: number | string | undefined;
  /** The values of the group-by fields. */
  readonly groups: readonly (string | null)[];
  readonly pendingCost: boolean;
}

export interface Question {
  readonly aggregation: string;
  readonly type: string;
  readonly customerIds: readonly string[] | null;
  readonly from: number;
  readonly to: number;
  readonly window: Window | 'period';
  readonly timeZone: string;
  readonly byCustomer: boolean;
  /** Places among `groups`. */
  readonly groupBy: readonly number[];
  readonly filter: { readonly place: number; readonly values: readonly (string | null)[] } | null;
  readonly empty: boolean;
  /** Microseconds, by customer. */
  readonly now: (customerId: string) => number;
}

export interface ExpectedRow {
  readonly from: number;
  readonly to: number;
  readonly customerId: string | null;
  readonly group: readonly (string | null)[];
  readonly quantity: string | null;
  readonly events: number;
  readonly pending: number;
}

/** The answer, counted from the events alone: window by window, group by group, without a sum or an index. */
export function recount(events: readonly Counted[], question: Question): ExpectedRow[] {
  const { window, timeZone, byCustomer, groupBy, filter, customerIds } = question;
  const period = { start: new Date(question.from / 1_000), end: new Date(question.to / 1_000) };
  const starts = window === 'period' ? [question.from / 1_000] : windowStarts(period, window, timeZone, 20_000)!;
  const edges = [...starts.map((start) => start * 1_000), question.to];

  const mine = events.filter(
    (event) =>
      event.type === question.type &&
      (question.aggregation === 'count' || event.value !== undefined) &&
      (customerIds === null || customerIds.includes(event.customerId)) &&
      (filter === null || filter.values.includes(event.groups[filter.place] ?? null)),
  );
  const groups = new Map<string, { customerId: string | null; group: (string | null)[]; events: Counted[] }>();
  for (const event of mine) {
    const group = groupBy.map((place) => event.groups[place] ?? null);
    const customerId = byCustomer ? event.customerId : null;
    // The order of the answer: the customer's id, then each value as JSON, by its bytes.
    const name = [customerId ?? '', ...group.map((value) => JSON.stringify(value))].join('\0');
    const known = groups.get(name) ?? { customerId, group, events: [] };
    known.events.push(event);
    groups.set(name, known);
  }
  const sorted = [...groups].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

  const rows: (ExpectedRow & { readonly name: string })[] = [];
  for (const [index, from] of edges.slice(0, -1).entries()) {
    const to = edges[index + 1]!;
    for (const [name, { customerId, group, events: all }] of sorted) {
      const inside = all.filter(({ time }) => from <= time && time < to);
      rows.push({
        name,
        from,
        to,
        customerId,
        group,
        quantity: fold(question, all, inside, from, to),
        events: inside.length,
        pending: inside.filter(({ pendingCost }) => pendingCost).length,
      });
    }
  }
  const used = (row: ExpectedRow): boolean => row.events > 0 || (question.aggregation === 'time_weighted' && row.quantity !== '0'); // prettier-ignore
  const usedNames = new Set(rows.filter(used).map(({ name }) => name));
  const shown = rows.filter((row) => (question.empty ? usedNames.has(row.name) : used(row)));
  if (question.empty && groupBy.length === 0 && !byCustomer && shown.length === 0) {
    const quantity = ['count', 'sum', 'unique', 'time_weighted'].includes(question.aggregation) ? '0' : null;
    return edges.slice(0, -1).map((from, index) => ({ from, to: edges[index + 1]!, customerId: null, group: [], quantity, events: 0, pending: 0 })); // prettier-ignore
  }
  return shown.map(({ name: _name, ...row }) => row);
}

function fold(
  { aggregation, now }: Question,
  all: readonly Counted[],
  inside: readonly Counted[],
  from: number,
  to: number,
): string | null {
  const values = inside.map(({ value }) => new Decimal(String(value ?? 0)));
  const total = values.reduce((sum, value) => sum.plus(value), new Decimal(0));
  switch (aggregation) {
    case 'count':
      return String(inside.length);
    case 'sum':
      return total.toFixed();
    case 'average':
      return inside.length === 0 ? null : rounded(total.dividedBy(inside.length));
    case 'min':
      return inside.length === 0 ? null : Decimal.min(...values).toFixed();
    case 'max':
      return inside.length === 0 ? null : Decimal.max(...values).toFixed();
    case 'latest':
      return inside.length === 0 ? null : new Decimal(String([...inside].sort(later).at(-1)!.value)).toFixed();
    case 'unique':
      return String(new Set(inside.map(({ value }) => String(value))).size);
    case 'time_weighted':
      return rounded(heldHours(all, from, to, now));
    default:
      throw new Error(`The recount knows no ${aggregation}.`);
  }
}

/** By the second between all instants at which something happens: what held in each series, added up. */
function heldHours(all: readonly Counted[], from: number, to: number, now: (customerId: string) => number): Decimal {
  const series = new Map<string, Counted[]>();
  for (const event of all) {
    const name = JSON.stringify([event.customerId, event.groups]);
    series.set(name, [...(series.get(name) ?? []), event]);
  }
  let total = new Decimal(0);
  for (const samples of series.values()) {
    samples.sort(later);
    const until = Math.min(to, now(samples[0]!.customerId));
    const instants = [from, ...samples.map(({ time }) => time).filter((time) => from < time && time < until), until];
    for (const [index, at] of instants.slice(0, -1).entries()) {
      const holds = samples.filter(({ time }) => time <= at).at(-1);
      const length = instants[index + 1]! - at;
      if (holds === undefined || length <= 0) continue;
      total = total.plus(new Decimal(String(holds.value)).times(length));
    }
  }
  return total.dividedBy(3_600_000_000);
}

function later(a: Counted, b: Counted): number {
  return a.time - b.time || (a.key < b.key ? -1 : 1);
}

function rounded(value: Decimal): string {
  const twelve = value.toDecimalPlaces(12, Decimal.ROUND_HALF_UP);
  return twelve.isZero() ? '0' : twelve.toFixed();
}
