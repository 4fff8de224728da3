import type { Decimal, FieldProblem } from '../../kernel';
import type { TaxCategory } from './tax-category';

/** Whether a tax comes on top of an amount or lies within it. */
export const TAX_BEHAVIOURS = ['exclusive', 'inclusive'] as const;
export type TaxBehaviour = (typeof TAX_BEHAVIOURS)[number];

/** A calendar day, `2026-07-01`. */
export type Day = string;

/** Where a customer is, as far as taxes ask. */
export interface TaxPlace {
  /** ISO 3166-1, two letters. */
  readonly country: string | null;
  /** The part of the country as ISO 3166-2 has it behind the hyphen: `QC`, `CA`. */
  readonly region: string | null;
  readonly city: string | null;
}

/** What a rate says, before it is stored. */
export interface NewTaxRate {
  /** The organisation's own name for it. Versions of one rate have one key. */
  readonly key: string;
  /** As it stands on the invoice: `GST`. */
  readonly name: string;
  /** Which tax it is a rate of. Of one tax a line bears one rate; rates of different taxes add up. */
  readonly tax: string;
  /** In per cent: 9.975. */
  readonly percent: Decimal;
  /** How it meets prices that don't say it themselves. */
  readonly behaviour: TaxBehaviour;
  readonly category: TaxCategory;
  /** Why nothing is asked, in words of one's own; null for those of the category. */
  readonly reason: string | null;
  /** Null: everywhere. */
  readonly country: string | null;
  /** Null: the whole country. */
  readonly region: string | null;
  /** Null: the whole region. */
  readonly city: string | null;
  /** Products it is for; null for all that no other rate of the tax is for. */
  readonly taxCode: string | null;
  /** The first day it holds for; null for all the past. */
  readonly validFrom: Day | null;
  /** The first day it no longer holds for; null when that isn't known. */
  readonly validTo: Day | null;
}

/** A rate that is stored. It never changes: another percentage is another version, with its own id. */
export interface StoredTaxRate extends NewTaxRate {
  readonly id: string;
}

/** What is wrong with a rate, by field; nothing when it can be stored. */
export function taxRateProblems(rate: NewTaxRate): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const taxed = rate.percent.greaterThan(0);
  if (taxed && rate.category !== 'S') {
    problems.push({ field: 'category', detail: `is S where something is asked; ${rate.category} asks nothing` });
  }
  if (!taxed && rate.category === 'S') {
    problems.push({ field: 'category', detail: 'says why nothing is asked: Z, E, AE, K, G or O' });
  }
  if (rate.category === 'E' && rate.reason === null) {
    problems.push({ field: 'reason', detail: 'is needed: an invoice states why it is exempt' });
  }
  if ((rate.category === 'S' || rate.category === 'Z') && rate.reason !== null) {
    problems.push({ field: 'reason', detail: `is for what isn't taxed; ${rate.category} is` });
  }
  if (rate.region !== null && rate.country === null) {
    problems.push({ field: 'country', detail: 'is needed where there is a region' });
  }
  if (rate.city !== null && rate.country === null) {
    problems.push({ field: 'country', detail: 'is needed where there is a city' });
  }
  if (rate.validFrom !== null && rate.validTo !== null && rate.validTo <= rate.validFrom) {
    problems.push({ field: 'validTo', detail: 'must be later than validFrom' });
  }
  return problems;
}

/** Whether a rate holds on a day: from the first to before the last. */
export function holdsOn({ validFrom, validTo }: NewTaxRate, day: Day): boolean {
  return (validFrom === null || validFrom <= day) && (validTo === null || day < validTo);
}

/** Whether there is a day that both hold on. */
export function overlap(one: NewTaxRate, other: NewTaxRate): boolean {
  const before = (end: Day | null, start: Day | null): boolean => end !== null && start !== null && end <= start;
  return !before(one.validTo, other.validFrom) && !before(other.validTo, one.validFrom);
}

/** Whether two rates are for the same: neither is narrower than the other, so nothing could say which one applies. */
export function sameScope(one: NewTaxRate, other: NewTaxRate): boolean {
  return (
    one.tax === other.tax &&
    one.country === other.country &&
    one.region === other.region &&
    sameCity(one.city, other.city) &&
    one.taxCode === other.taxCode
  );
}

/** Cities are written by people: capitals and spaces around don't count. */
export function sameCity(one: string | null, other: string | null): boolean {
  const plain = (city: string | null): string | null => city?.trim().toLowerCase() ?? null;
  return plain(one) === plain(other);
}
