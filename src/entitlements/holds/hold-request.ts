import { Decimal, decimalProblem, fromPublicId, InvalidRequestError, parseDecimal } from '../../kernel';
import { parseDuration } from '../../platform/config';
import { currency } from '../../platform/http';
import type { Estimate } from '../spend/estimate';

/** Names in scope that are the sender's own. */
const OWN_FIELDS = ['department', 'feature', 'agent', 'session', 'task', 'user', 'model'] as const;
const HOLD_FIELDS: ReadonlySet<string> = new Set([
  ...OWN_FIELDS,
  ...['customer', 'subscription', 'parent', 'taskClass', 'key', 'ttl', 'estimate'],
]);
const SETTLE_FIELDS: ReadonlySet<string> = new Set(['events', 'partial']);
const EXTEND_FIELDS: ReadonlySet<string> = new Set(['ttl']);
const ESTIMATE_FIELDS: ReadonlySet<string> = new Set([
  ...['amount', 'cost', 'spend', 'currency', 'units', 'actions'],
  ...['provider', 'model', 'type', 'inputTokens', 'outputTokens', 'maxTokens', 'taskClass'],
]);
const DECIMALS = ['amount', 'cost', 'spend', 'actions', 'inputTokens', 'outputTokens', 'maxTokens'] as const;
const TEXTS = ['currency', 'provider', 'model', 'type', 'taskClass'] as const;
const LONGEST = 255;
const MOST_METERS = 50;
const MOST_EVENTS = 1_000;
const CURRENCY = currency();

/** A hold that is asked for, as it was read and checked; nothing of it was looked up yet. */
export interface HoldRequest {
  readonly customer: string;
  readonly subscription: string | null;
  readonly own: Readonly<Partial<Record<(typeof OWN_FIELDS)[number], string>>>;
  readonly parent: string | null;
  readonly taskClass: string | null;
  readonly key: string | null;
  /** Null: the organisation's. */
  readonly ttlMs: number | null;
  readonly estimate: Estimate;
}

/** What is said at the end of a hold. */
export interface SettleRequest {
  /** Null: nothing is said. */
  readonly stated: Estimate | null;
  readonly events: readonly unknown[] | null;
  readonly partial: boolean;
}

export interface ExtendRequest {
  /** Null: only for longer. */
  readonly more: Estimate | null;
  readonly ttlMs: number | null;
}

/** @param path where it stands in the body, for what is refused @throws InvalidRequestError `invalid_hold` */
export function parseHold(body: unknown, path = ''): HoldRequest {
  const fields = fieldsOf(body, path, HOLD_FIELDS);
  const customer = textOf(fields, 'customer', path);
  if (customer === null) throw refused(`${path}customer`, 'is missing: whose work it is');
  const own: Partial<Record<(typeof OWN_FIELDS)[number], string>> = {};
  for (const field of OWN_FIELDS) {
    const value = textOf(fields, field, path);
    if (value !== null) own[field] = value;
  }
  const taskClass = textOf(fields, 'taskClass', path);
  const key = textOf(fields, 'key', path);
  if (key !== null && fromPublicId('hold', key) !== null)
    throw refused(`${path}key`, 'looks like an id of ours, so nobody could ask for it');
  if (fields['estimate'] === undefined) throw refused(`${path}estimate`, 'is missing: how much the work may come to');
  const said = parseEstimate(fields['estimate'], `${path}estimate.`);
  const estimate =
    said.taskClass === undefined && taskClass !== null && !saysAmounts(said) ? { ...said, taskClass } : said;
  if (own.model === undefined && estimate.model !== undefined) own.model = estimate.model;
  return {
    customer,
    subscription: textOf(fields, 'subscription', path),
    own,
    parent: textOf(fields, 'parent', path),
    taskClass: taskClass ?? estimate.taskClass ?? null,
    key,
    ttlMs: ttlOf(fields, path),
    estimate,
  };
}

/** @throws InvalidRequestError `invalid_hold` */
export function parseSettle(body: unknown): SettleRequest {
  const fields = fieldsOf(body ?? {}, '', SETTLE_FIELDS, ESTIMATE_FIELDS);
  const { partial, events, ...said } = fields;
  if (partial !== undefined && typeof partial !== 'boolean') throw refused('partial', 'must be true or false');
  if (events !== undefined) {
    if (!Array.isArray(events) || events.length === 0) throw refused('events', 'must be a list of events');
    if (events.length > MOST_EVENTS) throw refused('events', `has ${events.length}; at most ${MOST_EVENTS}`);
    const stray = Object.keys(said)[0];
    if (stray !== undefined) throw refused(stray, 'has no place beside events, which say what it came to');
  }
  return {
    stated: Object.keys(said).length === 0 ? null : parseEstimate(said, ''),
    events: (events as unknown[] | undefined) ?? null,
    partial: partial === true,
  };
}

/** @throws InvalidRequestError `invalid_hold` */
export function parseExtend(body: unknown): ExtendRequest {
  const { ttl, ...said } = fieldsOf(body ?? {}, '', EXTEND_FIELDS, ESTIMATE_FIELDS);
  const ttlMs = ttlOf({ ttl }, '');
  if (Object.keys(said).length === 0) {
    if (ttlMs === null) throw refused('body', 'must say how much more, for how long, or both');
    return { more: null, ttlMs };
  }
  return { more: parseEstimate(said, ''), ttlMs };
}

/** Nothing is said when releasing. @throws InvalidRequestError `invalid_hold` */
export function parseRelease(body: unknown): void {
  fieldsOf(body ?? {}, '', new Set());
}

function parseEstimate(value: unknown, path: string): Estimate {
  const fields = fieldsOf(value, path, ESTIMATE_FIELDS);
  const estimate: { -readonly [Field in keyof Estimate]: Estimate[Field] } = {};
  for (const field of DECIMALS) {
    const amount = decimalOf(fields[field], `${path}${field}`);
    if (amount !== null) estimate[field] = amount;
  }
  for (const field of TEXTS) {
    const text = textOf(fields, field, path);
    if (text !== null) estimate[field] = text;
  }
  if (estimate.currency !== undefined && !CURRENCY.safeParse(estimate.currency).success)
    throw refused(`${path}currency`, 'must be a currency code such as "USD"');
  if (fields['units'] !== undefined) estimate.units = unitsOf(fields['units'], `${path}units`);
  refuseContradiction(estimate, path);
  return estimate;
}

/** It is said in one way: an amount, measures, tokens of a model, or a class of tasks. */
function refuseContradiction(estimate: Estimate, path: string): void {
  const { amount, cost, spend, units, actions, model, inputTokens, outputTokens, maxTokens, taskClass } = estimate;
  const measures = cost !== undefined || spend !== undefined || units !== undefined || actions !== undefined;
  if (amount !== undefined && (cost !== undefined || spend !== undefined))
    throw refused(`${path}amount`, 'stands for both cost and spend, which have no place beside it');
  const tokens = inputTokens !== undefined || outputTokens !== undefined;
  if ((amount !== undefined || measures) && (tokens || maxTokens !== undefined))
    throw refused(`${path}inputTokens`, 'tokens have no place beside amounts');
  if (outputTokens !== undefined && maxTokens !== undefined)
    throw refused(`${path}maxTokens`, 'is the most that outputTokens may be; say one of them');
  if (tokens && model === undefined) throw refused(`${path}model`, 'is missing: whose tokens they are');
  if (
    amount === undefined &&
    !measures &&
    !tokens &&
    maxTokens === undefined &&
    taskClass === undefined &&
    model === undefined
  )
    throw refused(
      path === '' ? 'body' : path.slice(0, -1),
      'says nothing: give an amount, tokens of a model, or a taskClass',
    );
}

function saysAmounts({ amount, cost, spend, units, actions, inputTokens, outputTokens }: Estimate): boolean {
  return [amount, cost, spend, units, actions, inputTokens, outputTokens].some((said) => said !== undefined);
}

function fieldsOf(value: unknown, path: string, ...known: readonly ReadonlySet<string>[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused(path === '' ? 'body' : path.slice(0, -1), 'must be an object');
  for (const field in value) {
    if (!known.some((names) => names.has(field)))
      throw refused(`${path}${field.slice(0, 100)}`, 'is not a field of this request');
  }
  return value as Record<string, unknown>;
}

function textOf(fields: Record<string, unknown>, field: string, path: string): string | null {
  const value = fields[field];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw refused(`${path}${field}`, 'must be a text');
  if (value.length === 0 || value.length > LONGEST)
    throw refused(`${path}${field}`, `must have from 1 to ${LONGEST} characters`);
  if (value.includes('\0') || !value.isWellFormed())
    throw refused(`${path}${field}`, 'has characters that can’t be stored');
  return value;
}

function decimalOf(value: unknown, field: string): Decimal | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' && typeof value !== 'number') throw refused(field, 'must be a decimal, such as "0.10"');
  const text = typeof value === 'number' ? plainText(value) : value;
  const problem = decimalProblem(text);
  if (problem !== null) throw refused(field, problem);
  const decimal = parseDecimal(text);
  if (decimal.lessThan(0)) throw refused(field, 'must not be negative');
  return decimal;
}

/** A number of JSON that a double holds; others came as text already. */
function plainText(value: number): string {
  return new Decimal(value).toFixed();
}

function unitsOf(value: unknown, field: string): Readonly<Record<string, Decimal>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused(field, 'must be an object: meters to quantities');
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > MOST_METERS)
    throw refused(field, `must name 1 to ${MOST_METERS} meters`);
  return Object.fromEntries(
    entries.map(([meter, quantity]) => {
      const amount = decimalOf(quantity, `${field}.${meter.slice(0, 100)}`);
      if (amount === null) throw refused(`${field}.${meter.slice(0, 100)}`, 'must be a decimal, such as "1000"');
      return [meter, amount];
    }),
  );
}

function ttlOf({ ttl }: Record<string, unknown>, path: string): number | null {
  if (ttl === undefined || ttl === null) return null;
  const ms = typeof ttl === 'string' ? parseDuration(ttl) : null;
  if (ms === null || ms < 1_000)
    throw refused(`${path}ttl`, 'must be a time of a second or more, such as "90s" or "10m"');
  return ms;
}

function refused(field: string, detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_hold', `${field}: ${detail}`, [{ field, detail }]);
}
