import { type Day, holdsOn, sameCity, type TaxPlace, type StoredTaxRate } from './tax-rate';

/** What is asked of the table of rates for one line. */
export interface RateQuery {
  /** Null: not known, so only rates for everywhere fit. */
  readonly place: TaxPlace | null;
  /** What is sold, by the code that rates name; null for nothing in particular. */
  readonly taxCode: string | null;
  readonly on: Day;
  /** Keys of the customer's own rates, in place of those of the place; null without. */
  readonly ownRates: readonly string[] | null;
}

/**
 * The rates a line bears: of each tax one, the narrowest that fits.
 *
 * 1. A rate for the customer's country goes before one for everywhere: a country has its own law.
 * 2. Within it, a rate for the product goes before one for all products, since such a rule mostly holds in the whole
 *    country: books at 7 % in every part of it.
 * 3. Then the city's goes before the region's, and that before the country's.
 *
 * Rates of different taxes add up. Canada has `gst` at 5 %, Ontario its own `gst` at 13 % (there it is called HST), and
 * Québec a `qst` of 9.975 %:  Toronto bears 13 %, Montréal 5 % and 9.975 %, Calgary 5 %.
 *
 * A customer's own rates are taken wherever the customer is, for the products they are for.
 *
 * @returns wider places first, then by tax: GST before QST
 */
export function applicableRates(rates: readonly StoredTaxRate[], query: RateQuery): StoredTaxRate[] {
  const { ownRates, on, taxCode } = query;
  const chosen = new Map<string, StoredTaxRate>();
  for (const rate of rates) {
    if (!holdsOn(rate, on)) continue;
    if (rate.taxCode !== null && rate.taxCode !== taxCode) continue;
    if (ownRates === null ? !isAt(rate, query.place) : !ownRates.includes(rate.key)) continue;
    const other = chosen.get(rate.tax);
    if (other === undefined || compareWidth(rate, other) > 0) chosen.set(rate.tax, rate);
  }
  return [...chosen.values()].sort((a, b) => widthOf(a) - widthOf(b) || (a.tax < b.tax ? -1 : 1));
}

function isAt(rate: StoredTaxRate, place: TaxPlace | null): boolean {
  return (
    (rate.country === null || rate.country === (place?.country ?? null)) &&
    (rate.region === null || rate.region === (place?.region ?? null)) &&
    (rate.city === null || sameCity(rate.city, place?.city ?? null))
  );
}

/** Above zero when the first is the narrower one. Of two versions that both hold, the one that began last. */
function compareWidth(a: StoredTaxRate, b: StoredTaxRate): number {
  const country = Number(a.country !== null) - Number(b.country !== null);
  const product = Number(a.taxCode !== null) - Number(b.taxCode !== null);
  const start = compare(a.validFrom ?? '', b.validFrom ?? '');
  // Two rates of one scope don't hold on one day: that is refused. The key makes the answer the same in any case.
  return country || product || widthOf(a) - widthOf(b) || start || compare(b.key, a.key) || compare(b.id, a.id);
}

/** How narrow a rate's place is: 0 for everywhere, 1 a country, 2 a region, 4 a city. */
function widthOf({ country, region, city }: StoredTaxRate): number {
  return Number(country !== null) + Number(region !== null) + 2 * Number(city !== null);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
