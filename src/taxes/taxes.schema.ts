import { z } from 'zod';
import { country, region } from '../access';
import { decimalText, formatAmount, minorUnitDecimals, toPublicId } from '../kernel';
import { currency, decimalString, key, PageQuery, reference, text } from '../platform/http';
import {
  type InvoiceTaxes,
  type NewTaxRate,
  type OwedTax,
  TAX_BEHAVIOURS,
  TAX_CATEGORIES,
  TAX_STATUSES,
} from './domain';
import type { StoredCustomerTax } from './persistence/customer-tax-store';
import type { DatedTaxRate } from './persistence/tax-rate-store';

const day = () => z.iso.date('must be a day such as 2026-07-01');
const taxCode = () => key();

export const CreateTaxRateRequest = z.strictObject({
  key: key().describe('Your own name for the rate, such as `de-vat`. Versions of one rate have one key.'),
  name: text(100).describe('As it stands on invoices, such as `VAT` or `GST`.'),
  tax: key()
    .default('vat')
    .describe('Which tax it is a rate of: of one tax a line bears the narrowest rate that fits, and taxes add up.'),
  percent: decimalString({ min: '0', max: '100' }).describe('In per cent, such as "9.975".'),
  behaviour: z
    .enum(TAX_BEHAVIOURS)
    .default('exclusive')
    .describe('Whether it comes on top of prices that don’t say it themselves, or lies within them.'),
  category: z
    .enum(TAX_CATEGORIES)
    .default('S')
    .describe(
      'By UNTDID 5305: `S` above 0 %; at 0 % `Z` zero-rated, `E` exempt, `AE` reverse charge, `K` supply within the EU, `G` export, `O` not subject to tax.',
    ),
  reason: text(200).nullish().describe('Why nothing is asked, as invoices state it; needed for `E`.'),
  country: country().nullish().describe('Where the customer is; without it, everywhere that no rate for a country is.'),
  region: region().nullish().describe('Only this part of the country: what ISO 3166-2 has behind the hyphen.'),
  city: text(100).nullish().describe('Only this city, however its capitals are written in billing details.'),
  taxCode: taxCode()
    .nullish()
    .describe('Only prices and items with this code; without it, all that no other rate is for.'),
  validFrom: day().nullish().describe('The first day of service it holds for; without it, all the past.'),
  validTo: day().nullish().describe('The first day it no longer holds for; without it, open.'),
});

export function toNewTaxRate(request: z.output<typeof CreateTaxRateRequest>): NewTaxRate {
  const { reason, country: land, region: part, city, taxCode: code, validFrom, validTo, ...rate } = request;
  return {
    ...rate,
    reason: reason ?? null,
    country: land ?? null,
    region: part ?? null,
    city: city ?? null,
    taxCode: code ?? null,
    validFrom: validFrom ?? null,
    validTo: validTo ?? null,
  };
}

export const TaxRateResponse = z.object({
  id: z.string().describe('Of this version.'),
  key: z.string(),
  name: z.string(),
  tax: z.string(),
  percent: z.string(),
  behaviour: z.enum(TAX_BEHAVIOURS),
  category: z.enum(TAX_CATEGORIES),
  reason: z.string().nullable(),
  country: z.string().nullable(),
  region: z.string().nullable(),
  city: z.string().nullable(),
  taxCode: z.string().nullable(),
  validFrom: z.string().nullable(),
  validTo: z.string().nullable(),
  createdAt: z.string(),
  archivedAt: z.string().nullable().describe('Since when no line bears it any more.'),
});

export function toTaxRateResponse(rate: DatedTaxRate): z.infer<typeof TaxRateResponse> {
  return {
    ...rate,
    id: toPublicId('taxRate', rate.id),
    percent: decimalText(rate.percent),
    createdAt: rate.createdAt.toISOString(),
    archivedAt: rate.archivedAt?.toISOString() ?? null,
  };
}

export const TaxRatesQuery = PageQuery.extend({
  key: reference().optional().describe('Only versions of this rate.'),
  country: country().optional().describe('Only rates for this country.'),
  archived: z.enum(['true', 'false']).optional().describe('With `true` also those that were archived.'),
});
export const ArchivedResponse = z.object({ items: z.array(TaxRateResponse).describe('The versions that were named.') });

export const CustomerTaxRequest = z.strictObject({
  status: z
    .enum(TAX_STATUSES)
    .describe(
      '`taxed` by the rates of where they are; `exempt` bears none; under `reverse_charge` the customer owes it themselves.',
    ),
  reason: text(200).nullish().describe('Why no tax is asked, as invoices state it; needed for `exempt`.'),
  rates: z
    .array(key())
    .max(20)
    .nullish()
    .describe('Keys of rates that the customer bears in place of those of where they are; without it, those.'),
});
export const CustomerTaxResponse = z.object({
  customer: z.string(),
  status: z.enum(TAX_STATUSES),
  reason: z.string().nullable(),
  rates: z.array(z.string()).nullable(),
  place: z
    .object({ country: z.string().nullable(), region: z.string().nullable(), city: z.string().nullable() })
    .describe('By which rates are found: of the billing details.'),
  taxId: z.string().nullable().describe('Of the billing details; nothing is looked up.'),
  changedAt: z.string().nullable().describe('When this was said; null for `taxed` by default.'),
});

export function toCustomerTaxResponse(
  customerId: string,
  { status, reason, rates, place, taxId, changedAt }: StoredCustomerTax,
): z.infer<typeof CustomerTaxResponse> {
  return {
    customer: toPublicId('customer', customerId),
    status,
    reason,
    rates: rates === null ? null : [...rates],
    place: { ...place },
    taxId,
    changedAt: changedAt?.toISOString() ?? null,
  };
}

export const TaxPreviewRequest = z
  .strictObject({
    customer: reference().describe('Who would receive the invoice, by key or id.'),
    currency: currency(),
    lines: z
      .array(
        z.strictObject({
          amount: decimalString().describe('In the line’s own terms; below zero for a credit.'),
          taxCode: taxCode().nullish().describe('What is sold, by a code that rates name.'),
          behaviour: z.enum(TAX_BEHAVIOURS).nullish().describe('Without it, as the rate says.'),
          on: day().optional().describe('The last day of the service; today for the customer without it.'),
        }),
      )
      .min(1)
      .max(1_000),
  })
  .superRefine(({ currency: code, lines }, context) => {
    if (!/^[A-Z]{3}$/.test(code)) return;
    lines.forEach(({ amount }, index) => {
      if (amount.decimalPlaces() <= minorUnitDecimals(code)) return;
      const message = `must be rounded to the minor unit of ${code}`;
      context.addIssue({ code: 'custom', path: ['lines', index, 'amount'], message });
    });
  });

const OwedTaxResponse = z.object({
  key: z.string(),
  name: z.string(),
  percent: z.string(),
  behaviour: z.enum(TAX_BEHAVIOURS),
  category: z.enum(TAX_CATEGORIES),
  reason: z.string().nullable(),
  base: z.string().describe('What is taxed: without any tax.'),
  amount: z.string(),
});
export const TaxPreviewResponse = z.object({
  lines: z
    .array(
      z.object({
        net: z.string().describe('Without tax: what is earned.'),
        tax: z.string(),
        gross: z.string().describe('What is asked.'),
        taxes: z.array(OwedTaxResponse),
      }),
    )
    .describe('In the order of the request.'),
  taxes: z.array(OwedTaxResponse).describe('By rate. The taxes of the lines add up to them.'),
  net: z.string(),
  tax: z.string(),
  gross: z.string(),
});

export function toTaxPreviewResponse(code: string, invoice: InvoiceTaxes): z.infer<typeof TaxPreviewResponse> {
  const money = (amount: InvoiceTaxes['tax']): string => formatAmount(amount, code);
  const owed = ({ rate, base, amount }: OwedTax): z.infer<typeof OwedTaxResponse> => ({
    ...rate,
    percent: decimalText(rate.percent),
    base: money(base),
    amount: money(amount),
  });
  const totals = ({ net, tax, gross }: Pick<InvoiceTaxes, 'net' | 'tax' | 'gross'>) => ({
    net: money(net),
    tax: money(tax),
    gross: money(gross),
  });
  return {
    lines: invoice.lines.map((line) => ({ ...totals(line), taxes: line.taxes.map(owed) })),
    taxes: invoice.taxes.map(owed),
    ...totals(invoice),
  };
}
