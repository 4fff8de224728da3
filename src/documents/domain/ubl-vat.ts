import { ConflictError, type Currency, type Decimal, decimalText, formatAmount, sum } from '../../kernel';
import { exemptionReasonCode, type TaxCategory } from '../../taxes/domain';
import type { DocumentTax, Party } from './invoice-document';
import { cac, cbc, scheme } from './ubl-parts';
import type { Element } from './xml';

/** What a line says of its tax, in any document. */
export interface LineWithTax {
  readonly description: string;
  readonly net: Decimal;
  readonly tax: Decimal;
  readonly taxes: readonly DocumentTax[];
}

/** The one VAT category that EN 16931 gives to a line, with its rate. */
export interface Vat {
  readonly category: TaxCategory;
  /** In per cent; null outside of VAT, where no rate may stand (BR-O-05). */
  readonly percent: Decimal | null;
  readonly reason: string | null;
}

const OUTSIDE: Vat = { category: 'O', percent: null, reason: null };

/**
 * What tax a line bears, as EN 16931 says it.
 *
 * @throws ConflictError for a line of two rates, such as GST and QST: the norm knows one VAT rate for a line
 */
export function vatOf({ description, taxes }: LineWithTax): Vat {
  const [tax, ...more] = taxes;
  if (tax === undefined) return OUTSIDE;
  if (more.length > 0) {
    const names = taxes.map(({ name }) => name).join(' and ');
    throw new ConflictError('e_invoice_taxes', `EN 16931 knows one VAT rate for a line, and '${description}' has ${names}.`); // prettier-ignore
  }
  return { category: tax.category, percent: tax.category === 'O' ? null : tax.percent, reason: tax.reason };
}

/**
 * @throws ConflictError when some lines are outside of VAT and others aren't (BR-O-11 to 14), and when a tax id is missing
 *                       that a category asks for
 */
export function refuseWhatVatForbids(
  lines: readonly LineWithTax[],
  seller: Party,
  buyer: Party & { key: string },
): void {
  const categories = new Set(lines.map((line) => vatOf(line).category));
  if (categories.has('O') && categories.size > 1) {
    const { description } = lines.find((line) => vatOf(line).category === 'O')!;
    throw new ConflictError('e_invoice_taxes', `The line '${description}' is outside of VAT while others aren't, which EN 16931 forbids. Give it a rate of 0 per cent.`); // prettier-ignore
  }
  const within = [...categories].filter((category) => category !== 'O');
  const toAnother = within.some((category) => category === 'AE' || category === 'K');
  const abroad = within.some((category) => category === 'G' || category === 'K');
  const missing = [
    within.length > 0 && seller.taxId === null ? 'your own tax id (PATCH /v1/organisation)' : '', // BR-S-02 and its like
    abroad && seller.taxId !== null && vatNumber(seller) === null ? 'your own VAT number, which begins with your country' : '', // BR-G-02, BR-IC-02
    toAnother && buyer.taxId === null ? `the tax id of '${buyer.key}' (PATCH /v1/customers/${buyer.key})` : '', // BR-AE-02
    categories.has('K') && buyer.taxId !== null && vatNumber(buyer) === null ? `the VAT number of '${buyer.key}'` : '', // BR-IC-02
  ].filter((each) => each !== ''); // prettier-ignore
  if (missing.length === 0) return;
  throw new ConflictError('billing_details_missing', `This e-invoice needs ${missing.join(' and ')} in the billing details.`); // prettier-ignore
}

/** A VAT number, which begins with its country (BR-CO-09); null for a tax id of another kind. */
export function vatNumber({ taxId, country }: Party): string | null {
  const plain = taxId?.replace(/[\s.-]/g, '').toUpperCase() ?? '';
  const prefix = country === 'GR' ? 'EL' : country;
  return prefix !== null && plain.startsWith(prefix) ? plain : null;
}

/** The VAT breakdown (BG-23): of each category and rate what is taxed, and the tax. */
export function taxTotal(lines: readonly LineWithTax[], currency: Currency): Element {
  const groups = new Map<string, { vat: Vat; reasons: Set<string>; lines: LineWithTax[] }>();
  for (const line of lines) {
    const vat = vatOf(line);
    const key = `${vat.category} ${vat.percent === null ? '' : decimalText(vat.percent)}`;
    const group = groups.get(key) ?? { vat, reasons: new Set<string>(), lines: [] };
    if (vat.reason !== null) group.reasons.add(vat.reason);
    group.lines.push(line);
    groups.set(key, group);
  }
  const money = (name: string, value: Decimal) => cbc(name, formatAmount(value, currency), { currencyID: currency });
  return cac('TaxTotal', [
    money('TaxAmount', sum(lines.map(({ tax }) => tax))), // BT-110
    ...[...groups.values()].map((group) =>
      cac('TaxSubtotal', [
        money('TaxableAmount', sum(group.lines.map(({ net }) => net))), // BT-116
        money('TaxAmount', sum(group.lines.map(({ tax }) => tax))), // BT-117
        taxCategory('TaxCategory', group.vat, [...group.reasons].join('; ')), // BT-118, BT-119, BT-120, BT-121
      ]),
    ),
  ]);
}

/** @param reason in the breakdown: why nothing is asked, which a category has that isn't taxed (BR-E-10 and its like) */
export function taxCategory(name: string, { category, percent }: Vat, reason: string | null = null): Element {
  const taxed = category === 'S' || category === 'Z';
  const code = exemptionReasonCode(category);
  return cac(name, [
    cbc('ID', category),
    percent === null ? null : cbc('Percent', decimalText(percent)),
    reason === null || taxed || code === null ? null : cbc('TaxExemptionReasonCode', code),
    reason === null || taxed ? null : cbc('TaxExemptionReason', reason === '' ? NO_REASON[category] : reason),
    scheme('VAT'),
  ]);
}

const NO_REASON = {
  ...{ S: '', Z: '', E: 'Exempt from VAT', AE: 'Reverse charge', K: 'Intra-community supply' },
  ...{ G: 'Export outside the EU', O: 'Not subject to VAT' },
};
