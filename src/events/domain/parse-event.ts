import { Decimal, decimalProblem, decimalText, type Micros, parseRfc3339 } from '../../kernel';
import {
  DEEPEST_DATA,
  DEFAULT_SOURCE,
  type EventProblem,
  LARGEST_DATA,
  LONGEST,
  type ReportedCost,
  type Step,
  STEPS,
  type UsageEvent,
} from './event';

const FIELDS = new Set([
  'id', 'type', 'customer', 'source', 'time', 'session', 'task', 'agent', 'feature', 'department', 'user', 'parent', 'hold', 'step', 'cost',
  'data',
]); // prettier-ignore

// eslint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;
const CURRENCY = /^[A-Z]{3}$/;

type Fields = Readonly<Record<string, unknown>>;

/** Carries the first problem out of the checks; it is caught where the event is parsed and never seen outside. */
class Refusal extends Error {
  constructor(readonly problem: EventProblem) {
    super(problem.detail);
  }
}

/**
 * Reads one event as it came, by hand: these checks run for every event, and a schema library takes several times as
 * long. A test holds them equal to `EventSchema`.
 *
 * @returns the event, or the first thing that is wrong with it
 */
export function parseEvent(value: unknown): UsageEvent | EventProblem {
  try {
    return readEvent(value);
  } catch (error) {
    if (error instanceof Refusal) return error.problem;
    throw error;
  }
}

/** Tells a problem from an event. */
export function isEventProblem(parsed: UsageEvent | EventProblem): parsed is EventProblem {
  return 'code' in parsed;
}

function readEvent(value: unknown): UsageEvent {
  if (!isObject(value)) return refuse('event', 'must be a JSON object');
  for (const field in value) {
    if (!FIELDS.has(field))
      return refuse(field.slice(0, 100), 'is not a field of an event; what is your own goes into data');
  }
  const data = readData(value['data']);
  return {
    id: requiredText(value, 'id', LONGEST.id),
    source: optionalText(value, 'source', LONGEST.source) ?? DEFAULT_SOURCE,
    type: requiredText(value, 'type', LONGEST.type),
    customer: requiredText(value, 'customer', LONGEST.customer),
    time: readTime(value['time']),
    session: optionalText(value, 'session', LONGEST.attribution),
    task: optionalText(value, 'task', LONGEST.attribution),
    agent: optionalText(value, 'agent', LONGEST.attribution),
    feature: optionalText(value, 'feature', LONGEST.attribution),
    department: optionalText(value, 'department', LONGEST.attribution),
    user: optionalText(value, 'user', LONGEST.attribution),
    parent: optionalText(value, 'parent', LONGEST.attribution),
    hold: optionalText(value, 'hold', LONGEST.attribution),
    step: readStep(value['step']),
    cost: readCost(value['cost']),
    data,
    dataText: dataText(data),
  };
}

function refuse(field: string, detail: string): never {
  throw new Refusal({ code: 'invalid_event', field, detail });
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function requiredText(event: Fields, field: string, longest: number): string {
  const value = event[field];
  if (value === undefined || value === null) return refuse(field, 'is missing');
  return checkedText(value, field, longest);
}

function optionalText(event: Fields, field: string, longest: number): string | null {
  const value = event[field];
  return value === undefined || value === null ? null : checkedText(value, field, longest);
}

function checkedText(value: unknown, field: string, longest: number): string {
  if (typeof value !== 'string') return refuse(field, 'must be a string');
  if (value === '') return refuse(field, 'must not be empty');
  if (isLonger(value, longest)) return refuse(field, `must have at most ${longest} characters`);
  // Broken Unicode would be stored as something else, and two ids could become one.
  if (CONTROL_CHARACTER.test(value) || !value.isWellFormed()) {
    return refuse(field, 'must not contain control characters or broken Unicode');
  }
  return value;
}

/** A character is one or two UTF-16 units, so only what lies in between has to be counted. */
function isLonger(text: string, longest: number): boolean {
  if (text.length <= longest) return false;
  return text.length > longest * 2 || [...text].length > longest;
}

function readTime(value: unknown): Micros | null {
  if (value === undefined || value === null) return null;
  const micros = typeof value === 'string' ? parseRfc3339(value) : null;
  return micros ?? refuse('time', 'must be an RFC 3339 instant with an offset, such as 2026-11-21T09:30:00.250Z');
}

function readStep(value: unknown): Step | null {
  if (value === undefined || value === null) return null;
  return STEPS.find((step) => step === value) ?? refuse('step', `must be one of ${STEPS.join(', ')}`);
}

function readCost(value: unknown): ReportedCost | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) return refuse('cost', 'must be an object with amount and currency');
  for (const field in value) {
    if (field !== 'amount' && field !== 'currency')
      return refuse(`cost.${field.slice(0, 100)}`, 'is not a field of a cost');
  }
  const { amount, currency } = value;
  if (typeof amount !== 'string' && typeof amount !== 'number')
    return refuse('cost.amount', 'must be a decimal string such as "0.0125"');
  // JavaScript prints small numbers with an exponent (1e-7), which is not how they were sent.
  const text = typeof amount === 'number' ? decimalText(new Decimal(amount)) : amount;
  const problem = decimalProblem(text);
  if (problem !== null) return refuse('cost.amount', problem);
  if (text.startsWith('-')) return refuse('cost.amount', 'must not be negative');
  if (typeof currency !== 'string' || !CURRENCY.test(currency))
    return refuse('cost.currency', 'must be an ISO 4217 code such as USD');
  return { amount: text, currency };
}

function readData(value: unknown): Fields | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) return refuse('data', 'must be a JSON object');
  if (isDeeperThan(value, DEEPEST_DATA)) return refuse('data', `must not nest deeper than ${DEEPEST_DATA} levels`);
  return value;
}

/** Goes no deeper than it may, so that it is safe on anything. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((element) => isDeeperThan(element, levels - 1));
  const object = value as Fields;
  for (const name in object) if (isDeeperThan(object[name], levels - 1)) return true;
  return false;
}

function dataText(data: Fields | null): string | null {
  if (data === null) return null;
  const text = JSON.stringify(data);
  if (text.length > LARGEST_DATA) return refuse('data', `must have at most ${LARGEST_DATA} characters as JSON`);
  return text;
}
