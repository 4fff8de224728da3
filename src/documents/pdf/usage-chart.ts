import { Decimal, ZERO } from '../../kernel';
import { type DailyUsage, shownDay, shownNumber } from '../domain';
import { ACCENT, FAINT, type Pen, SOFT } from './pen';

const BARS = 30;
const LABEL = { size: 6.5, color: SOFT } as const;

/** Room that a chart takes, labels included. */
export const CHART_HEIGHT = BARS + 22;

/**
 * What was used day by day, as bars from the first day to the last; the tallest is named.
 *
 * @param y top of the chart
 */
export function drawUsage(pen: Pen, usage: DailyUsage, x: number, y: number, width: number): void {
  const { quantities } = usage;
  const most = Decimal.max(ZERO, ...quantities);
  if (most.isZero()) return;

  const peak = quantities.findIndex((quantity) => quantity.equals(most));
  const step = width / quantities.length;
  const base = y + 10 + BARS;
  quantities.forEach((quantity, index) => {
    // A day with little use still shows that it was used; the others are true to scale.
    // eslint-disable-next-line no-restricted-syntax -- a length on paper, not a quantity
    const height = quantity.greaterThan(0) ? Math.max(0.6, quantity.dividedBy(most).times(BARS).toNumber()) : 0;
    pen.pdf.rect(x + index * step + step * 0.12, base - height, step * 0.76, height);
  });
  pen.pdf.fill(ACCENT);
  pen.rule(x, base, width, FAINT, 0.5);

  const named = `${shownNumber(most)} on ${shownDay(dayAt(usage, peak))}`;
  const middle = x + (peak + 0.5) * step;
  const half = pen.widthOf(named, LABEL) / 2;
  pen.line(named, Math.min(Math.max(middle - half, x), x + width - 2 * half), y, LABEL);
  pen.line(shownDay(usage.first), x, base + 2.5, LABEL);
  pen.line(shownDay(dayAt(usage, quantities.length - 1)), x + width, base + 2.5, { ...LABEL, align: 'right' });
}

function dayAt({ first }: DailyUsage, index: number): string {
  const day = new Date(`${first}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + index);
  return day.toISOString().slice(0, 10);
}
