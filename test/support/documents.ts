import type { DocumentLine, DocumentRow, InvoiceDocument } from '../../src/documents/domain';
import { Decimal, sum } from '../../src/kernel';

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

/** A line of February 2026; `amount` and `quantity` as text. */
export function documentLine(
  key: string,
  amount: string,
  more: Partial<Omit<DocumentLine, 'quantity'>> & { quantity?: string } = {},
): DocumentLine {
  const { quantity = '1', ...others } = more;
  return {
    ...{ id: `lin_${key}`, position: 1, kind: 'price', key, description: key, plan: { key: 'pro', version: 3 } },
    ...{ meter: null, quantity: new Decimal(quantity), events: 0, days: FEBRUARY, rows: [], usage: null },
    ...{ exactAmount: new Decimal(amount), amount: new Decimal(amount) },
    servicePeriod: { start: new Date('2026-02-01T00:00:00Z'), end: new Date('2026-03-01T00:00:00Z') },
    ...others,
  };
}

/** A finalized invoice of these lines, which are numbered as they come. */
export function documentOf(lines: readonly DocumentLine[], more: Partial<InvoiceDocument> = {}): InvoiceDocument {
  const numbered = lines.map((line, index) => ({ ...line, position: index + 1 }));
  return {
    id: 'inv_1',
    number: 'INV-000042',
    seller: {
      ...{ id: 'org_1', name: 'Nordlicht AI GmbH', addressLines: ['Große Bleichen 12', 'Hinterhaus'] },
      ...{
        city: 'Hamburg',
        postalCode: '20354',
        country: 'DE',
        taxId: 'DE123456789',
        email: 'billing@nordlicht.example',
      },
    },
    customer: {
      ...{ id: 'cus_1', key: 'acme', name: 'Acme & Sons "Inc."', addressLines: ['1 Market Street'] },
      ...{ city: 'San Francisco', postalCode: '94105', country: 'US', taxId: null, email: null },
    },
    plan: { name: 'Professional', key: 'pro' },
    currency: 'USD',
    issuedOn: '2026-03-02',
    madeAt: new Date('2026-03-02T00:00:00Z'),
    days: FEBRUARY,
    lines: numbered,
    total: sum(lines.map(({ amount }) => amount)),
    ...more,
  };
}
