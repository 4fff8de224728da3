import { z } from 'zod';
import { BILLING_INTERVALS, decimalText, ONE, ZERO } from '../kernel';
import { currency, decimalString, instant, key, reference, text } from '../platform/http';
import { GRANT_KINDS } from './domain';
import type { WantedTopUp } from './top-up-storage';
import type { NewGrant } from './wallet-grants.service';
import type { NewWallet, WalletChange } from './wallets.service';

const LEAST = '0.000000000001';
const amount = (): ReturnType<typeof decimalString> => decimalString({ min: LEAST });

const grantTerms = {
  priority: z.number().int().min(0).max(1_000).optional().describe('Smaller is burned first; 100 without it.'),
  features: z
    .array(reference())
    .min(1)
    .max(50)
    .nullish()
    .describe('Keys of the only features that it may be burned for; without them everything.'),
  rolloverLimit: amount().nullish().describe('At its expiry, up to this much of what is left is granted once more.'),
};
const DEFAULT_PRIORITY = 100;

const TopUpRequest = z
  .strictObject({
    on: z.enum(['threshold', 'schedule']).describe('Bought when little is left, or at the start of each period.'),
    below: decimalString({ min: '0' }).nullish().describe('Of a threshold: bought when less than this is available.'),
    every: z.enum(BILLING_INTERVALS).nullish().describe('Of a schedule: how long its periods are.'),
    startsAt: instant().nullish().describe('Of a schedule: when the first period starts.'),
    amount: amount().describe('What each top-up buys: of money its face, of units how many.'),
    price: decimalString({ min: '0' }).nullish().describe('What it costs, without tax; of money its face without it.'),
    monthlyLimit: decimalString({ min: '0' })
      .nullish()
      .describe('The most that top-ups of one calendar month of the customer may cost.'),
    paid: z
      .boolean()
      .optional()
      .describe('Whether it counts as paid at once. Else it is invoiced, and granted when that is paid.'),
    expiresAfterDays: z.number().int().min(1).max(3_650).nullish().describe('When what it buys expires.'),
    ...grantTerms,
  })
  .refine(({ on, below }) => on !== 'threshold' || (below ?? null) !== null, {
    message: 'is needed for a threshold',
    path: ['below'],
  })
  .refine(({ on, every }) => on !== 'schedule' || (every ?? null) !== null, {
    message: 'is needed for a schedule',
    path: ['every'],
  })
  .refine(({ on, startsAt }) => on !== 'schedule' || (startsAt ?? null) !== null, {
    message: 'is needed for a schedule',
    path: ['startsAt'],
  });

const terms = {
  whenEmpty: z
    .enum(['refuse', 'arrears'])
    .describe('What holds get when nothing is left: a refusal, or they pass and it is billed.'),
  overdraftLimit: decimalString({ min: '0' }).describe('How far it may go below zero.'),
  burns: z
    .record(reference(), amount())
    .describe('Of units: how many one of a meter takes, by the meter’s key. Meters that count or add up.'),
  topUp: TopUpRequest.nullable().describe('Credit that is bought without anybody asking; null for none.'),
};

export const CreateWalletRequest = z
  .strictObject({
    key: key(),
    name: text(200).optional().describe('For people; the key without it.'),
    customer: reference(),
    currency: currency().optional().describe('Of a wallet in money.'),
    unit: text(40).optional().describe('Of a wallet in units of its own: what they are called, such as `credits`.'),
    soldIn: currency().optional().describe('Of units: the currency they are sold in, for invoices and the ledger.'),
    whenEmpty: terms.whenEmpty.optional(),
    overdraftLimit: terms.overdraftLimit.optional(),
    burns: terms.burns.optional(),
    topUp: terms.topUp.optional(),
  })
  .refine((wallet) => (wallet.currency === undefined) !== (wallet.unit === undefined), {
    message: 'or unit must be given, and not both',
    path: ['currency'],
  })
  .refine(({ unit, burns }) => unit === undefined || Object.keys(burns ?? {}).length > 0, {
    message: 'must say what meters take of the unit',
    path: ['burns'],
  })
  .refine(({ unit, burns }) => unit !== undefined || burns === undefined, {
    message: 'is for wallets in units of their own',
    path: ['burns'],
  })
  .refine(({ unit, soldIn }) => (unit === undefined) === (soldIn === undefined), {
    message: 'is needed for units, and only for them',
    path: ['soldIn'],
  })
  .refine(({ topUp, unit }) => !topUp || unit === undefined || (topUp.price ?? null) !== null, {
    message: 'is needed for units',
    path: ['topUp', 'price'],
  });

export const ChangeWalletRequest = z.strictObject({
  name: text(200).optional(),
  whenEmpty: terms.whenEmpty.optional(),
  overdraftLimit: terms.overdraftLimit.optional(),
  burns: terms.burns.refine((table) => Object.keys(table).length > 0, 'must say what some meter takes').optional(),
  topUp: terms.topUp.optional(),
});

export const GrantRequest = z.strictObject({
  kind: z
    .enum(GRANT_KINDS)
    .describe('`bought` was paid for, `promotional` is a gift, `refund` makes good for something.'),
  amount: amount().describe('In the wallet’s currency or unit.'),
  paid: decimalString({ min: '0' })
    .nullish()
    .describe('What was paid for all of it, without tax. Of bought money its face without it.'),
  startsAt: instant().nullish().describe('Nothing is burned of it before; now without it.'),
  expiresAt: instant().nullish().describe('From then on nothing is burned of it; never without it.'),
  ...grantTerms,
  reference: text(100).nullish().describe('Your own name for it. A repeat with the same one is the same grant.'),
  reason: text(500).nullish().describe('Why, for people.'),
});

export function toNewWallet(request: z.output<typeof CreateWalletRequest>): NewWallet {
  const { key: own, name = own, currency: code = null, unit = null, soldIn = null } = request;
  return {
    ...{ key: own, name, currency: code, unit, soldIn },
    burns: new Map(Object.entries(request.burns ?? {})),
    whenEmpty: request.whenEmpty ?? 'refuse',
    overdraftLimit: request.overdraftLimit ?? ZERO,
    topUp: toWantedTopUp(request.topUp ?? null),
  };
}

export function toWalletChange(request: z.output<typeof ChangeWalletRequest>): WalletChange {
  const { name, whenEmpty, overdraftLimit, burns, topUp } = request;
  return {
    ...(name === undefined ? {} : { name }),
    ...(whenEmpty === undefined ? {} : { whenEmpty }),
    ...(overdraftLimit === undefined ? {} : { overdraftLimit }),
    ...(burns === undefined ? {} : { burns: new Map(Object.entries(burns)) }),
    ...(topUp === undefined ? {} : { topUp: toWantedTopUp(topUp) }),
  };
}

export function toNewGrant(request: z.output<typeof GrantRequest>): NewGrant {
  const { kind, amount: granted, paid = null, startsAt = null, expiresAt = null } = request;
  const { priority = DEFAULT_PRIORITY, features = null, rolloverLimit = null } = request;
  return {
    ...{ kind, amount: granted, paid, startsAt, expiresAt, priority, rolloverLimit },
    features: features === null ? null : [...new Set(features)].sort(),
    reference: request.reference ?? null,
    reason: request.reason ?? null,
  };
}

function toWantedTopUp(request: z.output<typeof TopUpRequest> | null): WantedTopUp | null {
  if (request === null) return null;
  const { on, below, every, startsAt, amount: bought, price, monthlyLimit, paid = false } = request;
  const said = (value: typeof ONE | null | undefined): string | null => (value ? decimalText(value) : null);
  return {
    on,
    below: on === 'threshold' ? said(below) : null,
    every: on === 'schedule' ? (every ?? null) : null,
    startsAt: on === 'schedule' ? (startsAt?.toISOString() ?? null) : null,
    amount: decimalText(bought),
    price: said(price),
    monthlyLimit: said(monthlyLimit),
    paid,
    terms: {
      priority: request.priority ?? DEFAULT_PRIORITY,
      expiresAfterDays: request.expiresAfterDays ?? null,
      features: request.features ? [...new Set(request.features)].sort() : null,
      rolloverLimit: said(request.rolloverLimit),
    },
  };
}
