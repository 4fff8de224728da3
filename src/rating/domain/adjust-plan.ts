import { type Currency, type Decimal, sum } from '../../kernel';
import type { Plan } from '../../catalog/domain';
import { discountsOf } from './apply-discounts';
import { boundAmount } from './bound-amount';
import { discountPlan } from './discount-plan';
import { settled } from './prorate';
import type { BreakdownRow } from './rated-charge';
import type { LineKind, RatedLine, RatingContext } from './rated-plan';
import { roundLine } from './round-line';
import { shown } from './shown';
import { trueUp } from './true-up';

/**
 * The lines of what is agreed for a plan as a whole, behind those of its prices: discounts, minimum or maximum, and the
 * true-up of a commitment. Only those that change something.
 *
 * ```
 * seats 40.00, calls 25.00      65.00
 * discount of 10 %              −6.50     58.50
 * minimum of 75.00             +16.50     75.00
 * ```
 *
 * A minimum, maximum or true-up is rounded so that the invoice comes to the bound itself: three lines of 3.335 are
 * 10.02 on an invoice, so a maximum of 10.00 takes 0.02 off it and not the 0.005 that are too much exactly.
 */
export function adjustPlan(plan: Plan, priced: readonly RatedLine[], context: RatingContext): RatedLine[] {
  const { terms } = plan;
  if (terms === undefined) return [];
  const explain = context.explain ?? true;

  const discounts = discountsOf(terms.discounts, context.periodIndex);
  const lines = discountPlan(priced, discounts, context.firstSegment, plan.currency).map(({ discount, row, rounded }) =>
    planLine('discount', `plan:discount:${discount.key}`, discount.name, row, rounded, explain),
  );

  // A minimum isn't asked in a trial. A maximum holds there as well.
  const bounds = { minimum: context.trial === null ? terms.minimum : undefined, maximum: terms.maximum };
  for (const bound of boundAmount(exact([...priced, ...lines]), bounds, context.share)) {
    const row = { ...bound, amount: settled(bound.amount) };
    const [kind, name] = row.kind === 'minimum' ? (['minimum', 'Minimum charge'] as const) : (['maximum', 'Maximum charge'] as const); // prettier-ignore
    lines.push(
      planLine(kind, `plan:${kind}`, name, row, upToBound(row, [...priced, ...lines], plan.currency), explain),
    );
  }
  if (terms.commitment !== undefined) {
    for (const row of trueUp(terms.commitment, exact([...priced, ...lines]), context)) {
      const rounded = upToBound(row, [...priced, ...lines], plan.currency);
      lines.push(planLine('true_up', 'plan:true_up', 'True-up to the commitment', row, rounded, explain));
    }
  }
  return lines;
}

/** What a line must say so that the lines up to it come to their exact sum, rounded. */
function upToBound({ amount }: BreakdownRow, before: readonly RatedLine[], currency: Currency): Decimal {
  const wanted = roundLine(settled(exact(before).plus(amount)), currency);
  return wanted.minus(sum(before.map(({ rounded }) => rounded)));
}

function exact(lines: readonly RatedLine[]): Decimal {
  return sum(lines.map(({ amount }) => amount));
}

function planLine(
  kind: LineKind,
  key: string,
  name: string,
  row: BreakdownRow,
  rounded: Decimal,
  explain: boolean,
): RatedLine {
  return {
    kind,
    price: null,
    key,
    name,
    quantity: row.quantity,
    amount: row.amount,
    rounded,
    events: 0,
    breakdown: [row],
    steps: explain ? [sentence(row)] : [],
    pendingEvents: 0,
  };
}

function sentence({ description, quantity, unitPrice, amount }: BreakdownRow): string {
  if (unitPrice === null || quantity.equals(1)) return `${description}: ${shown(amount)}.`;
  return `${description}: ${shown(quantity)} × ${shown(unitPrice)} = ${shown(amount)}.`;
}
