import { type Currency, type Decimal, decimalText, formatAmount } from '../../kernel';

/** Digits behind the point that a page has room for; what is cut off is hinted at by a mark. */
const DECIMALS_SHOWN = 10;

/** A number for people:  1234567.25 → `1,234,567.25`;  below zero with a true minus. */
export function shownNumber(value: Decimal): string {
  const text = decimalText(value);
  const [whole, fraction = ''] = text.split('.') as [string, string?];
  const cut = fraction.length > DECIMALS_SHOWN ? `${fraction.slice(0, DECIMALS_SHOWN)}…` : fraction;
  return grouped(cut === '' ? whole : `${whole}.${cut}`);
}

/** An amount for people, with the currency's own number of decimals:  `−1,234.50`. */
export function shownAmount(amount: Decimal, currency: Currency): string {
  return grouped(formatAmount(amount, currency));
}

/** A rate of tax for people:  `VAT 19%`. Of what isn't taxed the reason says more than its rate of 0. */
export function shownTax({ name, percent }: { readonly name: string; readonly percent: Decimal }): string {
  return `${name} ${shownNumber(percent)}%`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A day in words that no reader takes for another:  `2026-02-03` → `3 Feb 2026`. */
export function shownDay(day: string): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  return `${date} ${MONTHS[month - 1]} ${year}`;
}

export function shownDays({ first, last }: { first: string; last: string }): string {
  return first === last ? shownDay(first) : `${shownDay(first)} – ${shownDay(last)}`;
}

/** A party's address as it stands on an envelope. */
export function addressOf(party: {
  readonly addressLines: readonly string[];
  readonly city: string | null;
  readonly postalCode: string | null;
  readonly region: string | null;
  readonly country: string | null;
}): string[] {
  const town = [party.postalCode, party.city].filter((part) => part !== null).join(' ');
  const place = [town, party.region ?? ''].filter((part) => part !== '').join(', ');
  return [
    ...party.addressLines,
    place,
    party.country === null ? '' : (COUNTRIES.of(party.country) ?? party.country),
  ].filter((line) => line !== '');
}

const COUNTRIES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });

function grouped(text: string): string {
  const [whole, fraction] = text.replace('-', '').split('.') as [string, string?];
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${text.startsWith('-') ? '−' : ''}${groups}${fraction === undefined ? '' : `.${fraction}`}`;
}
