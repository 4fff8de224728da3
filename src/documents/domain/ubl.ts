import {
  ConflictError,
  type Currency,
  Decimal,
  decimalText,
  formatAmount,
  invariant,
  minorUnitDecimals,
  sum,
  ZERO,
} from '../../kernel';
import type { DocumentLine, InvoiceDocument, Party } from './invoice-document';
import { element, type Element, toXml } from './xml';

const NAMESPACES = {
  xmlns: 'urn:oasis:names:specification:ubl:schema:xsd:Invoice-2',
  'xmlns:cac': 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2',
  'xmlns:cbc': 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2',
};
/** UNCL1001: a commercial invoice. */
const COMMERCIAL_INVOICE = '380';
/** UN/ECE Recommendation 20: one, for what has no unit of its own. */
const ONE_OF = 'C62';
/** EN 16931 writes amounts with two decimals at most (BR-DEC-*). */
const MOST_DECIMALS = 2;

/** What a document says of all lines together. */
interface Totals {
  readonly lines: Decimal;
  readonly allowances: Decimal;
  readonly charges: Decimal;
  readonly total: Decimal;
}

/**
 * A finalized invoice as EN 16931 has it, written in UBL 2.1. The comments name its business terms; which rules hold, and
 * by what, is a table in docs/documents.md.
 *
 * Prices become lines. What is agreed for the plan as a whole becomes an allowance or a charge of the document, since a
 * line's price may not be below zero (BR-27). Weir bills no tax yet, so everything is "not subject to VAT" (O).
 *
 * @throws ConflictError for a draft, when a country is missing, and for currencies of three decimals
 */
export function ublInvoice(invoice: InvoiceDocument): string {
  const { number, issuedOn, currency } = invoice;
  if (number === null || issuedOn === null) {
    throw new ConflictError('invoice_is_draft', 'Only a finalized invoice has a number, which an e-invoice needs.');
  }
  refuseWhatCannotBeSaid(invoice);
  const [lines, adjustments] = parted(invoice.lines);
  const totals = totalsOf(lines, adjustments);
  invariant(totals.total.equals(invoice.total), 'lines, allowances and charges come to the invoice’s total (BR-CO-13)');

  const amount = (name: string, value: Decimal) => cbc(name, formatAmount(value, currency), { currencyID: currency });
  return toXml(
    element(
      'Invoice',
      [
        cbc('CustomizationID', 'urn:cen.eu:en16931:2017'), // BT-24
        cbc('ID', number), // BT-1
        cbc('IssueDate', issuedOn), // BT-2
        cbc('InvoiceTypeCode', COMMERCIAL_INVOICE), // BT-3
        cbc('DocumentCurrencyCode', currency), // BT-5
        period(invoice.days), // BG-14
        cac('AccountingSupplierParty', [seller(invoice.seller)]), // BG-4
        cac('AccountingCustomerParty', [buyer(invoice.customer)]), // BG-7
        cac('PaymentTerms', [cbc('Note', 'Payable on receipt of this invoice.')]), // BT-20, BR-CO-25
        ...adjustments.map((line) => adjustment(line, amount)), // BG-20, BG-21
        cac('TaxTotal', [
          amount('TaxAmount', ZERO), // BT-110
          cac('TaxSubtotal', [
            amount('TaxableAmount', totals.total), // BT-116
            amount('TaxAmount', ZERO), // BT-117
            taxCategory('TaxCategory', true), // BT-118, BT-120, BT-121
          ]),
        ]),
        cac('LegalMonetaryTotal', [
          amount('LineExtensionAmount', totals.lines), // BT-106
          amount('TaxExclusiveAmount', totals.total), // BT-109
          amount('TaxInclusiveAmount', totals.total), // BT-112
          totals.allowances.isZero() ? null : amount('AllowanceTotalAmount', totals.allowances), // BT-107
          totals.charges.isZero() ? null : amount('ChargeTotalAmount', totals.charges), // BT-108
          amount('PayableAmount', totals.total), // BT-115
        ]),
        ...lines.map((line) => invoiceLine(line, currency)), // BG-25
      ],
      NAMESPACES,
    ),
  );
}

function refuseWhatCannotBeSaid({ seller: from, customer, currency }: InvoiceDocument): void {
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

/** Lines of prices; and what is agreed for the plan as a whole, where it changes something. */
function parted(all: readonly DocumentLine[]): [lines: DocumentLine[], adjustments: DocumentLine[]] {
  const lines = all.filter(({ kind }) => kind === 'price');
  const others = all.filter(({ kind, amount }) => kind !== 'price' && !amount.isZero());
  invariant(lines.length > 0, 'an invoice has a line (BR-16)');
  return [lines, others];
}

function totalsOf(lines: readonly DocumentLine[], adjustments: readonly DocumentLine[]): Totals {
  const amounts = adjustments.map(({ amount }) => amount);
  const ofLines = sum(lines.map(({ amount }) => amount));
  const allowances = sum(amounts.filter((amount) => amount.lessThan(0))).negated();
  const charges = sum(amounts.filter((amount) => amount.greaterThan(0)));
  return { lines: ofLines, allowances, charges, total: ofLines.minus(allowances).plus(charges) };
}

function seller(party: InvoiceDocument['seller']): Element {
  return cac('Party', [
    cac('PartyIdentification', [cbc('ID', party.id)]), // BT-29, BR-CO-26
    address(party), // BG-5
    // Not as a VAT identifier (BT-31), which an invoice outside of VAT may not have (BR-O-02).
    party.taxId === null ? null : cac('PartyTaxScheme', [cbc('CompanyID', party.taxId), scheme('TAX')]), // BT-32
    cac('PartyLegalEntity', [cbc('RegistrationName', party.name)]), // BT-27
    contact(party), // BG-6
  ]);
}

function buyer(party: InvoiceDocument['customer']): Element {
  return cac('Party', [
    cac('PartyIdentification', [cbc('ID', party.id)]), // BT-46
    address(party), // BG-8
    cac('PartyLegalEntity', [cbc('RegistrationName', party.name)]), // BT-44
    contact(party), // BG-9
  ]);
}

function address({ addressLines, city, postalCode, country }: Party): Element {
  const [street, additional, ...more] = addressLines;
  return cac('PostalAddress', [
    street === undefined ? null : cbc('StreetName', street), // BT-35, BT-50
    additional === undefined ? null : cbc('AdditionalStreetName', additional), // BT-36, BT-51
    city === null ? null : cbc('CityName', city), // BT-37, BT-52
    postalCode === null ? null : cbc('PostalZone', postalCode), // BT-38, BT-53
    more.length === 0 ? null : cac('AddressLine', [cbc('Line', more.join(', '))]), // BT-162, BT-163
    cac('Country', [cbc('IdentificationCode', country!)]), // BT-40, BT-55
  ]);
}

function contact({ email }: Party): Element | null {
  return email === null ? null : cac('Contact', [cbc('ElectronicMail', email)]); // BT-43, BT-58
}

function adjustment({ amount, description }: DocumentLine, money: (name: string, value: Decimal) => Element): Element {
  return cac('AllowanceCharge', [
    cbc('ChargeIndicator', amount.lessThan(0) ? 'false' : 'true'),
    cbc('AllowanceChargeReason', description), // BT-97, BT-104
    money('Amount', amount.abs()), // BT-92, BT-99
    taxCategory('TaxCategory', false), // BT-95, BT-102
  ]);
}

/**
 * A line whose amount follows from its own numbers:  amount = quantity × price ÷ base quantity. A charge of tiers has
 * no single unit price that does, so its price is that of the whole quantity:  4,000 units at 33.75 for 4,000.
 */
function invoiceLine(
  { position, description, days, amount, quantity, meter }: DocumentLine,
  currency: Currency,
): Element {
  const measured = meter !== null && quantity.greaterThan(0);
  const units = measured ? quantity : new Decimal(1);
  const size = decimalText(amount.lessThan(0) ? units.negated() : units);
  const inCurrency = { currencyID: currency };
  return cac('InvoiceLine', [
    cbc('ID', String(position)), // BT-126
    cbc('InvoicedQuantity', size, { unitCode: ONE_OF }), // BT-129, BT-130
    cbc('LineExtensionAmount', formatAmount(amount, currency), inCurrency), // BT-131
    period(days), // BG-26
    cac('Item', [cbc('Name', description), taxCategory('ClassifiedTaxCategory', false)]), // BT-153, BT-151
    cac('Price', [
      cbc('PriceAmount', formatAmount(amount.abs(), currency), inCurrency), // BT-146
      cbc('BaseQuantity', decimalText(units), { unitCode: ONE_OF }), // BT-149, BT-150
    ]),
  ]);
}

function period({ first, last }: DocumentLine['days']): Element {
  return cac('InvoicePeriod', [cbc('StartDate', first), cbc('EndDate', last)]);
}

/** "Not subject to VAT" has no rate (BR-O-05) and, in the breakdown, a reason (BR-O-10). */
function taxCategory(name: string, withReason: boolean): Element {
  return cac(name, [
    cbc('ID', 'O'),
    withReason ? cbc('TaxExemptionReasonCode', 'VATEX-EU-O') : null,
    withReason ? cbc('TaxExemptionReason', 'Not subject to VAT') : null,
    scheme('VAT'),
  ]);
}

function scheme(id: string): Element {
  return cac('TaxScheme', [cbc('ID', id)]);
}

const cbc = (name: string, text: string, attributes: Readonly<Record<string, string>> = {}): Element =>
  element(`cbc:${name}`, text, attributes);
const cac = (name: string, parts: readonly (Element | null)[]): Element => element(`cac:${name}`, parts);
