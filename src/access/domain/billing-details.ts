/** What an invoice says of a company beside the name it is known by. Null: not told. */
export interface BillingDetails {
  readonly legalName: string | null;
  /** Street, building and the like, a line each. */
  readonly addressLines: readonly string[];
  readonly city: string | null;
  /** The part of the country as ISO 3166-2 has it behind the hyphen: `QC`, `CA`. */
  readonly region: string | null;
  readonly postalCode: string | null;
  /** ISO 3166-1, two letters. */
  readonly country: string | null;
  readonly taxId: string | null;
  readonly email: string | null;
}

/** Details with the instant from which on they hold. */
export interface DatedDetails extends BillingDetails {
  readonly createdAt: Date;
}

/**
 * The details an invoice is made out with: those in force when it was finalized, so that a later move changes no
 * invoice. An invoice from before the first ones has the first ones; a draft has the newest.
 *
 * @param history   oldest first
 * @param finalized null for a draft
 */
export function detailsAt(history: readonly DatedDetails[], finalized: Date | null): DatedDetails | null {
  if (finalized === null) return history.at(-1) ?? null;
  const then = history.findLast(({ createdAt }) => createdAt.getTime() <= finalized.getTime());
  return then ?? history[0] ?? null;
}

/** Whether a change would change nothing. */
export function sameDetails(one: BillingDetails, other: BillingDetails): boolean {
  return (
    one.legalName === other.legalName &&
    one.addressLines.join('\n') === other.addressLines.join('\n') &&
    one.city === other.city &&
    one.region === other.region &&
    one.postalCode === other.postalCode &&
    one.country === other.country &&
    one.taxId === other.taxId &&
    one.email === other.email
  );
}
