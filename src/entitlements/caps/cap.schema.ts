import { z } from 'zod';
import { decimalText, Decimal, scaledText, toPublicId } from '../../kernel';
import { currency, decimalString, instant, key, reference, text } from '../../platform/http';
import {
  CAP_KINDS,
  CAP_PERIODS,
  counterValue,
  limitAt,
  MEASURES,
  SCOPE_FIELDS,
  type ScopeField,
  SET_BY,
  type Cap,
  type CapWarning,
  type Counter,
} from '../domain';
import type { RaiseRow, StoredCap } from '../persistence/cap-store';

const name = (of: string) => text(255).optional().describe(`Only work ${of}.`);
const ScopeRequest = z.strictObject({
  customer: reference().optional().describe('Only this customer: our id or your key.'),
  subscription: reference().optional().describe('Only what is used, or charged, under this subscription.'),
  department: name('of this department'),
  feature: name('for this feature'),
  agent: name('of this agent'),
  session: name('in this session'),
  task: name('for this task'),
  user: name('for this user'),
  model: name('with this model'),
});

const PERIOD_NAMES = CAP_PERIODS.filter((period) => period !== 'rolling');
const PeriodSchema = z
  .union([z.enum(PERIOD_NAMES), z.strictObject({ rolling: z.string().max(20) })])
  .describe(
    'When it begins anew: with each session or task, or with the hour, day, week (Monday), month or billing period; `lifetime` ' +
      'never. `{"rolling": "24h"}` looks back over so long at any time, in steps of a sixtieth. Days are those of the customer’s ' +
      'time zone; of caps for all customers together those of the organisation’s.',
  );

const KIND_NAMES = CAP_KINDS.filter((kind) => kind !== 'downgrade');
const KindSchema = z
  .union([z.enum(KIND_NAMES), z.strictObject({ downgrade: z.array(text(255)).min(1).max(20) })])
  .describe(
    'What happens at the limit: `hard` refuses, `soft` only tells, `pause` stops the session with its state kept until the cap is ' +
      'raised, `{"downgrade": ["gpt-4o-mini"]}` offers the first of these models.',
  );

const limit = () => decimalString({ min: '0' }).describe('How much may be used in a period, in what the cap measures.');
const thresholds = () =>
  z
    .array(decimalString({ min: '0.01', max: '1000' }))
    .max(20)
    .describe('An alert tells, once, when so many per cent of the limit are used.');
const forecast = () =>
  z.boolean().describe('Whether an alert tells, once in a period, that the limit will be passed at the rate so far.');

export const CapRequest = z.strictObject({
  key: key().describe('Your own name for the cap.'),
  name: text(200).optional().describe('For people; the key without it.'),
  setBy: z
    .enum(SET_BY)
    .default('vendor')
    .describe('Whose wish it is. A customer’s own caps hold beside yours, and are looked at after them.'),
  scope: ScopeRequest.default({}).describe('Which work it counts; all of it without any.'),
  each: z
    .array(z.enum(SCOPE_FIELDS))
    .max(SCOPE_FIELDS.length)
    .default([])
    .describe(
      'Fields of which each value has a counter of its own: `["session"]` is a cap for every session. Sessions, tasks and users ' +
        'are a customer’s own, so without a customer in the scope each customer’s are counted apart.',
    ),
  measure: z
    .enum(MEASURES)
    .describe('What is counted: what the work costs you, what it is charged at, units of a meter, or actions.'),
  currency: currency().optional().describe('Of what is charged; costs are in the organisation’s currency.'),
  meter: reference().optional().describe('Of units: a meter that counts or adds up, by our id or your key.'),
  period: PeriodSchema,
  kind: KindSchema,
  limit: limit(),
  thresholds: thresholds().default([new Decimal(50), new Decimal(80), new Decimal(100)]),
  forecast: forecast().default(false),
});
export type CapRequest = z.output<typeof CapRequest>;

export const CapChangeRequest = z.strictObject({
  name: text(200).optional().describe('For people.'),
  limit: limit().optional(),
  thresholds: thresholds().optional(),
  forecast: forecast().optional(),
  kind: KindSchema.optional(),
});
export type CapChangeRequest = z.output<typeof CapChangeRequest>;

export const RaiseRequest = z.strictObject({
  limit: decimalString({ min: '0' }).optional().describe('What the limit is meanwhile.'),
  by: decimalString({ min: '0' }).optional().describe('Or how much more it is than without any raise.'),
  until: instant().describe('From then on the cap’s own limit counts again.'),
  approvedBy: text(200).describe('Who agreed to it, for the record.'),
  reason: text(500).describe('Why, for the record.'),
});
export type RaiseRequest = z.output<typeof RaiseRequest>;

const WarningResponse = z.object({
  code: z.enum(['never_binds', 'contradicts', 'below_usage', 'matches_nothing_yet']),
  detail: z.string(),
});

export const CapResponse = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  setBy: z.enum(SET_BY),
  scope: z.record(z.string(), z.string()).describe('Customers and subscriptions by our ids.'),
  each: z.array(z.enum(SCOPE_FIELDS)),
  measure: z.enum(MEASURES),
  currency: z.string().nullable(),
  meter: z.string().nullable().describe('The meter’s key.'),
  period: PeriodSchema,
  kind: KindSchema,
  limit: z.string(),
  limitNow: z.string().describe('With the raises that are running.'),
  raises: z.array(
    z.object({
      id: z.string(),
      limit: z.string(),
      until: z.string(),
      approvedBy: z.string(),
      reason: z.string(),
      madeBy: z.string(),
      createdAt: z.string(),
    }),
  ),
  thresholds: z.array(z.string()),
  forecast: z.boolean(),
  state: z
    .enum(['active', 'filling', 'archived'])
    .describe('`filling`: what its period had before is being counted; it refuses nothing yet.'),
  overBy: z
    .string()
    .nullable()
    .describe('How much more its fullest counter has, settled and held, than the limit; null: none has.'),
  warnings: z.array(WarningResponse).describe('What is allowed, and perhaps not meant.'),
  createdAt: z.string(),
  archivedAt: z.string().nullable(),
});
export type CapResponse = z.infer<typeof CapResponse>;

const CounterResponse = z.object({
  values: z.record(z.string(), z.string()).describe('Of the cap’s `each` fields.'),
  periodStart: z.string().nullable().describe('Null: it has no beginning of its own.'),
  periodEnd: z.string().nullable().describe('When it begins anew; null: it doesn’t, or nobody knows beforehand.'),
  settled: z.string().describe('What was used.'),
  held: z.string().describe('What open holds set aside.'),
  available: z.string().describe('What is left; never below 0.'),
  overrun: z.string().describe('Of what was used, how much went beyond what had been held.'),
});

export const FullCapResponse = CapResponse.extend({
  counters: z.array(CounterResponse).describe('Of the running periods, the fullest first; at most 100.'),
});
export type FullCapResponse = z.infer<typeof FullCapResponse>;

/** A cap with what is shown of it. */
export interface CapToShow {
  readonly stored: StoredCap;
  /** As it decides; null for an archived one. */
  readonly cap: Cap;
  readonly raises: readonly RaiseRow[];
  readonly meterKey: string | null;
  readonly counters: readonly Counter[];
  readonly overBy: string | null;
  readonly warnings: readonly CapWarning[];
  /** By its customer's clock. */
  readonly nowMs: number;
}

export function toCapResponse({ stored, cap, raises, meterKey, overBy, warnings, nowMs }: CapToShow): CapResponse {
  return {
    id: toPublicId('cap', stored.id),
    key: stored.key,
    name: stored.name,
    setBy: stored.set_by,
    scope: Object.fromEntries(
      SCOPE_FIELDS.flatMap((field) => {
        const value = cap.scope[field];
        return value === undefined ? [] : [[field, shownValue(field, value)]];
      }),
    ),
    each: [...cap.each],
    measure: stored.measure,
    currency: stored.currency,
    meter: meterKey,
    period: cap.period === 'rolling' ? { rolling: `${stored.rolling_seconds!}s` } : cap.period,
    kind: cap.kind === 'downgrade' ? { downgrade: [...cap.models] } : cap.kind,
    limit: scaledText(cap.limit),
    limitNow: scaledText(limitAt(cap, nowMs)),
    raises: raises.map((raise) => ({
      id: toPublicId('capRaise', raise.id),
      limit: decimalText(new Decimal(raise.limit_amount)),
      until: raise.until.toISOString(),
      approvedBy: raise.approved_by,
      reason: raise.reason,
      madeBy: raise.made_by,
      createdAt: raise.created_at.toISOString(),
    })),
    thresholds: stored.thresholds.map((each) => decimalText(new Decimal(each))),
    forecast: stored.forecast,
    state: stored.archived_at !== null ? 'archived' : stored.active_at === null ? 'filling' : 'active',
    overBy,
    warnings: [...warnings],
    createdAt: stored.created_at.toISOString(),
    archivedAt: stored.archived_at?.toISOString() ?? null,
  };
}

export function toFullCapResponse(shown: CapToShow): FullCapResponse {
  const { cap, counters, nowMs } = shown;
  const limitNow = limitAt(cap, nowMs);
  return {
    ...toCapResponse(shown),
    counters: counters.map(({ eachValues, period, settled, held, overrun }) => {
      const left = limitNow - settled - held;
      return {
        values: Object.fromEntries(
          cap.each.map((field) => [field, shownValue(field, counterValue(cap, eachValues, field) ?? '')]),
        ),
        periodStart: period.start === 0 ? null : new Date(period.start / 1_000).toISOString(),
        periodEnd: period.end === null ? null : new Date(period.end / 1_000).toISOString(),
        settled: scaledText(settled),
        held: scaledText(held),
        available: scaledText(left > 0n ? left : 0n),
        overrun: scaledText(overrun),
      };
    }),
  };
}

/** A value of scope as the API knows it: our ids for what we have ids for. */
export function shownValue(field: ScopeField, value: string): string {
  return field === 'customer' || field === 'subscription' ? toPublicId(field, value) : value;
}
