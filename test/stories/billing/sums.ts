import * as r from '../../model/rating-reference/rational';
import { money, worked } from './arithmetic';
import type { ExpectedInvoice } from './story';

/** What is written has to be right by itself: each sum gives its amount, and the amounts give the total. */
export function expectToAddUp({ number, lines, taxes, total }: ExpectedInvoice, decimals: number): void {
  let all = r.NOTHING;
  for (const { key, sum } of lines) {
    const { amount, work } = splitSum(sum);
    expect(`${number} ${key}: ${work} = ${money(work, decimals)}`).toBe(`${number} ${key}: ${work} = ${amount}`);
    all = r.plus(all, worked(amount.replace('-', '−'), decimals));
  }
  for (const [name, sum] of taxes) {
    const { amount, work } = splitSum(sum);
    expect(`${number} ${name}: ${work} = ${money(work, decimals)}`).toBe(`${number} ${name}: ${work} = ${amount}`);
    if (!name.startsWith('incl.')) all = r.plus(all, worked(amount.replace('-', '−'), decimals));
  }
  expect(`${number} ${r.asLine(all, decimals)}`).toBe(`${number} ${total}`);
}

/** `29 × 10/29 = 10.00`: how it is worked out, and the amount. A sum of one number needs no `=`. */
export function splitSum(sum: string): { work: string; amount: string } {
  const place = sum.lastIndexOf(' = ');
  if (place === -1) return { work: sum.replace('-', '−'), amount: sum };
  return { work: sum.slice(0, place), amount: sum.slice(place + 3) };
}
