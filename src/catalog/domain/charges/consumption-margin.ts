import { invariant, type Decimal, type FieldProblem } from '../../../kernel';
import { dimensionProblems, matchProblems, MAX_MATCHES } from './match-problems';
import { bandCountProblems, boundsAscend, notBelowZero, percentBelow100 } from './problem-kit';

/**
 * What the usage cost us, plus a share of it. A rule says the share, in one of two ways: as a markup on the cost (30 on
 * 1.00 charges 1.30) or as a gross margin of the charge (30 on 1.00 charges 1.00 / 0.70).
 */
export interface ConsumptionMarginCharge {
  readonly model: 'consumption_margin';
  /** Per cent on top of the cost: 30 charges 1.30 for a cost of 1.00; 0 passes the cost through. */
  readonly markupPercent?: Decimal | undefined;
  /** Per cent of the charge that are left above the cost: 30 charges 10.00 for a cost of 7.00. Below 100. */
  readonly grossMarginPercent?: Decimal | undefined;
  /** On top of the margin, for each unit of the meter. */
  readonly fixedPerUnit?: Decimal | undefined;
  /** The charge is at least this for each unit of the meter, taken over all of them. */
  readonly floorPerUnit?: Decimal | undefined;
  /** The charge is at most this for each unit of the meter, taken over all of them. */
  readonly ceilingPerUnit?: Decimal | undefined;
  /** Other rules for the cost of some models, providers or other groups; the rest has the rule above. */
  readonly byDimension?:
    { readonly dimensions: readonly string[]; readonly rules: readonly MarginForGroup[] } | undefined;
  /** Rules by how much was spent in the period, instead of the one above. */
  readonly tiers?: MarginTiers | undefined;
}

/** A rule for the cost of the groups whose values are these; matched as the cells of a matrix are. */
export interface MarginForGroup {
  readonly match: Readonly<Record<string, string>>;
  /** This one or `grossMarginPercent`. */
  readonly markupPercent?: Decimal | undefined;
  readonly grossMarginPercent?: Decimal | undefined;
}

export interface MarginTiers {
  /** `graduated`: each part of the cost by its own band. `whole`: all of it by the band the total falls in. */
  readonly mode: 'graduated' | 'whole';
  readonly bands: readonly MarginBand[];
}

export interface MarginBand {
  /** The last of the cost that is in the band, inclusive; null for the last band, which is open. */
  readonly upToCost: Decimal | null;
  /** This one or `grossMarginPercent`. */
  readonly markupPercent?: Decimal | undefined;
  readonly grossMarginPercent?: Decimal | undefined;
}

/** How much comes on top of a cost. */
export type MarginRule = { readonly markupPercent: Decimal } | { readonly grossMarginPercent: Decimal };

/** The one rule that a default, a group or a band gives. @throws InvariantError when it gives none, or two */
export function marginRuleOf(of: {
  readonly markupPercent?: Decimal | undefined;
  readonly grossMarginPercent?: Decimal | undefined;
}): MarginRule {
  const { markupPercent, grossMarginPercent } = of;
  if (markupPercent !== undefined) {
    invariant(grossMarginPercent === undefined, 'a margin is either a markup or a gross margin');
    return { markupPercent };
  }
  invariant(grossMarginPercent !== undefined, 'a margin is a markup or a gross margin');
  return { grossMarginPercent };
}

/**
 * One rule for every part of the cost: a default (with others for some groups, or without), or bands of cost. A markup is
 * 0 or more, since below cost is a discount; a gross margin is below 100 per cent; a floor isn't above the ceiling.
 */
export function consumptionMarginProblems(charge: ConsumptionMarginCharge, at: string): FieldProblem[] {
  const { byDimension, tiers } = charge;
  return [
    ...(tiers === undefined ? problemsOfRule(charge, at) : problemsOfTiers(charge, tiers, at)),
    ...(byDimension === undefined
      ? []
      : [
          ...dimensionProblems(`${at}.byDimension.dimensions`, byDimension.dimensions),
          ...matchProblems(`${at}.byDimension.rules`, byDimension.dimensions, byDimension.rules, 'the margin above'),
          ...byDimension.rules
            .slice(0, MAX_MATCHES)
            .flatMap((rule, index) => problemsOfRule(rule, `${at}.byDimension.rules[${index}]`)),
        ]),
    ...problemsPerUnit(charge, at),
  ];
}

function problemsOfRule({ markupPercent, grossMarginPercent }: MarginForGroupRule, at: string): FieldProblem[] {
  if (markupPercent === undefined && grossMarginPercent === undefined) {
    return [{ field: `${at}.markupPercent`, detail: 'is needed: a markup on the cost, or grossMarginPercent' }];
  }
  if (markupPercent !== undefined && grossMarginPercent !== undefined) {
    return [{ field: `${at}.grossMarginPercent`, detail: 'must be left out: there is a markup already' }];
  }
  return markupPercent === undefined
    ? percentBelow100(`${at}.grossMarginPercent`, grossMarginPercent!)
    : notBelowZero(`${at}.markupPercent`, markupPercent);
}

type MarginForGroupRule = Pick<MarginForGroup, 'markupPercent' | 'grossMarginPercent'>;

function problemsOfTiers(charge: ConsumptionMarginCharge, { bands }: MarginTiers, at: string): FieldProblem[] {
  const besides = (['markupPercent', 'grossMarginPercent', 'byDimension'] as const)
    .filter((name) => charge[name] !== undefined)
    .map((name) => ({ field: `${at}.${name}`, detail: 'must be left out: the tiers say the margin' }));
  const count = bandCountProblems(`${at}.tiers.bands`, bands.length, 'band');
  if (count.length > 0) return [...besides, ...count];
  return [
    ...besides,
    ...boundsAscend(`${at}.tiers.bands`, bands.map(({ upToCost }) => upToCost), 'upToCost', 'band'), // prettier-ignore
    ...bands.flatMap((band, index) => problemsOfRule(band, `${at}.tiers.bands[${index}]`)),
  ];
}

function problemsPerUnit(charge: ConsumptionMarginCharge, at: string): FieldProblem[] {
  const { floorPerUnit, ceilingPerUnit } = charge;
  const ofEach = (['fixedPerUnit', 'floorPerUnit', 'ceilingPerUnit'] as const).flatMap((name) => {
    const value = charge[name];
    return value === undefined ? [] : notBelowZero(`${at}.${name}`, value);
  });
  if (ofEach.length > 0 || floorPerUnit === undefined || ceilingPerUnit?.lessThan(floorPerUnit) !== true) return ofEach;
  return [{ field: `${at}.ceilingPerUnit`, detail: 'must not be below the floor' }];
}
