import { type Currency, sum } from '../../kernel';
import { explainCharge } from './explain-charge';
import { isWhole, type Share, WHOLE } from './model';
import { BY_ITSELF, type PriceContext } from './price-context';
import { prorateAmount, prorateRows, shareText } from './prorate';
import { rateCharge } from './rate-charge';
import type { PriceToRate, RatedCharge } from './rated-charge';
import { NO_USAGE } from './usage';

/** Which part of its fee period a fee is asked for. */
export interface FeeContext extends Pick<PriceContext, 'periodIndex' | 'firstSegment' | 'trial' | 'explain'> {
  readonly share: Share;
  readonly currency: Currency;
}

/**
 * What a fee in advance asks for a stretch of its fee period, exact and explained. It stands by itself: the price's own
 * trial, discounts and bounds hold, and nothing of the plan's.
 *
 * @param context `periodIndex` is that of the billing period with which the fee period begins
 */
export function rateFee(price: PriceToRate, { share, ...context }: FeeContext): RatedCharge {
  return rateCharge(price, NO_USAGE, { ...BY_ITSELF, ...context, share, feeShare: share, unitShare: share });
}

/**
 * What of a fee in advance falls on a stretch of a billing period, for whoever looks at billing periods by themselves:
 * of 1,200.00 for twelve months, 100.00 on each. Invoices don't: they ask for the whole fee when its period begins.
 *
 * @param context `share` is of the billing period, `periodIndex` is the billing period's
 */
export function feeOfPeriod(price: PriceToRate, context: FeeContext): RatedCharge {
  const every = price.terms?.billing?.every ?? 1;
  if (every === 1) return rateFee(price, context);

  const { share, periodIndex, explain } = context;
  const first = Math.floor(periodIndex / every) * every;
  const whole = rateFee(price, { ...context, share: WHOLE, periodIndex: first, firstSegment: true, explain: false });
  const part = { part: share.part, whole: share.whole * every };
  const text = `for 1 of ${every} billing periods${isWhole(share) ? '' : ` and of that ${shareText(share)}`}`;
  const breakdown = prorateRows(whole.breakdown, part, text);
  return {
    ...whole,
    amount: whole.breakdown.length === 1 ? prorateAmount(whole.amount, part) : sum(breakdown.map((row) => row.amount)),
    breakdown,
    steps: explain ? explainCharge(price, NO_USAGE, NO_USAGE, breakdown, 0, BY_ITSELF) : [],
  };
}
