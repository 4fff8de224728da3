import type { DocumentLine, DocumentRow, DocumentTax, InvoiceDocument } from '../../src/documents/domain';
import { totalInvoice, type LineTax } from '../../src/invoicing/domain';
import { Decimal, ZERO } from '../../src/kernel';
import type { TaxRate } from '../../src/taxes/domain';

const FEBRUARY = { first: '2026-02-01', last: '2026-02-28' };

export function documentRow(
  kind: string,
  description: string,
  quantity: string,
  unitPrice: string | null,
  amount: string,
): DocumentRow {
  return {
    ...{ kind, description, quantity: new Decimal(quantity), amount: new Decimal(amount) },
    unitPrice: unitPrice === null ? null : new Decimal(unitPrice),
  };
}

/** A rate that comes on top of a price, unless it says otherwise; of category S where it is above zero. */
export function taxRate(name: string, percent: string, more: Partial<TaxRate> = {}): TaxRate {
  const category = new Decimal(percent).isZero() ? 'Z' : 'S';
  return {
    ...{ key: `${name}-${percent}`.toLowerCase(), name, percent: new Decimal(percent), reason: null },
    ...{ behaviour: 'exclusive', category },
    ...more,
  };
}

/** A line of February 2026; `amount` and `quantity` as text. */
export function documentLine(
  key: string,
  amount: string,
  more: Partial<Omit<DocumentLine, 'quantity'>> & { quantity?: string; rates?: readonly TaxRate[] } = {},
): LineOfDocument {
  const { quantity = '1', rates = [], ...others } = more;
  return {
    ...{ part: 0, net: new Decimal(amount), tax: ZERO, taxes: [], rates },
    ...{ id: `lin_${key}`, position: 1, kind: 'price', key, description: key, plan: { key: 'pro', version: 3 } },
    ...{ meter: null, quantity: new Decimal(quantity), events: 0, days: FEBRUARY, rows: [], usage: null },
    ...{ exactAmount: new Decimal(amount), amount: new Decimal(amount) },
    servicePeriod: { start: new Date('2026-02-01T00:00:00Z'), end: new Date('2026-03-01T00:00:00Z') },
    ...others,
  };
}

/** A line with the rates it bears; what they come to is reckoned with the whole document. */
export interface LineOfDocument extends DocumentLine {
  readonly rates?: readonly TaxRate[];
}

/** A finalized invoice of these lines, which are numbered as they come, and taxed. */
export function documentOf(lines: readonly LineOfDocument[], more: Partial<InvoiceDocument> = {}): InvoiceDocument {
  const totals = totalInvoice(
    lines.map(({ rates = [], ...line }) => ({ ...line, rates })),
    more.currency ?? 'USD',
  );
  const numbered = lines.map(({ rates: _, ...line }, index) => {
    const { net, tax, taxes } = totals.lines[index]!;
    return { ...line, position: index + 1, net, tax, taxes: taxes.map(documentTax) };
  });
  const { creditApplied = ZERO, prepaidApplied = ZERO } = more;
  return {
    id: 'inv_1',
    number: 'INV-000042',
    seller: {
      ...{ id: 'org_1', name: 'Nordlicht AI GmbH', addressLines: ['Große Bleichen 12', 'Hinterhaus'] },
      ...{
        city: 'Hamburg',
        postalCode: '20354',
        region: null,
        country: 'DE',
        taxId: 'DE123456789',
        email: 'billing@nordlicht.example',
      },
    },
    customer: {
      ...{ id: 'cus_1', key: 'acme', name: 'Acme & Sons "Inc."', addressLines: ['1 Market Street'] },
      ...{ city: 'San Francisco', postalCode: '94105', region: 'CA', country: 'US', taxId: null, email: null },
    },
    ...{ isVoid: false, replaces: null, memo: null, dueOn: null },
    plan: { name: 'Professional', key: 'pro' },
    parts: [{ subscription: 'acme-pro', plan: { name: 'Professional', key: 'pro' }, days: FEBRUARY }],
    currency: 'USD',
    issuedOn: '2026-03-02',
    madeAt: new Date('2026-03-02T00:00:00Z'),
    days: FEBRUARY,
    lines: numbered,
    ...{ subtotal: totals.subtotal, taxTotal: totals.taxTotal, taxes: totals.taxes.map(documentTax) },
    ...{ total: totals.total, creditApplied, prepaidApplied, credited: ZERO, amountPaid: ZERO },
    amountDue: Decimal.max(totals.total, ZERO).minus(creditApplied).minus(prepaidApplied),
    ...more,
  };
}

export function documentTax({ percent, base, amount, ...tax }: LineTax): DocumentTax {
  return { ...tax, percent: new Decimal(percent), base: new Decimal(base), amount: new Decimal(amount) };
}
