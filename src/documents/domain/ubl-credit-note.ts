import { type Currency, formatAmount, invariant, sum } from '../../kernel';
import type { CreditNoteDocument, CreditNoteDocumentLine } from './invoice-document';
import { taxIdsOf } from './ubl';
import {
  buyer,
  cac,
  cbc,
  CUSTOMIZATION,
  delivery,
  namespacesOf,
  ONE_OF,
  period,
  refuseWhatCannotBeSaid,
  seller,
} from './ubl-parts';
import { refuseWhatVatForbids, taxCategory, taxTotal, vatOf } from './ubl-vat';
import { element, type Element, toXml } from './xml';

/** UNCL1001: a credit note. */
const CREDIT_NOTE = '381';

/**
 * A credit note as EN 16931 has it, written in UBL 2.1. Its amounts are above zero: that it takes back is what its type
 * says. It names the invoice it belongs to (BG-3).
 *
 * @throws ConflictError when a country or a tax id is missing, for currencies of three decimals, and where a line has
 *                       taxes that EN 16931 can't say
 */
export function ublCreditNote(note: CreditNoteDocument): string {
  const { currency, lines } = note;
  refuseWhatCannotBeSaid(note);
  refuseWhatVatForbids(lines, note.seller, note.customer);
  const net = sum(lines.map((line) => line.net));
  invariant(net.equals(note.subtotal), 'the lines come to the credit note’s subtotal (BR-CO-10)');
  invariant(
    net.plus(sum(lines.map(({ tax }) => tax))).equals(note.total),
    'with tax they come to its total (BR-CO-15)',
  );

  const amount = (name: string, value: typeof net) =>
    cbc(name, formatAmount(value, currency), { currencyID: currency });
  const ids = taxIdsOf(note, [...lines]);
  return toXml(
    element(
      'CreditNote',
      [
        cbc('CustomizationID', CUSTOMIZATION), // BT-24
        cbc('ID', note.number), // BT-1
        cbc('IssueDate', note.issuedOn), // BT-2
        cbc('CreditNoteTypeCode', CREDIT_NOTE), // BT-3
        cbc('Note', note.reason), // BT-22
        cbc('DocumentCurrencyCode', currency), // BT-5
        cac('BillingReference', [
          cac('InvoiceDocumentReference', [
            cbc('ID', note.invoice.number), // BT-25
            cbc('IssueDate', note.invoice.issuedOn), // BT-26
          ]),
        ]),
        cac('AccountingSupplierParty', [seller(note.seller, ids.seller)]), // BG-4
        cac('AccountingCustomerParty', [buyer(note.customer, ids.buyer)]), // BG-7
        ids.withinUnion ? delivery(note.customer) : null, // BG-13
        cac('PaymentTerms', [cbc('Note', GIVEN[note.givenAs])]), // BT-20, BR-CO-25
        taxTotal(lines, currency), // BG-22: BT-110, BG-23
        cac('LegalMonetaryTotal', [
          amount('LineExtensionAmount', net), // BT-106
          amount('TaxExclusiveAmount', net), // BT-109
          amount('TaxInclusiveAmount', note.total), // BT-112
          amount('PayableAmount', note.total), // BT-115
        ]),
        ...lines.map((line) => creditNoteLine(line, currency)), // BG-25
      ],
      namespacesOf('CreditNote'),
    ),
  );
}

/** What becomes of the amount, in words for its customer. */
export const GIVEN = {
  invoice: 'Lowers what is due of the invoice.',
  balance: 'Becomes credit, which pays later invoices.',
  refund: 'Is paid back.',
} as const;

function creditNoteLine(line: CreditNoteDocumentLine, currency: Currency): Element {
  const inCurrency = { currencyID: currency };
  const net = formatAmount(line.net.abs(), currency);
  // A tax that lies within an amount may leave nothing of a cent, but never less.
  return cac('CreditNoteLine', [
    cbc('ID', String(line.position)), // BT-126
    cbc('CreditedQuantity', line.net.lessThan(0) ? '-1' : '1', { unitCode: ONE_OF }), // BT-129, BT-130
    cbc('LineExtensionAmount', formatAmount(line.net, currency), inCurrency), // BT-131
    period(line.days), // BG-26
    cac('Item', [cbc('Name', line.description), taxCategory('ClassifiedTaxCategory', vatOf(line))]), // BT-153, BT-151
    cac('Price', [cbc('PriceAmount', net, inCurrency)]), // BT-146
  ]);
}
