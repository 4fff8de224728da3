import { z } from 'zod';
import { currency, key, text } from '../platform/http';
import type { DecimalField } from './charge-schema';
import { ALLOWANCES_ON_CHANGE, type DiscountScope, PRORATIONS } from './domain';

/** As the schema reads one: exactly one of the three values. */
type DiscountOf<D> = DiscountScope & ({ readonly percent: D } | { readonly amount: D } | { readonly freeUnits: D });

/** What lowers an amount. Which of its three values is there is `planProblems`' to say, in words. */
export function discountSchema<D extends z.ZodType>(decimal: DecimalField<D>) {
  const schema = z.strictObject({
    key: key().describe('Your own id for the discount within the plan or price.'),
    name: text(200).describe('What the customer reads.'),
    prices: z
      .array(z.string().max(100))
      .max(100)
      .optional()
      .describe('Of a plan: keys of the prices it is for; all without it. Left out in a price.'),
    fromPeriod: z
      .int()
      .optional()
      .describe('First billing period it is given in, counted from 0 with the subscription’s start.'),
    periods: z.int().optional().describe('For how many periods; for ever without it.'),
    percent: decimal('Per cent of the amount, 0 to 100. One of percent, amount and freeUnits.').optional(),
    amount: decimal('Off the amount of each period, in the plan’s currency; never more than there is.').optional(),
    freeUnits: decimal('Of a price: units of each period that cost nothing, behind allowance or pool.').optional(),
  });
  return schema as unknown as z.ZodType<DiscountOf<z.output<D>>>;
}

/** What a price can say around its charge, flat in the price. */
export function priceTermsShape<D extends z.ZodType>(decimal: DecimalField<D>) {
  return {
    feature: key().optional().describe('The feature that is charged, by key. It changes no amount.'),
    rounding: z
      .strictObject({
        mode: z.enum(['up', 'down', 'nearest']),
        decimals: z.int().describe('Digits behind the point, -6 to 12; -3 rounds to thousands.'),
      })
      .optional()
      .describe('How the quantity of the period is rounded before anything else.'),
    pool: z
      .strictObject({ key: key(), weight: decimal('How much of the pool one unit uses.') })
      .optional()
      .describe('The pool of the plan that units are drawn from before they are charged.'),
    beyond: z
      .union([z.enum(['overage', 'block']), z.strictObject({ price: key() })])
      .optional()
      .describe(
        'Units behind the allowance or the pool: `overage` (charged by this price; so it is without this field), `block` (not charged, and ' +
          'told), or `{"price": …}` (charged by a later price of the plan).',
      ),
    pricingUnit: key().optional().describe('The pricing unit of the plan that the charge’s money is in.'),
    ...boundsShape(decimal),
    discounts: z.array(discountSchema(decimal)).max(20).optional().describe('Given in this order.'),
    billing: z
      .strictObject({
        in: z.literal('advance'),
        every: z
          .int()
          .optional()
          .describe('Billing periods to a fee period, 1 to 120; 1 without it. 12 of a month: a yearly fee beside monthly usage.'), // prettier-ignore
      })
      .optional()
      .describe('`{"in": "advance"}`: a flat or recurring fee that is billed when its period begins. Behind it without this field.'), // prettier-ignore
    tax: z
      .strictObject({
        code: z.string().min(1).max(100).optional().describe('What the price is to the tax office, by your own code.'),
        behaviour: z
          .enum(['exclusive', 'inclusive'])
          .optional()
          .describe('Whether taxes are added to its amounts or are in them already; the rate says it without this field.'), // prettier-ignore
      })
      .optional()
      .describe('What taxes ask of the price.'),
  };
}

/** What a plan can say around its prices, flat in the plan. */
export function planTermsShape<D extends z.ZodType>(decimal: DecimalField<D>) {
  return {
    pools: z
      .array(
        z.strictObject({
          key: key(),
          name: text(200),
          amount: decimal('Granted anew in each period.'),
          unit: text(50).optional().describe('What it counts, such as credits.'),
          rollover: z
            .strictObject({
              limit: decimal('What is carried over at most.').optional(),
              expiresAfterPeriods: z.int().describe('How many further periods what is left can be used in.'),
            })
            .optional()
            .describe('Without it, what is left at the end of a period is lost.'),
        }),
      )
      .max(20)
      .optional()
      .describe('Units or credits that several prices draw on, in the order of the prices.'),
    ...moneyTermsShape(decimal),
    trial: z
      .strictObject({
        days: z.int().describe('From the subscription’s start, 1 to 365.'),
        covers: z.enum(['base_fee', 'everything']).describe('`base_fee`: flat and recurring prices.'),
      })
      .optional(),
    features: z
      .array(z.strictObject({ feature: key(), value: z.union([z.boolean(), z.number(), text(200)]) }))
      .max(200)
      .optional()
      .describe('What the plan offers, for people and entitlements. It changes no amount.'),
    proration: z
      .enum(PRORATIONS)
      .optional()
      .describe('What a change within a period does to flat and recurring fees: each side pays for its time (`second`, when left out), for its local days (`day`: the day of the change is the new terms’), or the terms at the period’s start pay for all of it (`none`).'), // prettier-ignore
    allowancesOnChange: z
      .enum(ALLOWANCES_ON_CHANGE)
      .optional()
      .describe('What a change within a period does to allowances and pools: each side has its share (`prorate`, when left out), all of them (`reset`), or what the other left (`carry`).'), // prettier-ignore
  };
}

/** Terms of a plan that are amounts, which each of its currencies has of its own. */
function moneyTermsShape<D extends z.ZodType>(decimal: DecimalField<D>) {
  return {
    pricingUnits: z
      .array(z.strictObject({ key: key(), name: text(200), rate: decimal('What one of it is in the currency.') }))
      .max(20)
      .optional()
      .describe('Units of your own that prices can be in, such as credits.'),
    ...boundsShape(decimal),
    commitment: z
      .strictObject({
        amount: decimal('Promised for the whole term.'),
        periods: z.int().describe('How many periods the term has, 1 to 120; what is missing is charged in its last.'),
      })
      .optional(),
    discounts: z.array(discountSchema(decimal)).max(20).optional().describe('Given in this order.'),
  };
}

function boundsShape<D extends z.ZodType>(decimal: DecimalField<D>) {
  return {
    minimum: decimal('Charged at least in a period, behind discounts.').optional(),
    maximum: decimal('Charged at most in a period, behind discounts.').optional(),
  };
}

/** The other currencies of a plan: the charges of its prices by key, and its money. */
export function currenciesSchema<D extends z.ZodType, C extends z.ZodType>(decimal: DecimalField<D>, charge: C) {
  const variant = z.strictObject({
    prices: z
      .record(
        key(),
        z.strictObject({
          charge: charge.describe('The whole charge in this currency, by the same model.'),
          ...boundsShape(decimal),
          discounts: z.array(discountSchema(decimal)).max(20).optional(),
        }),
      )
      .describe('By the key of the price; each price that is an amount has to be here.'),
    ...moneyTermsShape(decimal),
  });
  return z.record(currency(), variant).describe('What the plan says in other currencies, by currency.');
}
