import { z } from 'zod';
import { decimalText, scaledToDecimal, toPublicId } from '../kernel';
import { currency, decimalString, instant, key, text } from '../platform/http';
import {
  countsTokens,
  type ModelPrice,
  type NameMatch,
  PRICED_UNITS,
  type PricedUnit,
  type PriceRow,
  SERVICE_CLASS,
  type UnitPriceText,
} from './domain';
import type { StoredPriceRow } from './persistence/price-store';

/** The model of a price that is meant for all names which its match fits. */
const ANY_MODEL = '*';
const TOKENS_PER = '1000000';

const UnitPrices = z.partialRecord(
  z.enum(PRICED_UNITS),
  z.strictObject({
    amount: decimalString({ min: '0' }).describe('Price of `per` units, such as "2.50".'),
    per: z
      .string()
      .max(10)
      .optional()
      .describe(
        'How many units the amount is for: a power of ten, for seconds also "60" and "3600". Tokens: "1000000" without it.',
      ),
    tiers: z
      .array(
        z.strictObject({
          above: z.string().max(15).describe('Holds once the input total of a request is more than this.'),
          amount: decimalString({ min: '0' }).describe('Price of `per` units then.'),
        }),
      )
      .max(20)
      .optional()
      .describe('Steps by context length, ascending; a step holds for all of the unit in the request.'),
  }),
);

const MatchSchema = z
  .strictObject({
    startsWith: text(200).optional(),
    endsWith: text(200).optional(),
    contains: text(200).optional(),
  })
  .refine(
    (match) => Object.values(match).some((part) => part !== undefined),
    'must say at least one of startsWith, endsWith, contains',
  );

/** What every own price and contract says: whose model, when, in which class. */
export const PriceTerms = {
  provider: text(200).describe('The provider as your events name it, such as openai.'),
  model: text(200)
    .refine((name) => name !== ANY_MODEL, 'must be a name; use match for several')
    .optional()
    .describe('The exact name of the model. Letters’ case doesn’t matter.'),
  match: MatchSchema.optional().describe('Instead of a model: the names it holds for. All that is given must fit.'),
  class: z
    .string()
    .regex(SERVICE_CLASS, 'must be a class such as "batch", in lower case')
    .optional()
    .describe(
      'The class of service, as events name it in data.serviceTier: batch, flex, priority, … Without it the standard.',
    ),
  currency: currency().default('USD').describe('Currency of the amounts.'),
  units: UnitPrices.optional().describe(`Price of each unit the model charges for: ${PRICED_UNITS.join(', ')}.`),
  validFrom: instant().optional().describe('The first instant it holds for; without it, all the past.'),
  validTo: instant().optional().describe('The first instant it no longer holds for; without it, open.'),
  confirm: z.boolean().default(false).describe('Says that amounts more than ten times off the catalogue’s are meant.'),
};

const dailyTime = () =>
  z.string().regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, 'must be a time of the UTC day such as "16:30"');

const PriceFields = z.strictObject({
  ...PriceTerms,
  factor: decimalString({ min: '0' })
    .optional()
    .describe(
      'Instead of units, with a class: what the standard price of tokens is multiplied by for that class, such as "0.5".',
    ),
  dailyFrom: dailyTime().optional().describe('Begin of the part of each UTC day it holds for.'),
  dailyTo: dailyTime().optional().describe('End of that part, exclusive; before dailyFrom it runs over midnight.'),
});

const isSaid = (value: unknown): boolean => value !== undefined;

export const AddPriceRequest = PriceFields.refine((price) => isSaid(price.model) !== isSaid(price.match), {
  message: 'must be the name of a model; or say by match which names it is for',
  path: ['model'],
})
  .refine((price) => isSaid(price.factor) || Object.keys(price.units ?? {}).length > 0, {
    message: 'must price at least one unit',
    path: ['units'],
  })
  .refine((price) => !isSaid(price.factor) || isSaid(price.class), {
    message: 'must name the class that the factor is for',
    path: ['class'],
  });

const ContractFields = z.strictObject({
  key: key().describe('Your own id for the contract; costs name it in their breakdown.'),
  name: text(200).describe('For people.'),
  ...PriceTerms,
  discountPercent: decimalString({ min: '0', max: '100' })
    .optional()
    .describe('Instead of units: what comes off the catalogue’s price, such as "15".'),
});

export const AddContractRequest = ContractFields.refine((terms) => !isSaid(terms.model) || !isSaid(terms.match), {
  message: 'must not come with match',
  path: ['model'],
}).refine((terms) => isSaid(terms.discountPercent) !== Object.keys(terms.units ?? {}).length > 0, {
  message: 'must come instead of units, or units instead of it',
  path: ['discountPercent'],
});

const UnitsResponse = z.partialRecord(
  z.enum(PRICED_UNITS),
  z.object({
    amount: z.string(),
    per: z.string(),
    tiers: z.array(z.object({ above: z.string(), amount: z.string() })).optional(),
  }),
);

export const PriceResponse = z.object({
  id: z.string(),
  provider: z.string(),
  model: z.string().nullable().describe('Null where `match` says which names it is for.'),
  match: MatchSchema.nullable().describe('Of own prices only.'),
  class: z.string().nullable().describe('The class of service; null for the standard one.'),
  own: z.boolean().describe('False for the public catalogue’s.'),
  contract: z.string().nullable().describe('Key of the contract that says so.'),
  factor: z.string().nullable().describe('What another price is multiplied by, in place of units.'),
  currency: z.string(),
  validFrom: z.string().nullable(),
  validTo: z.string().nullable(),
  dailyFrom: z.string().nullable(),
  dailyTo: z.string().nullable(),
  units: UnitsResponse,
});

/** A price in force, with all that is multiplied into it. */
export const PriceInForceResponse = PriceResponse.extend({
  factorIds: z.array(z.string()).describe('The own prices and contracts whose factors are in these amounts.'),
});

/** A price that was added, and what may be wrong with it. */
export const PriceAddedResponse = PriceResponse.extend({
  warnings: z
    .array(z.object({ field: z.string(), detail: z.string() }))
    .describe('Amounts more than ten times off the catalogue’s, which `confirm` let through.'),
});

export const ContractResponse = z.object({
  key: z.string(),
  name: z.string(),
  discountPercent: z.string().nullable(),
  price: PriceResponse.omit({ factor: true, contract: true, own: true }),
});

/** A price's number as the API shows it. */
export function toPriceId(id: number): string {
  return toPublicId('modelPrice', `00000000-0000-0000-0000-${id.toString(16).padStart(12, '0')}`);
}

/** The terms of a request as a row of the price book. */
export function toPriceRow(request: Omit<z.output<typeof PriceFields>, 'confirm'>): PriceRow {
  const { provider, model, match, units = {}, factor } = request;
  return {
    provider,
    model: model ?? ANY_MODEL,
    match: model === undefined ? toNameMatch(match ?? {}) : null,
    position: 0,
    validFrom: request.validFrom?.toISOString() ?? null,
    validTo: request.validTo?.toISOString() ?? null,
    dailyFrom: withSeconds(request.dailyFrom),
    dailyTo: withSeconds(request.dailyTo),
    currency: request.currency,
    units: Object.fromEntries(
      Object.entries(units).map(([unit, price]) => [unit, toUnitPrice(unit as PricedUnit, price)]),
    ),
    serviceClass: request.class ?? null,
    factor: factor === undefined ? null : decimalText(factor),
    contract: null,
  };
}

function withSeconds(time: string | undefined): string | null {
  if (time === undefined) return null;
  return time.length === 5 ? `${time}:00` : time;
}

function toUnitPrice(unit: PricedUnit, price: NonNullable<z.output<typeof UnitPrices>[PricedUnit]>): UnitPriceText {
  return {
    // What is not tokens has no usual number that it is priced by, and an empty one is refused by its field.
    per: price.per ?? (countsTokens(unit) ? TOKENS_PER : ''),
    amount: decimalText(price.amount),
    tiers: (price.tiers ?? []).map(({ above, amount }) => ({ above, amount: decimalText(amount) })),
  };
}

function toNameMatch({ startsWith, endsWith, contains }: z.output<typeof MatchSchema>): NameMatch {
  const parts: NameMatch[] = [];
  if (startsWith !== undefined) parts.push({ starts_with: startsWith });
  if (endsWith !== undefined) parts.push({ ends_with: endsWith });
  if (contains !== undefined) parts.push({ contains });
  return { and: parts };
}

function fromNameMatch(match: NameMatch): z.infer<typeof MatchSchema> {
  const shown: z.infer<typeof MatchSchema> = {};
  for (const part of 'and' in match ? match.and : [match]) {
    if ('starts_with' in part) shown.startsWith = part.starts_with;
    if ('ends_with' in part) shown.endsWith = part.ends_with;
    if ('contains' in part) shown.contains = part.contains;
  }
  return shown;
}

/** A stored price as it was added. */
export function toPriceResponse(price: StoredPriceRow): z.infer<typeof PriceResponse> {
  const own = price.organisationId !== null;
  const anyModel = own && price.match !== null;
  return {
    id: toPriceId(price.id),
    provider: price.provider,
    model: anyModel ? null : price.model,
    match: anyModel ? fromNameMatch(price.match) : null,
    class: price.serviceClass ?? null,
    own,
    contract: price.contract ?? null,
    factor: price.factor ?? null,
    currency: price.currency,
    validFrom: price.validFrom,
    validTo: price.validTo,
    dailyFrom: price.dailyFrom,
    dailyTo: price.dailyTo,
    units: price.units as z.infer<typeof UnitsResponse>,
  };
}

/** The price that holds, amounts with every factor in them. */
export function toInForceResponse(row: StoredPriceRow, price: ModelPrice): z.infer<typeof PriceInForceResponse> {
  const { serviceClass, contract, factorIds } = price.origin;
  const multiplied = factorIds.length > 0;
  return {
    ...toPriceResponse(row),
    class: serviceClass,
    contract,
    units: multiplied ? unitsOf(row, price) : (row.units as z.infer<typeof UnitsResponse>),
    factorIds: factorIds.map(toPriceId),
  };
}

function unitsOf(row: StoredPriceRow, price: ModelPrice): z.infer<typeof UnitsResponse> {
  const units = Object.entries(row.units).map(([unit, { per }]) => {
    const { base, tiers } = price.units[unit as PricedUnit]!;
    const amount = (ofOne: bigint) => decimalText(scaledToDecimal(ofOne).times(per));
    return [
      unit,
      {
        per,
        amount: amount(base),
        tiers: tiers.map((tier) => ({ above: String(tier.above), amount: amount(tier.price) })),
      },
    ];
  });
  return Object.fromEntries(units) as z.infer<typeof UnitsResponse>;
}
