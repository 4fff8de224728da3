import { Decimal, decimalText } from '../../kernel';
import type { PriceRow, UnitPriceText } from './model-price';
import type { PricedUnit } from './unit-table';

/** A stored row of the public catalogue that is not retired. */
export interface LivePriceRow extends PriceRow {
  readonly id: number;
}

/** One price of one unit that another catalogue has otherwise. */
export interface CatalogueChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly provider: string;
  readonly model: string;
  readonly unit: PricedUnit;
  /** From when on, where that is later than the refresh; null: from the refresh on. */
  readonly from: string | null;
  /** The part of each UTC day it is about, such as `16:30:00-00:30:00`; null: the whole day. */
  readonly daily: string | null;
  readonly old: UnitPriceText | null;
  readonly new: UnitPriceText | null;
  /** New over old, where it moved most, to four digits; null where one of them is missing or nothing. */
  readonly factor: string | null;
  /** More than ten times up or down, or between something and nothing: likely a slip of the pen. */
  readonly suspicious: boolean;
}

/** What has to be done to the stored rows for them to be another catalogue from an instant on. */
export interface RefreshPlan {
  readonly changes: readonly CatalogueChange[];
  /** Stored rows that say something else afterwards: when they end, their names or their place. They keep their ids. */
  readonly updates: readonly LivePriceRow[];
  /** Rows that never hold; kept, because events may point to them, and no longer found. */
  readonly retired: readonly number[];
  readonly inserts: readonly PriceRow[];
}

/** How much a price may move before someone has to look at it. */
const MOST_FACTOR = 10;

/**
 * Compares the stored catalogue with another one and says how to get there, price by price.
 *
 * Only what holds from `from` on counts: a price that changes ends at that instant and the new one begins there, so an
 * event of before still costs what it did. A model that is new has its prices for all time, since none are known for it.
 *
 * ```
 * stored    |———————— 2.50 ————————————————————————►
 * file      |———————— 2.00 ————————————————————————►
 * after     |———————— 2.50 ———————|——— 2.00 ———————►
 *                               from
 * ```
 *
 * @param stored   rows that are not retired
 * @param incoming the other catalogue's rows
 * @param from     RFC 3339; null from the beginning: the stored prices were wrong, and are replaced for all time
 */
export function planRefresh(
  stored: readonly LivePriceRow[],
  incoming: readonly PriceRow[],
  from: string | null,
): RefreshPlan {
  const plan = { changes: [], updates: [], retired: [], inserts: [] } as {
    changes: CatalogueChange[];
    updates: LivePriceRow[];
    retired: number[];
    inserts: PriceRow[];
  };
  const storedByModel = byModel(stored);
  const incomingByModel = byModel(incoming);
  for (const [key, rows] of incomingByModel) planModel(plan, storedByModel.get(key) ?? [], rows, from);
  for (const [key, rows] of storedByModel) if (!incomingByModel.has(key)) planModel(plan, rows, [], from);
  return plan;
}

type Plan = {
  -readonly [Part in keyof RefreshPlan]: RefreshPlan[Part] extends readonly (infer Item)[] ? Item[] : never;
};

function planModel(
  plan: Plan,
  stored: readonly LivePriceRow[],
  incoming: readonly PriceRow[],
  from: string | null,
): void {
  const holding = stored.filter((row) => holdsAfter(row, from));
  const wanted = incoming.filter((row) => holdsAfter(row, from));
  plan.changes.push(...changesOf(holding, wanted, from));

  if (stored.length === 0) {
    plan.inserts.push(...incoming);
    return;
  }
  const places = new Map<string, PriceRow>();
  for (const row of wanted) places.set(contentKey(row, from), row);
  // Names and places are a model's, not a price's: its earlier prices are found by the names it has now.
  const renamed = (row: LivePriceRow, position: number, validTo: string | null): void => {
    const { match } = incoming[0] ?? row;
    if (row.position === position && row.validTo === validTo && sameJson(row.match, match)) return;
    plan.updates.push({ ...row, match, position, validTo });
  };

  for (const row of stored) {
    const same = places.get(contentKey(row, from));
    if (!holding.includes(row)) renamed(row, row.position, row.validTo);
    else if (same !== undefined && places.delete(contentKey(row, from))) renamed(row, same.position, row.validTo);
    else if (from === null || isAtOrAfter(row.validFrom, from)) plan.retired.push(row.id);
    else renamed(row, row.position, from);
  }
  for (const row of places.values()) plan.inserts.push({ ...row, validFrom: clippedStart(row, from) ?? from });
}

/** Compares what holds at each instant from which on anything holds, in each part of the day that has its own prices. */
function changesOf(stored: readonly PriceRow[], incoming: readonly PriceRow[], from: string | null): CatalogueChange[] {
  const all = [...stored, ...incoming];
  const starts = [...new Set(all.map((row) => clippedStart(row, from)))].sort((a, b) =>
    (a ?? '').localeCompare(b ?? ''),
  );
  const windows = [...new Set(all.map(windowOf))];
  const { provider = '', model = '' } = all[0] ?? {};
  const changes: CatalogueChange[] = [];
  for (const daily of windows) {
    const told = new Map<string, string>();
    for (const start of starts) {
      const before = inForce(stored, daily, start, from);
      const after = inForce(incoming, daily, start, from);
      const units = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})] as PricedUnit[]);
      for (const unit of units) {
        const [old = null, next = null] = [before?.[unit], after?.[unit]];
        const pair = `${priceKey(old)} ${priceKey(next)}`;
        if (priceKey(old) === priceKey(next) || told.get(unit) === pair) continue;
        told.set(unit, pair);
        const kind = stored.length === 0 ? 'added' : incoming.length === 0 ? 'removed' : 'changed';
        changes.push({ kind, provider, model, unit, from: start, daily, old, new: next, ...movement(old, next) });
      }
    }
  }
  return changes;
}

function inForce(
  rows: readonly PriceRow[],
  daily: string | null,
  at: string | null,
  from: string | null,
): PriceRow['units'] | undefined {
  return rows.find(
    (row) =>
      windowOf(row) === daily &&
      (clippedStart(row, from) === null || (at !== null && isAtOrAfter(at, clippedStart(row, from)!))) &&
      (row.validTo === null || at === null || !isAtOrAfter(at, row.validTo)),
  )?.units;
}

/** How far a price moved: the farthest of its amounts, each step against the step it takes the place of. */
export function movement(
  old: UnitPriceText | null,
  next: UnitPriceText | null,
): { factor: string | null; suspicious: boolean } {
  if (old === null || next === null) return { factor: null, suspicious: false };
  let farthest: Decimal | null = null;
  for (const above of new Set(['0', ...tiersOf(old).keys(), ...tiersOf(next).keys()])) {
    const [a, b] = [amountAbove(old, above), amountAbove(next, above)];
    if (a.isZero() && b.isZero()) continue;
    if (a.isZero() || b.isZero()) return { factor: null, suspicious: true };
    const factor = b.dividedBy(a);
    if (farthest === null || size(factor).greaterThan(size(farthest))) farthest = factor;
  }
  if (farthest === null) return { factor: null, suspicious: false };
  return { factor: decimalText(farthest.toSignificantDigits(4)), suspicious: size(farthest).greaterThan(MOST_FACTOR) };
}

/** A factor by how far it is from 1, up or down alike. */
function size(factor: Decimal): Decimal {
  return factor.lessThan(1) ? new Decimal(1).dividedBy(factor) : factor;
}

function tiersOf(price: UnitPriceText): Map<string, string> {
  return new Map((price.tiers ?? []).map((tier) => [tier.above, tier.amount]));
}

/** The price of one once the input is just more than `above`. */
function amountAbove(price: UnitPriceText, above: string): Decimal {
  let amount = price.amount;
  for (const tier of price.tiers ?? []) if (new Decimal(tier.above).lessThanOrEqualTo(above)) amount = tier.amount;
  return new Decimal(amount).dividedBy(price.per);
}

function holdsAfter(row: PriceRow, from: string | null): boolean {
  return from === null || row.validTo === null || !isAtOrAfter(from, row.validTo);
}

/** When a row begins, as far as the refresh is concerned: null when it holds already. */
function clippedStart(row: PriceRow, from: string | null): string | null {
  if (row.validFrom === null || (from !== null && isAtOrAfter(from, row.validFrom))) return null;
  return row.validFrom;
}

/** Whether an instant is at or after another; null is the beginning of time. */
function isAtOrAfter(instant: string | null, other: string): boolean {
  return instant !== null && Date.parse(instant) >= Date.parse(other);
}

function windowOf(row: PriceRow): string | null {
  return row.dailyFrom === null ? null : `${row.dailyFrom}-${row.dailyTo ?? ''}`;
}

/** All that a price says from the refresh on, in one spelling. */
function contentKey(row: PriceRow, from: string | null): string {
  const units = Object.entries(row.units)
    .map(([unit, price]) => `${unit} ${priceKey(price)}`)
    .sort();
  return JSON.stringify([
    windowOf(row),
    row.currency,
    units,
    row.serviceClass ?? null,
    row.factor ?? null,
    clippedStart(row, from),
    row.validTo,
  ]);
}

function priceKey(price: UnitPriceText | null): string {
  if (price === null) return '';
  const amounts = [['0', price.amount], ...tiersOf(price)].map(([above = '', amount = '']) => [
    above,
    decimalText(new Decimal(amount)),
  ]);
  return JSON.stringify([price.per, amounts]);
}

/** Equal as JSON whatever the order of an object's fields, which the database changes. */
function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [inA, inB] = [Object.entries(a), Object.entries(b)];
  return (
    inA.length === inB.length && inA.every(([name, value]) => sameJson(value, (b as Record<string, unknown>)[name]))
  );
}

function byModel<Row extends PriceRow>(rows: readonly Row[]): Map<string, Row[]> {
  const models = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.provider, row.model]);
    const list = models.get(key);
    if (list === undefined) models.set(key, [row]);
    else list.push(row);
  }
  return models;
}
