import { formatAmount, roundToMinorUnit, type Currency, type Decimal } from '../../kernel';
import { settled } from './prorate';
import { shown } from './shown';

/**
 * Rounds a charge when it becomes an invoice line: half away from zero, to the currency's minor unit.
 * 1.005 USD → 1.01;  0.5 JPY → 1.
 *
 * This is the one place where Weir rounds money that is billed. Lines are rounded, the invoice's total is the sum of
 * its lines, and so they always agree; nothing before this point is rounded, so parts of a charge never drift.
 */
export function roundLine(amount: Decimal, currency: Currency): Decimal {
  // Six sixths of half a cent are half a cent, and go up, though the last of their 120 digits says a little less.
  return roundToMinorUnit(settled(amount), currency);
}

/**
 * The sentence that ends the explanation of a line:  `16.042 is rounded once, to 16.04 USD.`
 *
 * @param line what is billed; a line that lifts or lowers the others to a bound is rounded together with them
 */
export function roundingStep(amount: Decimal, currency: Currency, line: Decimal = roundLine(amount, currency)): string {
  const text = `${formatAmount(line, currency)} ${currency}`;
  if (line.equals(amount)) return `The line is ${text}.`;
  if (line.equals(roundLine(amount, currency))) return `${shown(amount)} is rounded once, to ${text}.`;
  return `${shown(amount)} is rounded together with the lines above, whose amounts are rounded too, to ${text}.`;
}
