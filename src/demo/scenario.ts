import { ProgramError } from '../client';
import type { Request } from './trace';

/**
 * What the demo sells, to whom, and how a row of the workload becomes events: the rules of the demo, so that anyone
 * can recompute its result (docs/demo.md says them in words). Row n, counted from 0, belongs to customer n mod 3.
 */

/** In this order the rows are dealt out and the result is shown. */
export const CUSTOMER_KEYS = ['margin', 'outcome', 'hybrid'] as const;
export type CustomerKey = (typeof CUSTOMER_KEYS)[number];

export const CURRENCY = 'USD';
const PROVIDER = 'openai';
const MODEL = 'gpt-4o';

/** A task is so many consecutive rows of the customer `outcome`. */
const ROWS_PER_TASK = 5;
/** A task succeeded when its rows generated at least so many tokens together. */
const TOKENS_OF_SUCCESS = 500;
/** An action with at least so many tokens in is a premium one. */
const PREMIUM_INPUT_TOKENS = 2_000;

export const METERS = [
  { key: 'llm_requests', name: 'Model requests', eventType: 'llm.request', aggregation: 'count' },
  {
    key: 'successful_tasks',
    name: 'Successful tasks',
    eventType: 'task.outcome',
    aggregation: 'count',
    filters: [{ field: 'data.success', operator: 'equals', value: true }],
  },
  {
    key: 'standard_actions',
    name: 'Standard actions',
    eventType: 'llm.request',
    aggregation: 'count',
    filters: [{ field: 'data.input_tokens', operator: 'less_than', value: PREMIUM_INPUT_TOKENS }],
  },
  {
    key: 'premium_actions',
    name: 'Premium actions',
    eventType: 'llm.request',
    aggregation: 'count',
    filters: [{ field: 'data.input_tokens', operator: 'at_least', value: PREMIUM_INPUT_TOKENS }],
  },
] as const;

export const PLANS = [
  {
    key: 'cost-plus-30',
    name: 'Cost plus 30 %',
    currency: CURRENCY,
    interval: 'month',
    prices: [
      {
        key: 'model-usage',
        name: 'Model usage at cost plus 30 %',
        meter: 'llm_requests',
        charge: { model: 'consumption_margin', markupPercent: '30' },
      },
    ],
  },
  {
    key: 'pay-per-outcome',
    name: 'Pay per outcome',
    currency: CURRENCY,
    interval: 'month',
    prices: [
      {
        key: 'successful-tasks',
        name: 'Successful tasks',
        meter: 'successful_tasks',
        charge: { model: 'unit', unitPrice: '0.05' },
      },
    ],
  },
  {
    key: 'base-and-actions',
    name: 'Base fee and actions',
    currency: CURRENCY,
    interval: 'month',
    prices: [
      { key: 'base-fee', name: 'Base fee', charge: { model: 'flat', amount: '20.00' } },
      {
        key: 'standard-actions',
        name: 'Standard actions (under 2,000 tokens in)',
        meter: 'standard_actions',
        allowance: '3000',
        charge: { model: 'unit', unitPrice: '0.002' },
      },
      {
        key: 'premium-actions',
        name: 'Premium actions (2,000 tokens in or more)',
        meter: 'premium_actions',
        charge: { model: 'unit', unitPrice: '0.01' },
      },
    ],
  },
] as const;

/** Who buys which plan. `pays` is how the plan is told in half a line; `feature` is what the customer's events name. */
export const CUSTOMERS: Readonly<
  Record<CustomerKey, { name: string; plan: (typeof PLANS)[number]['key']; pays: string; feature: string }>
> = {
  margin: {
    name: 'Margin Inc.',
    plan: 'cost-plus-30',
    pays: 'pays what the model costs us plus 30 %',
    feature: 'chat',
  },
  outcome: {
    name: 'Outcome Inc.',
    plan: 'pay-per-outcome',
    pays: 'pays 0.05 for each task that succeeds',
    feature: 'tasks',
  },
  hybrid: {
    name: 'Hybrid Inc.',
    plan: 'base-and-actions',
    pays: 'pays 20.00, 3,000 standard actions included, 0.002 beyond; 0.01 for each premium action',
    feature: 'actions',
  },
};

/** An event as POST /v1/events takes it. */
export interface UsageEvent {
  /** The same for the same row in every run, so that a repeat is a duplicate. */
  readonly id: string;
  readonly source: 'demo';
  readonly type: 'llm.request' | 'task.outcome';
  readonly customer: CustomerKey;
  readonly time: string;
  readonly feature: string;
  readonly task?: string;
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

/**
 * The events of a workload, in order: one for each row, and after a task's fifth row its outcome, at that row's time.
 * A last task of fewer rows has no outcome.
 */
export function* eventsOf(requests: Iterable<Request>): Generator<UsageEvent> {
  let row = 0;
  let taskRows = 0;
  let taskTokens = 0;
  let task = 1;
  for (const { time, inputTokens, outputTokens } of requests) {
    const customer = CUSTOMER_KEYS[row % CUSTOMER_KEYS.length]!;
    const { feature } = CUSTOMERS[customer];
    const ofTask = customer === 'outcome' ? { task: numbered('task', task) } : {};
    row += 1;
    yield {
      id: numbered('row', row),
      source: 'demo',
      type: 'llm.request',
      customer,
      time,
      feature,
      ...ofTask,
      data: { provider: PROVIDER, model: MODEL, input_tokens: inputTokens, output_tokens: outputTokens },
    };
    if (customer !== 'outcome') continue;

    taskRows += 1;
    taskTokens += outputTokens;
    if (taskRows < ROWS_PER_TASK) continue;
    yield {
      id: numbered('task', task),
      source: 'demo',
      type: 'task.outcome',
      customer,
      time,
      feature,
      ...ofTask,
      // Not `output_tokens`: those are what an event itself used, and cost; these were counted with the rows already.
      data: { success: taskTokens >= TOKENS_OF_SUCCESS, generated_tokens: taskTokens },
    };
    task += 1;
    taskRows = 0;
    taskTokens = 0;
  }
}

/** How many events `eventsOf` makes of so many rows. */
export function countOfEvents(rows: number): number {
  // Every third row, from the second on, is of the customer `outcome`.
  const rowsOfOutcome = Math.floor((rows + 1) / CUSTOMER_KEYS.length);
  return rows + Math.floor(rowsOfOutcome / ROWS_PER_TASK);
}

/** A half-open stretch of time, `[start, end)`, in RFC 3339 UTC with milliseconds. */
export interface DemoPeriod {
  readonly start: string;
  readonly end: string;
}

/**
 * The one monthly billing period that contains all requests: their calendar month in UTC where they share one, else a
 * month from the first one's day (to the same day of the next month, or that month's last).
 *
 * @throws ProgramError (exit code 2) when no such month holds them
 */
export function periodOf(requests: readonly Request[]): DemoPeriod {
  let first = requests[0]!.time;
  let last = first;
  for (const { time } of requests) {
    if (isBefore(time, first)) first = time;
    if (isBefore(last, time)) last = time;
  }

  const [year, month, day] = dateOf(first);
  const calendarMonth = { start: midnight(year, month, 1), end: midnight(year, month + 1, 1) };
  if (isBefore(last, calendarMonth.end)) return calendarMonth;

  const daysOfNextMonth = new Date(Date.UTC(year, month + 2, 0)).getUTCDate();
  const fromFirstDay = {
    start: midnight(year, month, day),
    end: midnight(year, month + 1, Math.min(day, daysOfNextMonth)),
  };
  if (isBefore(last, fromFirstDay.end)) return fromFirstDay;

  throw new ProgramError(
    `The trace runs from ${first.slice(0, 10)} to ${last.slice(0, 10)}, longer than the one month that the demo bills. ` +
      'Take the first rows of it with --rows, or cut it.',
    2,
  );
}

/** RFC 3339 in UTC down to the second sorts as text; what follows is a fraction of any length or none. */
function isBefore(a: string, b: string): boolean {
  const seconds = a.slice(0, 19);
  if (seconds !== b.slice(0, 19)) return seconds < b.slice(0, 19);
  return fractionOf(a) < fractionOf(b);
}

function fractionOf(time: string): string {
  return time.slice(20, -1).padEnd(9, '0');
}

/** Year, month from 0, and day. */
function dateOf(time: string): [number, number, number] {
  return [Number(time.slice(0, 4)), Number(time.slice(5, 7)) - 1, Number(time.slice(8, 10))];
}

function midnight(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month, day)).toISOString();
}

function numbered(noun: string, number: number): string {
  return `${noun}-${String(number).padStart(6, '0')}`;
}
