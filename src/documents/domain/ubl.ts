import { ConflictError, type Currency, Decimal, decimalText, formatAmount, invariant, sum } from '../../kernel';
import type { DocumentLine, InvoiceDocument } from './invoice-document';
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
import { refuseWhatVatForbids, taxCategory, taxTotal, vatNumber, vatOf } from './ubl-vat';
import { element, type Element, toXml } from './xml';

/** UNCL1001: a commercial invoice. */
const COMMERCIAL_INVOICE = '380';

/** What a document says of all lines together. */
interface Totals {
  readonly lines: Decimal;
  readonly allowances: Decimal;
  readonly charges: Decimal;
  /** Without tax. */
  readonly net: Decimal;
  readonly tax: Decimal;
}

/**
 * A finalized invoice as EN 16931 has it, written in UBL 2.1. The comments name its business terms; which rules hold, and
 * by what, is a table in docs/documents.md.
 *
 * What is charged becomes lines. What is agreed for the plan as a whole becomes an allowance or a charge of the document,
 * since a line's price may not be below zero (BR-27). All amounts are without tax; where it lies within a price, the
 * line's net amount stands here. What was paid with credit when it was issued is prepaid; what happened later isn't said,
 * so that the file stays what it was.
 *
 * @throws ConflictError for a draft, when a country or a tax id is missing, for currencies of three decimals, for an
 *                       invoice without lines, and where a line has taxes that EN 16931 can't say
 */
export function ublInvoice(invoice: InvoiceDocument): string {
  const { number, issuedOn, currency } = invoice;
  const prepaid = invoice.creditApplied.plus(invoice.prepaidApplied);
  if (number === null || issuedOn === null) {
    throw new ConflictError('invoice_is_draft', 'Only a finalized invoice has a number, which an e-invoice needs.');
  }
  refuseWhatCannotBeSaid(invoice);
  const [lines, adjustments] = parted(invoice.lines);
  const said = [...lines, ...adjustments];
  refuseWhatVatForbids(said, invoice.seller, invoice.customer);
  const totals = totalsOf(lines, adjustments);
  invariant(totals.net.equals(invoice.subtotal), 'lines, allowances and charges come to the invoice’s subtotal (BR-CO-13)'); // prettier-ignore
  invariant(totals.tax.equals(invoice.taxTotal), 'the taxes of the lines are those of the invoice (BR-CO-14)');

  const amount = (name: string, value: Decimal) => cbc(name, formatAmount(value, currency), { currencyID: currency });
  const ids = taxIdsOf(invoice, said);
  return toXml(
    element(
      'Invoice',
      [
        cbc('CustomizationID', CUSTOMIZATION), // BT-24
        cbc('ID', number), // BT-1
        cbc('IssueDate', issuedOn), // BT-2
        invoice.dueOn === null ? null : cbc('DueDate', invoice.dueOn), // BT-9, BR-CO-25
        cbc('InvoiceTypeCode', COMMERCIAL_INVOICE), // BT-3
        invoice.memo === null ? null : cbc('Note', invoice.memo), // BT-22
        cbc('DocumentCurrencyCode', currency), // BT-5
        period(invoice.days), // BG-14
        cac('AccountingSupplierParty', [seller(invoice.seller, ids.seller)]), // BG-4
        cac('AccountingCustomerParty', [buyer(invoice.customer, ids.buyer)]), // BG-7
        ids.withinUnion ? delivery(invoice.customer) : null, // BG-13
        invoice.dueOn === null ? cac('PaymentTerms', [cbc('Note', 'Payable on receipt of this invoice.')]) : null, // BT-20, BR-CO-25
        ...adjustments.map((line) => adjustment(line, amount)), // BG-20, BG-21
        taxTotal(said, currency), // BG-22: BT-110, BG-23
        cac('LegalMonetaryTotal', [
          amount('LineExtensionAmount', totals.lines), // BT-106
          amount('TaxExclusiveAmount', totals.net), // BT-109
          amount('TaxInclusiveAmount', invoice.total), // BT-112
          totals.allowances.isZero() ? null : amount('AllowanceTotalAmount', totals.allowances), // BT-107
          totals.charges.isZero() ? null : amount('ChargeTotalAmount', totals.charges), // BT-108
          prepaid.isZero() ? null : amount('PrepaidAmount', prepaid), // BT-113
          amount('PayableAmount', invoice.total.minus(prepaid)), // BT-115
        ]),
        ...lines.map((line) => invoiceLine(line, currency)), // BG-25
      ],
      namespacesOf('Invoice'),
    ),
  ); // prettier-ignore
}

/** By which numbers the parties are known for VAT. Outside of it they have none (BR-O-02). */
export function taxIdsOf(
  { seller: from, customer }: Pick<InvoiceDocument, 'seller' | 'customer'>,
  lines: Parameters<typeof vatOf>[0][],
) {
  const categories = new Set(lines.map((line) => vatOf(line).category));
  const outside = categories.has('O');
  const vat = outside ? null : vatNumber(customer);
  return {
    seller: outside ? null : vatNumber(from),
    buyer: { vat, registration: outside || vat !== null ? null : customer.taxId },
    withinUnion: categories.has('K'),
  };
}

/** What is charged by itself, a credit of it included; everything else is agreed for the plan as a whole. */
const CHARGED = new Set(['price', 'credit', 'item', 'threshold', 'threshold_credit']);

/** Lines of what is charged; and what is agreed for the plan as a whole, where it changes something. */
function parted(all: readonly DocumentLine[]): [lines: DocumentLine[], adjustments: DocumentLine[]] {
  const lines = all.filter(({ kind }) => CHARGED.has(kind));
  const others = all.filter(({ kind, amount }) => !CHARGED.has(kind) && !amount.isZero());
  if (lines.length > 0) return [lines, others];
  // An invoice of nothing but adjustments says these as lines: one there must be (BR-16).
  if (others.length > 0) return [others, []];
  if (all.length > 0) return [[...all], []];
  throw new ConflictError('e_invoice_empty', 'This invoice has no lines, and EN 16931 wants one at least.');
}

function totalsOf(lines: readonly DocumentLine[], adjustments: readonly DocumentLine[]): Totals {
  const amounts = adjustments.map(({ net }) => net);
  const ofLines = sum(lines.map(({ net }) => net));
  const allowances = sum(amounts.filter((amount) => amount.lessThan(0))).negated();
  const charges = sum(amounts.filter((amount) => amount.greaterThan(0)));
  const tax = sum([...lines, ...adjustments].map((line) => line.tax));
  return { lines: ofLines, allowances, charges, net: ofLines.minus(allowances).plus(charges), tax };
}

function adjustment(line: DocumentLine, money: (name: string, value: Decimal) => Element): Element {
  return cac('AllowanceCharge', [
    cbc('ChargeIndicator', line.net.lessThan(0) ? 'false' : 'true'),
    cbc('AllowanceChargeReason', line.description), // BT-97, BT-104
    money('Amount', line.net.abs()), // BT-92, BT-99
    taxCategory('TaxCategory', vatOf(line)), // BT-95, BT-96, BT-102, BT-103
  ]);
}

/**
 * A line whose amount follows from its own numbers:  amount = quantity × price ÷ base quantity. A charge of tiers has
 * no single unit price that does, so its price is that of the whole quantity:  4,000 units at 33.75 for 4,000.
 */
function invoiceLine(line: DocumentLine, currency: Currency): Element {
  const { position, description, days, net, quantity, meter } = line;
  const measured = meter !== null && !quantity.isZero();
  const units = measured ? quantity.abs() : new Decimal(1);
  const size = decimalText(net.lessThan(0) ? units.negated() : units);
  const inCurrency = { currencyID: currency };
  return cac('InvoiceLine', [
    cbc('ID', String(position)), // BT-126
    cbc('InvoicedQuantity', size, { unitCode: ONE_OF }), // BT-129, BT-130
    cbc('LineExtensionAmount', formatAmount(net, currency), inCurrency), // BT-131
    period(days), // BG-26
    cac('Item', [cbc('Name', description), taxCategory('ClassifiedTaxCategory', vatOf(line))]), // BT-153, BT-151, BT-152
    cac('Price', [
      cbc('PriceAmount', formatAmount(net.abs(), currency), inCurrency), // BT-146
      cbc('BaseQuantity', decimalText(units), { unitCode: ONE_OF }), // BT-149, BT-150
    ]),
  ]);
}
