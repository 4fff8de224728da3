import { Decimal, ZERO } from '../../../kernel';

/** Sized holds that have settled, added up. Amounts in one currency. */
export interface SizedHolds {
  readonly holds: number;
  /** What was held when they began. */
  readonly held: Decimal;
  /** What they came to. */
  readonly real: Decimal;
  /** How many came to more than was held. */
  readonly overruns: number;
  /** Their stated risks, added up: as many overruns as were announced. */
  readonly announced: Decimal;
}

/**
 * Whether overruns are as frequent as was stated.
 * - `as_stated`: as many as announced, but for chance.
 * - `more_than_stated`: more than chance explains: the work is changing faster than history follows.
 * - `fewer_than_stated`: more was held than the risk asked for.
 * - `too_few`: fewer than five overruns were announced, so the number that came says nothing yet.
 */
export type CalibrationVerdict = 'as_stated' | 'more_than_stated' | 'fewer_than_stated' | 'too_few';

export interface Calibration {
  /** Held for each unit of what it came to, four digits; null where it came to nothing. */
  readonly heldToReal: Decimal | null;
  /** Overruns for each hold, four digits; null without holds. */
  readonly overrunRate: Decimal | null;
  /** The mean of the stated risks, four digits; null without holds. */
  readonly statedRisk: Decimal | null;
  readonly verdict: CalibrationVerdict;
}

const DIGITS = 4;
const FEWEST_ANNOUNCED = 5;
/** Two standard deviations: by chance alone one class in twenty is called out. */
const DEVIATIONS = 2;

/** Holds what was held against what it came to, and overruns against the risk that was stated. */
export function calibrationOf(sized: SizedHolds): Calibration {
  const count = new Decimal(sized.holds);
  return {
    heldToReal: ratio(sized.held, sized.real),
    overrunRate: ratio(new Decimal(sized.overruns), count),
    statedRisk: ratio(sized.announced, count),
    verdict: verdictOf(sized, count),
  };
}

/**
 * The number of overruns among n holds with risks that add up to `announced` spreads by announced × (1 − announced ÷ n) at
 * most, squared. Compared as squares, and times n, so that nothing has to be divided or rooted.
 */
function verdictOf({ overruns, announced }: SizedHolds, count: Decimal): CalibrationVerdict {
  if (announced.lessThan(FEWEST_ANNOUNCED)) return 'too_few';
  const off = new Decimal(overruns).minus(announced);
  const spread = announced.times(count.minus(announced)).times(DEVIATIONS ** 2);
  if (!off.times(off).times(count).greaterThan(spread)) return 'as_stated';
  return off.greaterThan(0) ? 'more_than_stated' : 'fewer_than_stated';
}

function ratio(part: Decimal, of: Decimal): Decimal | null {
  return of.equals(ZERO) ? null : part.dividedBy(of).toDecimalPlaces(DIGITS);
}
