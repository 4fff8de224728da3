import { z } from 'zod';
import { text } from '../platform/http';
import type { BillingDetails } from './domain';

/** A country, held against those that this runtime has a name for. */
const COUNTRY_NAMES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
export const country = () =>
  z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 code such as DE')
    .refine(
      (code) => !/^[A-Z]{2}$/.test(code) || COUNTRY_NAMES.of(code) !== undefined,
      'must be a country of ISO 3166-1',
    );

/** A part of a country, as ISO 3166-2 has it behind the hyphen: the `QC` of CA-QC. */
export const region = () =>
  z.string().regex(/^[A-Z0-9]{1,3}$/, 'must be the part of ISO 3166-2 behind the hyphen, such as QC');

/** Billing details of a request. What is left out is not told. */
export const BillingDetailsRequest = z.strictObject({
  legalName: text(200).nullish().describe('The name on the invoice, where it is another one than the name you use.'),
  addressLines: z.array(text(200)).max(4).default([]).describe('Street, building and the like, a line each.'),
  city: text(100).nullish(),
  region: region()
    .nullish()
    .describe('Province, state or the like: what ISO 3166-2 has behind the hyphen. Tax rates are found by it.'),
  postalCode: text(20).nullish(),
  country: country().nullish().describe('ISO 3166-1, two letters. E-invoices need it of both parties.'),
  taxId: text(50).nullish().describe('Printed as it is given; nothing is looked up.'),
  email: z.email().max(254).nullish().describe('Printed on invoices. Nothing is sent to it.'),
});

export const BillingDetailsResponse = z.object({
  legalName: z.string().nullable(),
  addressLines: z.array(z.string()),
  city: z.string().nullable(),
  region: z.string().nullable(),
  postalCode: z.string().nullable(),
  country: z.string().nullable(),
  taxId: z.string().nullable(),
  email: z.string().nullable(),
});

export function toBillingDetails(request: z.output<typeof BillingDetailsRequest>): BillingDetails {
  return {
    legalName: request.legalName ?? null,
    addressLines: request.addressLines,
    city: request.city ?? null,
    region: request.region ?? null,
    postalCode: request.postalCode ?? null,
    country: request.country ?? null,
    taxId: request.taxId ?? null,
    email: request.email ?? null,
  };
}

export function toBillingDetailsResponse(
  details: BillingDetails | null,
): z.infer<typeof BillingDetailsResponse> | null {
  if (details === null) return null;
  const { legalName, addressLines, city, region: part, postalCode, country: land, taxId, email } = details;
  return { legalName, addressLines: [...addressLines], city, region: part, postalCode, country: land, taxId, email };
}
