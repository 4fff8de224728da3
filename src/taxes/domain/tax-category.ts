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

/** What a category says by itself. E has no entry: its reason differs from case to case (BR-E-10). */
const REASONS: Readonly<Partial<Record<TaxCategory, { readonly text: string; readonly code: string }>>> = {
  AE: { text: 'Reverse charge', code: 'VATEX-EU-AE' },
  K: { text: 'Intra-community supply', code: 'VATEX-EU-IC' },
  G: { text: 'Export outside the EU', code: 'VATEX-EU-G' },
  O: { text: 'Not subject to VAT', code: 'VATEX-EU-O' },
};

/**
 * Why nothing is asked, as an invoice states it: in one's own words where there are some, else in the category's. What
 * is taxed, at zero as well, has no reason (BR-S-10, BR-Z-10).
 */
export function exemptionReason(category: TaxCategory, own: string | null): string | null {
  if (category === 'S' || category === 'Z') return null;
  return own ?? REASONS[category]?.text ?? null;
}

/** The same as a code of the list VATEX; null where the category has none. */
export function exemptionReasonCode(category: TaxCategory): string | null {
  return REASONS[category]?.code ?? null;
}
