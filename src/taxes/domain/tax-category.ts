/**
 * Why a line bears the tax it bears, by the codes of UNTDID 5305 that EN 16931 takes for value added tax: zero-rated,
 * exempt and export are all 0 %, and mean something else to whoever reads the books.
 *
 * | code | meaning                                                        |
 * | ---- | -------------------------------------------------------------- |
 * | S    | taxed; the only one with a rate above zero                      |
 * | Z    | taxed at zero                                                   |
 * | E    | exempt, for a reason that is stated                             |
 * | AE   | the customer owes the tax: reverse charge                       |
 * | K    | supply within the European Union to another member state        |
 * | G    | export out of the European Union                                |
 * | O    | not subject to the tax                                          |
 */
export const TAX_CATEGORIES = ['S', 'Z', 'E', 'AE', 'K', 'G', 'O'] as const;
export type TaxCategory = (typeof TAX_CATEGORIES)[number];

/** What an invoice says about why no tax is asked. */
export interface ExemptionReason {
  /** For people; null where the category needs none (S, Z). */
  readonly reason: string | null;
  /** A code of the list VATEX; null where there is none. */
  readonly reasonCode: string | null;
}

/** What a category says by itself. E has no entry: its reason differs from case to case (BR-E-10). */
const REASONS: Readonly<Partial<Record<TaxCategory, { reason: string; reasonCode: string }>>> = {
  AE: { reason: 'Reverse charge', reasonCode: 'VATEX-EU-AE' },
  K: { reason: 'Intra-community supply', reasonCode: 'VATEX-EU-IC' },
  G: { reason: 'Export outside the EU', reasonCode: 'VATEX-EU-G' },
  O: { reason: 'Not subject to VAT', reasonCode: 'VATEX-EU-O' },
};

/**
 * The reason as an invoice states it: one's own words where they were given, with the code of the category, or else the
 * category's. What is taxed, at zero as well, has none (BR-S-10, BR-Z-10).
 */
export function exemptionReason(category: TaxCategory, own: string | null): ExemptionReason {
  if (category === 'S' || category === 'Z') return { reason: null, reasonCode: null };
  const known = REASONS[category];
  return { reason: own ?? known?.reason ?? null, reasonCode: known?.reasonCode ?? null };
}
