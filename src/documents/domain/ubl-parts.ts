import { ConflictError, minorUnitDecimals } from '../../kernel';
import type { Days, InvoiceDocument, Party } from './invoice-document';
import { element, type Element } from './xml';

/** What EN 16931 calls itself (BT-24). */
export const CUSTOMIZATION = 'urn:cen.eu:en16931:2017';
/** UN/ECE Recommendation 20: one, for what has no unit of its own. */
export const ONE_OF = 'C62';
/** EN 16931 writes amounts with two decimals at most (BR-DEC-*). */
const MOST_DECIMALS = 2;

export function namespacesOf(document: 'Invoice' | 'CreditNote'): Readonly<Record<string, string>> {
  return {
    xmlns: `urn:oasis:names:specification:ubl:schema:xsd:${document}-2`,
    'xmlns:cac': 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2',
    'xmlns:cbc': 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2',
  };
}

/** @throws ConflictError when a country is missing, and for currencies of three decimals */
export function refuseWhatCannotBeSaid({
  seller: from,
  customer,
  currency,
}: Pick<InvoiceDocument, 'seller' | 'customer' | 'currency'>): void {
  const missing = [
    from.country === null ? 'your own country (PATCH /v1/organisation)' : '',
    customer.country === null ? `the country of '${customer.key}' (PATCH /v1/customers/${customer.key})` : '',
  ].filter((each) => each !== '');
  if (missing.length > 0) {
    throw new ConflictError('billing_details_missing', `An e-invoice needs ${missing.join(' and ')} in the billing details.`); // prettier-ignore
  }
  if (minorUnitDecimals(currency) > MOST_DECIMALS) {
    throw new ConflictError('e_invoice_currency', `EN 16931 writes amounts with two decimals at most, and ${currency} has ${minorUnitDecimals(currency)}.`); // prettier-ignore
  }
}

/** @param vat the VAT number (BT-31); null outside of VAT, where none may stand (BR-O-02) */
export function seller(party: InvoiceDocument['seller'], vat: string | null): Element {
  const registration = vat === null ? party.taxId : null;
  return cac('Party', [
    cac('PartyIdentification', [cbc('ID', party.id)]), // BT-29, BR-CO-26
    address(party), // BG-5
    vat === null ? null : cac('PartyTaxScheme', [cbc('CompanyID', vat), scheme('VAT')]), // BT-31
    registration === null ? null : cac('PartyTaxScheme', [cbc('CompanyID', registration), scheme('TAX')]), // BT-32
    cac('PartyLegalEntity', [cbc('RegistrationName', party.name)]), // BT-27
    contact(party), // BG-6
  ]);
}

/**
 * @param vat          the VAT number (BT-48); null for none, and outside of VAT (BR-O-02)
 * @param registration another id that the tax office knows the buyer by (BT-47); null for none
 */
export function buyer(
  party: InvoiceDocument['customer'],
  { vat, registration }: { readonly vat: string | null; readonly registration: string | null },
): Element {
  return cac('Party', [
    cac('PartyIdentification', [cbc('ID', party.id)]), // BT-46
    address(party), // BG-8
    vat === null ? null : cac('PartyTaxScheme', [cbc('CompanyID', vat), scheme('VAT')]), // BT-48
    cac('PartyLegalEntity', [
      cbc('RegistrationName', party.name), // BT-44
      registration === null ? null : cbc('CompanyID', registration), // BT-47
    ]),
    contact(party), // BG-9
  ]);
}

/** Where a supply within the European Union goes to (BG-13, BR-IC-12). */
export function delivery({ country }: Party): Element {
  return cac('Delivery', [
    cac('DeliveryLocation', [cac('Address', [cac('Country', [cbc('IdentificationCode', country!)])])]), // BT-80
  ]);
}

export function period({ first, last }: Days): Element {
  return cac('InvoicePeriod', [cbc('StartDate', first), cbc('EndDate', last)]);
}

export function scheme(id: string): Element {
  return cac('TaxScheme', [cbc('ID', id)]);
}

export const cbc = (name: string, text: string, attributes: Readonly<Record<string, string>> = {}): Element =>
  element(`cbc:${name}`, text, attributes);
export const cac = (name: string, parts: readonly (Element | null)[]): Element => element(`cac:${name}`, parts);

function address({ addressLines, city, postalCode, region, country }: Party): Element {
  const [street, additional, ...more] = addressLines;
  return cac('PostalAddress', [
    street === undefined ? null : cbc('StreetName', street), // BT-35, BT-50
    additional === undefined ? null : cbc('AdditionalStreetName', additional), // BT-36, BT-51
    city === null ? null : cbc('CityName', city), // BT-37, BT-52
    postalCode === null ? null : cbc('PostalZone', postalCode), // BT-38, BT-53
    region === null ? null : cbc('CountrySubentity', region), // BT-39, BT-54
    more.length === 0 ? null : cac('AddressLine', [cbc('Line', more.join(', '))]), // BT-162, BT-163
    cac('Country', [cbc('IdentificationCode', country!)]), // BT-40, BT-55
  ]);
}

function contact({ email }: Party): Element | null {
  return email === null ? null : cac('Contact', [cbc('ElectronicMail', email)]); // BT-43, BT-58
}
