import type { Plan } from '../../catalog/domain';
import { type Currency, type Decimal, decimalText, formatAmount, ONE, type Period, sum } from '../../kernel';
import { roundingStep } from '../../rating/domain';
import type { DraftLine } from './draft-invoice';

/**
 * What of a plan counts towards a threshold: what is charged for usage, with the discounts and maximums that lower it.
 * Fees aren't usage. A minimum or a commitment lifts a sum, and before the period is over nobody knows whether it has to.
 */
export function thresholdPlan<P extends Plan>(plan: P): P {
  const prices = plan.prices
    .filter(({ meterId, charge }) => meterId !== null && charge.model !== 'flat' && charge.model !== 'recurring')
    .map((price) => (price.terms === undefined ? price : { ...price, terms: { ...price.terms, minimum: undefined } }));
  const terms = plan.terms === undefined ? {} : { terms: { ...plan.terms, minimum: undefined, commitment: undefined } };
  return { ...plan, prices, ...terms };
}

/** What a threshold billed, as its line says it. */
export interface BilledThreshold {
  readonly ordinal: number;
  /** Of the invoice. */
  readonly number: string | null;
  readonly exactAmount: Decimal;
  readonly amount: Decimal;
}

/** An open period, as far as it has come. */
export interface PeriodSoFar {
  readonly plan: Plan;
  readonly currency: Currency;
  /** From its start until now. */
  readonly soFar: Period;
  /** What its usage is charged now, line by line. */
  readonly lines: readonly DraftLine[];
  /** What thresholds have billed of it, in their order. */
  readonly billed: readonly BilledThreshold[];
  readonly threshold: Decimal;
}

/**
 * What a threshold bills: all that usage is charged and that isn't billed yet, once that reaches the threshold. At 100.00,
 * usage of 112.40 is billed as 112.40; when it comes to 230.00, the other 117.60 are.
 *
 * @returns null while less than the threshold isn't billed, or the cost behind a charge isn't known yet
 */
export function thresholdLine({ plan, currency, soFar, lines, billed, threshold }: PeriodSoFar): DraftLine | null {
  if (lines.some(({ pendingEvents }) => pendingEvents > 0)) return null;
  const before = sum(billed.map(({ amount }) => amount));
  const amount = sum(lines.map((line) => line.amount)).minus(before);
  if (amount.lessThan(threshold) || amount.lessThanOrEqualTo(0)) return null;

  const charged = lines.filter((line) => !line.exactAmount.isZero());
  const exactAmount = sum(lines.map((line) => line.exactAmount)).minus(sum(billed.map((each) => each.exactAmount)));
  const money = (value: Decimal): string => `${formatAmount(value, currency)} ${currency}`;
  return {
    kind: 'threshold',
    key: 'plan:threshold',
    plan,
    price: null,
    description: 'Usage so far',
    quantity: ONE,
    events: lines.reduce((count, { events }) => count + events, 0),
    exactAmount,
    amount,
    servicePeriod: soFar,
    breakdown: [
      ...charged.map((line) => row(line.description, line.quantity, line.exactAmount)),
      ...billed.map((each) => row(`Billed by ${each.number ?? 'an earlier invoice'}`, ONE, each.exactAmount.negated())),
    ],
    steps: [
      ...charged.map((line) => `${line.description}: ${decimalText(line.exactAmount)} so far.`),
      ...billed.map((each) => `${money(each.amount)} of it were billed by ${each.number ?? 'an earlier invoice'}.`),
      `What isn’t billed yet has reached the threshold of ${money(threshold)}.`,
      roundingStep(exactAmount, currency, amount),
    ],
    pendingEvents: 0,
    ...taxOf(lines),
  };
}

/** What a period's own invoice takes off for what a threshold billed of it. It is taxed as that was, so taxes cancel as well. */
export function takeOffLine(
  billed: BilledThreshold & { readonly taxCode: string | null; readonly taxBehaviour: DraftLine['taxBehaviour'] },
  plan: Plan,
  currency: Currency,
  servicePeriod: Period,
): DraftLine {
  const { ordinal, number, taxCode, taxBehaviour } = billed;
  const amount = billed.amount.negated();
  const exactAmount = billed.exactAmount.negated();
  const description = number === null ? 'Usage billed early' : `Usage billed early by ${number}`;
  return {
    kind: 'threshold_credit',
    key: `plan:threshold:${ordinal}`,
    plan,
    price: null,
    description,
    quantity: ONE,
    events: 0,
    exactAmount,
    amount,
    servicePeriod,
    breakdown: [row(description, ONE, exactAmount)],
    steps: [
      `${formatAmount(billed.amount, currency)} ${currency} of this period’s usage were billed by ${number ?? 'an earlier invoice'}.`,
      roundingStep(exactAmount, currency, amount),
    ],
    pendingEvents: 0,
    taxCode,
    ...(taxBehaviour === undefined ? {} : { taxBehaviour }),
  };
}

function row(description: string, quantity: Decimal, amount: Decimal): DraftLine['breakdown'][number] {
  return { kind: 'amount', description, from: null, upTo: null, quantity, unitPrice: null, amount };
}

/** As the prices say it where they agree; else what nothing in particular is taxed by. The period taxes each by itself. */
function taxOf(lines: readonly DraftLine[]): Pick<DraftLine, 'taxCode' | 'taxBehaviour'> {
  const taxes = lines.flatMap(({ price }) => (price === null ? [] : [price.terms?.tax]));
  const codes = new Set(taxes.map((tax) => tax?.code ?? null));
  const behaviours = new Set(taxes.map((tax) => tax?.behaviour ?? null));
  return {
    taxCode: codes.size === 1 ? [...codes][0]! : null,
    taxBehaviour: behaviours.size === 1 ? [...behaviours][0]! : null,
  };
}
