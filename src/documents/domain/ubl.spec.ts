import fc from 'fast-check';
import { documentLine, documentOf, taxRate } from '../../../test/support/documents';
import { Decimal, roundToMinorUnit, sum } from '../../kernel';
import { linesCsv } from './lines-csv';
import type { CreditNoteDocument, InvoiceDocument } from './invoice-document';
import { ublInvoice } from './ubl';
import { ublCreditNote } from './ubl-credit-note';

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
    ${'BT-54'}  | ${['AccountingCustomerParty', 'CountrySubentity']}                     | ${['CA']}
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

const zero = (category: 'E' | 'AE' | 'K' | 'G' | 'O', reason: string | null = null) => taxRate('VAT', '0', { category, reason }); // prettier-ignore
const FRANCE = { ...MIXED.customer, country: 'FR', taxId: 'FR40303265045' };
const of = (rates: Parameters<typeof documentLine>[2], more: Partial<InvoiceDocument> = {}): InvoiceDocument =>
  documentOf([documentLine('base', '100.00', rates)], { customer: FRANCE, ...more });

describe('the VAT categories', () => {
  it.each`
    rates                                          | categories | tax        | reason                       | because
    ${[taxRate('VAT', '19')]}                      | ${'S'}     | ${'19.00'} | ${undefined}                 | ${'taxed: a rate and no reason (BR-S-10)'}
    ${[taxRate('VAT', '0')]}                       | ${'Z'}     | ${'0.00'}  | ${undefined}                 | ${'zero-rated has no reason either (BR-Z-10)'}
    ${[zero('E', 'Exempt by § 4 No 21')]}          | ${'E'}     | ${'0.00'}  | ${'Exempt by § 4 No 21'}     | ${'exempt has its own reason (BR-E-10)'}
    ${[zero('AE', 'Reverse charge')]}              | ${'AE'}    | ${'0.00'}  | ${'Reverse charge'}          | ${'the customer owes it (BR-AE-10)'}
    ${[zero('K', 'Intra-community supply')]}       | ${'K'}     | ${'0.00'}  | ${'Intra-community supply'}  | ${'within the union (BR-IC-10)'}
    ${[zero('G')]}                                 | ${'G'}     | ${'0.00'}  | ${'Export outside the EU'}   | ${'abroad; without a reason of one’s own the category’s (BR-G-10)'}
    ${[]}                                          | ${'O'}     | ${'0.00'}  | ${'Not subject to VAT'}      | ${'outside of VAT (BR-O-10)'}
  `('$categories: $because', ({ rates, categories, tax, reason }) => {
    const xml = ublInvoice(of({ rates }));
    expect(texts(xml, 'TaxSubtotal', 'TaxCategory', 'ID')[0]).toBe(categories);
    expect(text(xml, 'InvoiceLine', 'ClassifiedTaxCategory', 'ID')).toBe(categories);
    expect(text(xml, 'TaxTotal', 'TaxAmount')).toBe(tax);
    expect(text(xml, 'TaxSubtotal', 'TaxExemptionReason')).toBe(reason);
    // Outside of VAT there is no rate (BR-O-05) and no VAT number (BR-O-02); everywhere else there is.
    const outside = categories === 'O';
    expect(text(xml, 'InvoiceLine', 'Percent') === undefined).toBe(outside);
    expect(text(xml, 'AccountingSupplierParty', 'PartyTaxScheme', 'TaxScheme', 'ID')).toBe(outside ? 'TAX' : 'VAT');
    expect(text(xml, 'AccountingCustomerParty', 'PartyTaxScheme', 'CompanyID')).toBe(outside ? undefined : 'FR40303265045'); // prettier-ignore
    // A supply within the union says where it goes (BR-IC-12).
    expect(text(xml, 'Delivery', 'IdentificationCode')).toBe(categories === 'K' ? 'FR' : undefined);
  }); // prettier-ignore

  it.each`
    document                                                                                                      | code                         | because
    ${of({ rates: [taxRate('GST', '5'), taxRate('QST', '9.975')] })}                                              | ${'e_invoice_taxes'}         | ${'a line has one VAT rate'}
    ${documentOf([documentLine('a', '1.00', { rates: [taxRate('VAT', '19')] }), documentLine('b', '1.00')])}      | ${'e_invoice_taxes'}         | ${'O beside others (BR-O-11)'}
    ${of({ rates: [taxRate('VAT', '19')] }, { seller: { ...MIXED.seller, taxId: null } })}                        | ${'billing_details_missing'} | ${'the seller has a tax id (BR-S-02)'}
    ${of({ rates: [zero('AE')] }, { customer: { ...FRANCE, taxId: null } })}                                      | ${'billing_details_missing'} | ${'so has the buyer who owes the tax (BR-AE-02)'}
    ${of({ rates: [zero('K')] }, { customer: { ...FRANCE, taxId: '303 265 045' } })}                              | ${'billing_details_missing'} | ${'within the union it is a VAT number (BR-IC-02)'}
    ${documentOf([])}                                                                                             | ${'e_invoice_empty'}         | ${'there is a line (BR-16)'}
  `('is refused ($code): $because', ({ document, code }) => {
    expect(() => ublInvoice(document as InvoiceDocument)).toThrow(expect.objectContaining({ code }));
  }); // prettier-ignore

  it('credit is prepaid (BT-113), what was paid later isn’t said; the due day takes the place of terms', () => {
    const invoice = of({ rates: [taxRate('VAT', '19')] }, { creditApplied: new Decimal('20'), amountPaid: new Decimal('99'), dueOn: '2026-04-01', memo: 'Order 1' }); // prettier-ignore
    const xml = ublInvoice(invoice);
    expect(text(xml, 'PrepaidAmount')).toBe('20.00');
    expect(text(xml, 'PayableAmount')).toBe('99.00');
    expect([text(xml, 'DueDate'), text(xml, 'PaymentTerms'), text(xml, 'Note')]).toEqual(['2026-04-01', undefined, 'Order 1']); // prettier-ignore
  });

  const cents = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((value) => new Decimal(value).dividedBy(100));
  const rates = fc.constantFrom(
    taxRate('VAT', '19'),
    taxRate('VAT', '7'),
    taxRate('VAT', '19', { key: 'within', behaviour: 'inclusive' }),
    taxRate('VAT', '0'),
    zero('AE'),
  );
  const taxed = fc
    .array(fc.record({ amount: cents, rate: rates, kind: fc.constantFrom('price', 'credit', 'discount', 'item') }), {
      minLength: 1,
      maxLength: 8,
    })
    .map((lines) => {
      const made = lines.map(({ amount, rate, kind }, index) =>
        documentLine(`line-${index}`, amount.toFixed(2), { kind, rates: [rate] }),
      );
      return documentOf(made, { customer: FRANCE });
    });

  it('the sums hold with taxes, too: each breakdown is its lines (BR-S-08), tax follows from it (BR-S-09), totals add up', () => {
    fc.assert(
      fc.property(taxed, (invoice) => {
        const xml = ublInvoice(invoice);
        const total = (name: string) => number(xml, 'LegalMonetaryTotal', name);
        const parts = texts(xml, 'TaxSubtotal');
        const bases = sum(parts.map((part) => number(part, 'TaxableAmount')));
        const tax = sum(parts.map((part) => new Decimal(texts(part, 'TaxAmount')[0]!)));
        expect(bases.equals(total('TaxExclusiveAmount'))).toBe(true);
        expect(tax.equals(number(xml, 'TaxTotal', 'TaxAmount'))).toBe(true);
        expect(total('TaxInclusiveAmount').equals(invoice.total)).toBe(true);
        expect(total('TaxExclusiveAmount').plus(tax).equals(invoice.total)).toBe(true);
        const net = total('LineExtensionAmount').minus(total('AllowanceTotalAmount')).plus(total('ChargeTotalAmount'));
        expect(net.equals(invoice.subtotal)).toBe(true);
        expect(new Set(parts.map((part) => `${text(part, 'ID')} ${text(part, 'Percent')}`)).size).toBe(parts.length);
        for (const part of parts) {
          // A tax within a price was rounded on the price, and two ways of taxing may share a breakdown.
          const exact = number(part, 'TaxableAmount').times(number(part, 'Percent')).dividedBy(100);
          expect(exact.minus(texts(part, 'TaxAmount')[0]!).abs().lessThanOrEqualTo('0.02')).toBe(true);
        }
      }),
    );
  });
});

it('a credit note is of type 381, names its invoice, and its amounts are above zero', () => {
  const { subtotal, taxes, taxTotal, total, lines, seller, customer, currency, madeAt } = of({ rates: [taxRate('VAT', '19')] }); // prettier-ignore
  const note: CreditNoteDocument = {
    ...{
      id: 'crn_1',
      number: 'CN-000001',
      invoice: { number: 'INV-000042', issuedOn: '2026-03-02' },
      seller,
      customer,
    },
    ...{ givenAs: 'refund', reason: 'Outage', issuedOn: '2026-03-09', currency, madeAt },
    ...{ lines: lines.map((line) => ({ ...line, invoicePosition: 3 })), subtotal, taxes, taxTotal, total },
  };
  const xml = ublCreditNote(note);
  expect(text(xml, 'CreditNoteTypeCode')).toBe('381');
  expect(text(xml, 'BillingReference', 'InvoiceDocumentReference', 'ID')).toBe('INV-000042');
  expect(text(xml, 'PaymentTerms', 'Note')).toBe('Is paid back.');
  expect(texts(xml, 'CreditNoteLine', 'CreditedQuantity')).toEqual(['1']);
  expect([text(xml, 'TaxExclusiveAmount'), text(xml, 'TaxTotal', 'TaxAmount'), text(xml, 'PayableAmount')]).toEqual(['100.00', '19.00', '119.00']); // prettier-ignore
  const inner = xml.split('\n').filter((line) => /^ {2}<c/.test(line));
  expect([...new Set(inner.map((line) => /<c[ab]c:(\w+)/.exec(line)![1]!))]).toEqual([
    ...['CustomizationID', 'ID', 'IssueDate', 'CreditNoteTypeCode', 'Note', 'DocumentCurrencyCode', 'BillingReference'],
    ...['AccountingSupplierParty', 'AccountingCustomerParty', 'PaymentTerms', 'TaxTotal', 'LegalMonetaryTotal'],
    'CreditNoteLine',
  ]);
});
