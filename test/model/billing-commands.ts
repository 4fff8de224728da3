import fc from 'fast-check';
import type { RefPlan } from './billing-reference';

/** What is done in a model run. `which` picks one of what there is, counted from the newest. */
export type Command =
  | { readonly do: 'advance'; readonly minutes: number }
  | { readonly do: 'use'; readonly calls: number }
  | { readonly do: 'late'; readonly calls: number; readonly permille: number }
  | { readonly do: 'void event'; readonly which: number }
  | { readonly do: 'subscribe'; readonly plan: number; readonly calendar: boolean; readonly apart: boolean }
  | { readonly do: 'plan'; readonly which: number; readonly plan: number; readonly at: 'now' | 'period_end'; readonly invoice: Billed } // prettier-ignore
  | { readonly do: 'seats'; readonly which: number; readonly seats: number; readonly invoice: Billed }
  | { readonly do: 'pause'; readonly which: number; readonly bills: 'nothing' | 'base_fee' }
  | { readonly do: 'resume'; readonly which: number }
  | { readonly do: 'cancel'; readonly which: number; readonly at: 'now' | 'period_end'; readonly settle: 'invoice' | 'invoice_and_credit' | 'nothing' } // prettier-ignore
  | { readonly do: 'undo cancel' | 'reactivate'; readonly which: number }
  | { readonly do: 'finalize' | 'void invoice' | 'reissue'; readonly which: number }
  | { readonly do: 'pay'; readonly which: number; readonly percent: number }
  | { readonly do: 'credit note'; readonly which: number; readonly percent: number; readonly as: 'invoice' | 'balance' | 'refund' }; // prettier-ignore

export type Billed = 'next' | 'now';

/** What a run is about: who, when, and three plans with one rhythm. */
export interface Setting {
  readonly timeZone: string;
  readonly currency: string;
  readonly taxPercent: string;
  readonly startAt: number;
  readonly plans: readonly RefPlan[];
}

const DAY = 1_440;
const which = fc.nat(2);
const billed = fc.constantFrom<Billed>('next', 'next', 'now');

const weighted = <T>(weight: number, arbitrary: fc.Arbitrary<T>): { weight: number; arbitrary: fc.Arbitrary<T> } => ({ weight, arbitrary }); // prettier-ignore
const just = fc.constant;

export const command: fc.Arbitrary<Command> = fc.oneof(
  weighted(9, fc.record({ do: just('advance' as const), minutes: fc.integer({ min: 1, max: 40 * DAY }) })),
  weighted(4, fc.record({ do: just('use' as const), calls: fc.integer({ min: 1, max: 200 }) })),
  weighted(3, fc.record({ do: just('late' as const), calls: fc.integer({ min: 1, max: 90 }), permille: fc.nat(999) })),
  weighted(1, fc.record({ do: just('void event' as const), which })),
  weighted(1, fc.record({ do: just('subscribe' as const), plan: fc.nat(2), calendar: fc.boolean(), apart: fc.boolean() })), // prettier-ignore
  weighted(4, fc.record({ do: just('plan' as const), which, plan: fc.nat(2), at: fc.constantFrom('now' as const, 'period_end' as const), invoice: billed })), // prettier-ignore
  weighted(3, fc.record({ do: just('seats' as const), which, seats: fc.integer({ min: 1, max: 9 }), invoice: billed })),
  weighted(2, fc.record({ do: just('pause' as const), which, bills: fc.constantFrom('nothing' as const, 'base_fee' as const) })), // prettier-ignore
  weighted(2, fc.record({ do: just('resume' as const), which })),
  weighted(1, fc.record({ do: just('cancel' as const), which, at: fc.constantFrom('now' as const, 'period_end' as const), settle: fc.constantFrom('invoice' as const, 'invoice_and_credit' as const, 'nothing' as const) })), // prettier-ignore
  weighted(1, fc.record({ do: fc.constantFrom('undo cancel' as const, 'reactivate' as const), which })),
  weighted(1, fc.record({ do: fc.constantFrom('finalize' as const, 'void invoice' as const, 'reissue' as const), which })), // prettier-ignore
  weighted(2, fc.record({ do: just('pay' as const), which, percent: fc.constantFrom(30, 100, 130) })),
  weighted(1, fc.record({ do: just('credit note' as const), which, percent: fc.constantFrom(40, 100), as: fc.constantFrom('invoice' as const, 'balance' as const, 'refund' as const) })), // prettier-ignore
);

const amounts = {
  USD: { base: ['29', '60.01', '7.77'], seat: ['10', '12.5', '3.33'], call: ['0.1', '0.05', '0.2'] },
  JPY: { base: ['2900', '6001', '777'], seat: ['1000', '1250', '333'], call: ['3', '2', '5'] },
  KWD: { base: ['9', '20.001', '2.777'], seat: ['3', '4.125', '1.111'], call: ['0.1', '0.05', '0.2'] },
};

export const setting: fc.Arbitrary<Setting> = fc
  .record({
    timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Sydney'),
    currency: fc.constantFrom('USD' as const, 'USD' as const, 'JPY' as const, 'KWD' as const),
    taxPercent: fc.constantFrom('0', '0', '10', '8.875'),
    minute: fc.integer({ min: 0, max: 366 * DAY }),
    interval: fc.constantFrom('month' as const, 'month' as const, 'week' as const, 'quarter' as const),
    proration: fc.constantFrom('second' as const, 'second' as const, 'day' as const, 'none' as const),
    aheads: fc.constantFrom([1, 1, 0], [1, 0, 1], [0, 1, 3], [1, 1, 1], [0, 0, 0], [3, 1, 1]),
    allowances: fc.constantFrom(['100', '300', '0'], ['0', '0', '0'], ['50', '100', '31']),
  })
  .map(({ timeZone, currency, taxPercent, minute, interval, proration, aheads, allowances }) => ({
    timeZone,
    currency,
    taxPercent,
    startAt: Date.UTC(2024, 0, 1) + minute * 60_000,
    plans: [0, 1, 2].map((place) => ({
      key: `plan-${place}`,
      interval,
      proration,
      ahead: aheads[place]!,
      base: amounts[currency].base[place]!,
      seatPrice: amounts[currency].seat[place]!,
      seats: String(place + 1),
      callPrice: amounts[currency].call[place]!,
      allowance: allowances[place]!,
    })),
  }));

/** What the server is asked for. */
export const planRequest = (
  { key, interval, proration, ahead, base, seatPrice, seats, callPrice, allowance }: RefPlan,
  currency: string,
): object => {
  // prettier-ignore
  const billing = ahead === 0 ? {} : { billing: { in: 'advance', ...(ahead === 1 ? {} : { every: ahead }) } };
  return {
    key,
    name: key,
    currency,
    interval,
    proration,
    prices: [
      { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: base }, ...billing },
      { key: 'seats', name: 'Seats', charge: { model: 'recurring', unitPrice: seatPrice, quantity: seats, proration: 'time' }, ...billing }, // prettier-ignore
      { key: 'calls', name: 'Calls', meter: 'calls', allowance, charge: { model: 'unit', unitPrice: callPrice } },
    ],
  };
};
