import fc from 'fast-check';
import { documentLine, documentOf } from '../../../test/support/documents';
import { Decimal, roundToMinorUnit, sum } from '../../kernel';
import { linesCsv } from './lines-csv';
import { ublInvoice } from './ubl';

/** All texts of the elements on this way, such as `LegalMonetaryTotal PayableAmount`, in their order. */
function texts(xml: string, ...way: string[]): string[] {
  let parts = [xml];
  for (const name of way) {
    const inside = new RegExp(`<c[ab]c:${name}(?: [^>]*)?>([\\s\\S]*?)</c[ab]c:${name}>`, 'g');
    parts = parts.flatMap((part) => [...part.matchAll(inside)].map(([, text]) => text!));
  }
  return parts;
}
const text = (xml: string, ...way: string[]): string | undefined => texts(xml, ...way)[0];
const number = (xml: string, ...way: string[]): Decimal => new Decimal(text(xml, ...way) ?? '0');

/** 99.00 + 33.75 − 13.28 + 5.00 = 124.47 */
const MIXED = documentOf([
  documentLine('base', '99.00', { description: 'Base fee' }),
  documentLine('tokens', '33.75', { description: 'Tokens <in & out>', meter: 'Tokens', quantity: '4000', events: 12 }),
  documentLine('credits', '-1.50', { description: 'Reversed outcomes', meter: 'Outcomes', quantity: '3' }),
  documentLine('unused', '0', { description: 'Images', meter: 'Images', quantity: '0' }),
  documentLine('plan:discount:early', '-13.28', { kind: 'discount', description: 'Early customer' }),
  documentLine('plan:minimum', '6.50', { kind: 'minimum', description: 'Minimum' }),
  documentLine('plan:maximum', '0', { kind: 'maximum', description: 'Maximum' }),
]);

describe('an e-invoice', () => {
  const xml = ublInvoice(MIXED);

  it.each`
    term        | way                                                                    | says
    ${'BT-24'}  | ${['CustomizationID']}                                                 | ${['urn:cen.eu:en16931:2017']}
    ${'BT-2'}   | ${['IssueDate']}                                                       | ${['2026-03-02']}
    ${'BT-3'}   | ${['InvoiceTypeCode']}                                                 | ${['380']}
    ${'BT-5'}   | ${['DocumentCurrencyCode']}                                            | ${['USD']}
    ${'BT-27'}  | ${['AccountingSupplierParty', 'PartyLegalEntity', 'RegistrationName']} | ${['Nordlicht AI GmbH']}
    ${'BT-29'}  | ${['AccountingSupplierParty', 'PartyIdentification', 'ID']}            | ${['org_1']}
    ${'BT-32'}  | ${['AccountingSupplierParty', 'PartyTaxScheme', 'CompanyID']}          | ${['DE123456789']}
    ${'BT-36'}  | ${['AccountingSupplierParty', 'AdditionalStreetName']}                 | ${['Hinterhaus']}
    ${'BT-40'}  | ${['AccountingSupplierParty', 'Country', 'IdentificationCode']}        | ${['DE']}
    ${'BT-43'}  | ${['AccountingSupplierParty', 'ElectronicMail']}                       | ${['billing@nordlicht.example']}
    ${'BT-44'}  | ${['AccountingCustomerParty', 'PartyLegalEntity', 'RegistrationName']} | ${['Acme &amp; Sons &quot;Inc.&quot;']}
    ${'BT-55'}  | ${['AccountingCustomerParty', 'Country', 'IdentificationCode']}        | ${['US']}
    ${'BT-20'}  | ${['PaymentTerms', 'Note']}                                            | ${['Payable on receipt of this invoice.']}
    ${'BT-92'}  | ${['AllowanceCharge', 'Amount']}                                       | ${['13.28', '6.50']}
    ${'BT-97'}  | ${['AllowanceCharge', 'AllowanceChargeReason']}                        | ${['Early customer', 'Minimum']}
    ${'BG-20'}  | ${['AllowanceCharge', 'ChargeIndicator']}                              | ${['false', 'true']}
    ${'BT-106'} | ${['LegalMonetaryTotal', 'LineExtensionAmount']}                       | ${['131.25']}
    ${'BT-107'} | ${['LegalMonetaryTotal', 'AllowanceTotalAmount']}                      | ${['13.28']}
    ${'BT-108'} | ${['LegalMonetaryTotal', 'ChargeTotalAmount']}                         | ${['6.50']}
    ${'BT-109'} | ${['LegalMonetaryTotal', 'TaxExclusiveAmount']}                        | ${['124.47']}
    ${'BT-112'} | ${['LegalMonetaryTotal', 'TaxInclusiveAmount']}                        | ${['124.47']}
    ${'BT-115'} | ${['LegalMonetaryTotal', 'PayableAmount']}                             | ${['124.47']}
    ${'BT-116'} | ${['TaxSubtotal', 'TaxableAmount']}                                    | ${['124.47']}
    ${'BT-121'} | ${['TaxSubtotal', 'TaxExemptionReasonCode']}                           | ${['VATEX-EU-O']}
    ${'BT-126'} | ${['InvoiceLine', 'ID']}                                               | ${['1', 'O', 'VAT', '2', 'O', 'VAT', '3', 'O', 'VAT', '4', 'O', 'VAT']}
    ${'BT-129'} | ${['InvoiceLine', 'InvoicedQuantity']}                                 | ${['1', '4000', '-3', '1']}
    ${'BT-131'} | ${['InvoiceLine', 'LineExtensionAmount']}                              | ${['99.00', '33.75', '-1.50', '0.00']}
    ${'BT-146'} | ${['InvoiceLine', 'PriceAmount']}                                      | ${['99.00', '33.75', '1.50', '0.00']}
    ${'BT-149'} | ${['InvoiceLine', 'BaseQuantity']}                                     | ${['1', '4000', '3', '1']}
    ${'BT-153'} | ${['InvoiceLine', 'Name']}                                             | ${['Base fee', 'Tokens &lt;in &amp; out&gt;', 'Reversed outcomes', 'Images']}
  `('$term is $says', ({ way, says }: { way: string[]; says: string[] }) => {
    expect(texts(xml, ...way)).toEqual(says);
  });

  it('has its parts in the order of UBL', () => {
    const inner = xml.split('\n').filter((line) => /^ {2}<c/.test(line));
    const names = inner.map((line) => /<c[ab]c:(\w+)/.exec(line)![1]!);
    expect([...new Set(names)]).toEqual([
      ...['CustomizationID', 'ID', 'IssueDate', 'InvoiceTypeCode', 'DocumentCurrencyCode', 'InvoicePeriod'],
      ...['AccountingSupplierParty', 'AccountingCustomerParty', 'PaymentTerms', 'AllowanceCharge', 'TaxTotal'],
      ...['LegalMonetaryTotal', 'InvoiceLine'],
    ]);
  });

  it('is well-formed: every element that is opened is closed, in order', () => {
    const open: string[] = [];
    for (const [, closing, name] of xml.matchAll(/<(\/?)([\w:]+)[^>?]*>/g)) {
      if (closing === '') open.push(name!);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });
});

it.each`
  document                                                                       | code                         | because
  ${documentOf(MIXED.lines, { number: null, issuedOn: null })}                   | ${'invoice_is_draft'}        | ${'BT-1 is mandatory'}
  ${documentOf(MIXED.lines, { seller: { ...MIXED.seller, country: null } })}     | ${'billing_details_missing'} | ${'BT-40 is mandatory (BR-09)'}
  ${documentOf(MIXED.lines, { customer: { ...MIXED.customer, country: null } })} | ${'billing_details_missing'} | ${'BT-55 is mandatory (BR-11)'}
  ${documentOf([documentLine('base', '1.234')], { currency: 'KWD' })}            | ${'e_invoice_currency'}      | ${'amounts have two decimals at most (BR-DEC)'}
`('is refused ($code): $because', ({ document, code }) => {
  expect(() => ublInvoice(document)).toThrow(expect.objectContaining({ code }));
});

describe('whatever the lines', () => {
  const cents = fc.integer({ min: -10_000_000, max: 10_000_000 }).map((value) => new Decimal(value).dividedBy(100));
  const lineOf = fc.record({
    amount: cents,
    kind: fc.constantFrom('price', 'price', 'discount', 'minimum', 'maximum', 'true_up', 'adjustment'),
    quantity: fc.integer({ min: 0, max: 1_000_000 }).map((value) => new Decimal(value).dividedBy(1_000).toFixed()),
    meter: fc.constantFrom(null, 'Tokens'),
  });
  const invoices = fc
    .array(lineOf, { minLength: 1, maxLength: 12 })
    .map((lines) =>
      documentOf([
        documentLine('first', '1.00'),
        ...lines.map(({ amount, ...more }, index) => documentLine(`line-${index}`, amount.toFixed(2), more)),
      ]),
    );

  it('the sums of EN 16931 hold (BR-CO-10, 11, 12, 13, 14, 15, 16, 17; BR-27; BR-DEC)', () => {
    fc.assert(
      fc.property(invoices, (invoice) => {
        const xml = ublInvoice(invoice);
        const total = (name: string) => number(xml, 'LegalMonetaryTotal', name);
        const totalOf = (parts: string[]) => sum(parts.map((each) => new Decimal(each)));
        const charges = texts(xml, 'AllowanceCharge').map(
          (each) => `<cac:AllowanceCharge>${each}</cac:AllowanceCharge>`,
        );
        const ofKind = (indicator: string) => charges.filter((each) => text(each, 'ChargeIndicator') === indicator);
        const amounts = (parts: string[]) => totalOf(parts.flatMap((each) => texts(each, 'AllowanceCharge', 'Amount')));

        expect(total('LineExtensionAmount')).toEqual(totalOf(texts(xml, 'InvoiceLine', 'LineExtensionAmount')));
        expect(total('AllowanceTotalAmount')).toEqual(amounts(ofKind('false')));
        expect(total('ChargeTotalAmount')).toEqual(amounts(ofKind('true')));
        const net = total('LineExtensionAmount').minus(total('AllowanceTotalAmount')).plus(total('ChargeTotalAmount'));
        expect(total('TaxExclusiveAmount')).toEqual(net);
        expect(number(xml, 'TaxTotal', 'TaxAmount')).toEqual(totalOf(texts(xml, 'TaxSubtotal', 'TaxAmount')));
        expect(total('TaxInclusiveAmount')).toEqual(net.plus(number(xml, 'TaxTotal', 'TaxAmount')));
        expect(total('PayableAmount')).toEqual(total('TaxInclusiveAmount'));
        expect(total('PayableAmount').equals(invoice.total)).toBe(true);

        for (const line of texts(xml, 'InvoiceLine')) {
          const price = number(line, 'Price', 'PriceAmount');
          expect(price.greaterThanOrEqualTo(0)).toBe(true);
          const amount = number(line, 'InvoicedQuantity').times(price).dividedBy(number(line, 'BaseQuantity'));
          expect(roundToMinorUnit(amount, 'USD')).toEqual(number(line, 'LineExtensionAmount'));
        }
        for (const [, amount] of xml.matchAll(/currencyID="USD">([^<]*)</g)) expect(amount).toMatch(/^-?\d+\.\d\d$/);
      }),
    );
  });

  it('the amounts of the CSV add up to the total', () => {
    fc.assert(
      fc.property(invoices, (invoice) => {
        const rows = linesCsv(invoice).trimEnd().split('\r\n').slice(1);
        expect(sum(rows.map((row) => new Decimal(row.split(',')[11]!))).equals(invoice.total)).toBe(true);
      }),
    );
  });
});
