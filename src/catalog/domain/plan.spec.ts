import { Decimal } from '../../kernel';
import { type Plan, planInCurrency, type Price, withOverrides } from './plan';
import type { CurrencyVariant } from './terms';

const d = (text: string): Decimal => new Decimal(text);
const price = (key: string, unitPrice: string, more: Partial<Price> = {}): Price => ({
  id: `id-${key}`,
  key,
  name: key,
  meterId: 'meter',
  allowance: null,
  charge: { model: 'unit', unitPrice: d(unitPrice) },
  ...more,
});
const off = { key: 'off', name: 'Off', amount: d('5') };
const tenth = { key: 'tenth', name: 'A tenth', percent: d('10') };

const EUR: CurrencyVariant = {
  prices: { tokens: { charge: { model: 'unit', unitPrice: d('0.9') }, minimum: d('2') } },
  terms: { minimum: d('18'), commitment: { amount: d('90'), periods: 12 } },
};
const PLAN: Plan = {
  id: 'plan',
  key: 'pro',
  version: 1,
  name: 'Pro',
  currency: 'USD',
  interval: 'month',
  status: 'published',
  prices: [
    price('tokens', '1', {
      allowance: d('100'),
      terms: { minimum: d('3'), maximum: d('50'), feature: 'models', discounts: [off, tenth] },
    }),
    price('value', '0', { charge: { model: 'event_amount' } }),
  ],
  terms: {
    minimum: d('20'),
    maximum: d('500'),
    commitment: { amount: d('100'), periods: 12 },
    trial: { days: 14, covers: 'everything' },
    discounts: [off, tenth],
  },
  currencies: { EUR },
};

describe('a plan in a currency', () => {
  it('is the plan itself in its own', () => {
    expect(planInCurrency(PLAN, 'USD')).toBe(PLAN);
  });

  it('has the money of that currency and nothing of another, and keeps what is no money', () => {
    const plan = planInCurrency(PLAN, 'EUR');
    expect(plan.currency).toBe('EUR');
    expect(plan.prices[0]).toEqual({
      ...PLAN.prices[0],
      charge: EUR.prices['tokens']!.charge,
      // 50 USD are no bound in euros, and 5 USD no discount; a tenth is a tenth.
      terms: { feature: 'models', minimum: d('2'), discounts: [tenth] },
    });
    expect(plan.prices[1]).toMatchObject({ key: 'value', charge: { model: 'event_amount' } });
    expect(plan.terms).toEqual({
      trial: { days: 14, covers: 'everything' },
      discounts: [tenth],
      minimum: d('18'),
      commitment: { amount: d('90'), periods: 12 },
    });
  });

  it('takes the discounts of the currency whole, none included', () => {
    const variant = { ...EUR, terms: { discounts: [] } };
    expect(planInCurrency({ ...PLAN, currencies: { EUR: variant } }, 'EUR').terms!.discounts).toEqual([]);
  });

  it.each(['CHF', 'constructor'])('that it doesn’t have (%s) is a fault of ours', (currency) => {
    expect(() => planInCurrency(PLAN, currency)).toThrow('the plan has a variant in');
  });
});

describe('a plan with what was agreed on', () => {
  it('differs in that price and in nothing else', () => {
    const plan = withOverrides(PLAN, {
      tokens: { name: 'Yours', charge: { model: 'unit', unitPrice: d('0.5') }, allowance: null, maximum: d('40') },
      gone: { name: 'Of another version' },
    });
    expect(plan).toEqual({
      ...PLAN,
      prices: [
        {
          ...PLAN.prices[0],
          name: 'Yours',
          charge: { model: 'unit', unitPrice: d('0.5') },
          allowance: null,
          terms: { ...PLAN.prices[0]!.terms, maximum: d('40') },
        },
        PLAN.prices[1],
      ],
    });
  });

  it('is the plan itself when none of it is about its prices', () => {
    expect(withOverrides(PLAN, { gone: { name: 'X' }, constructor: { name: 'Y' } })).toBe(PLAN);
  });

  it('holds as many as agreed, where a price is held', () => {
    const seats = price('seats', '0', { charge: { model: 'recurring', unitPrice: d('10'), quantity: d('1') } });
    const plan = withOverrides({ ...PLAN, prices: [seats] }, { seats: { quantity: d('7') } });
    expect(plan.prices[0]!.charge).toEqual({ model: 'recurring', unitPrice: d('10'), quantity: d('7') });
    expect(withOverrides(PLAN, { tokens: { quantity: d('7') } }).prices[0]!.charge).toEqual(PLAN.prices[0]!.charge);
  });
});
