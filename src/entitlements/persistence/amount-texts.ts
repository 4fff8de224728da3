import { scaledFromDecimal, Decimal } from '../../kernel';
import { type Amounts, type AmountsJson, fromAmountsJson, NO_AMOUNTS, toAmountsJson } from '../domain';

/** The same few amounts come again and again: most holds of a feature are of one size. */
const MOST_REMEMBERED = 10_000;
const texts = new Map<string, Amounts>();

/** Amounts as a row keeps them. @param text as `textOfAmounts` made it */
export function amountsOfText(text: string): Amounts {
  if (text === '{}') return NO_AMOUNTS;
  let amounts = texts.get(text);
  if (amounts === undefined) {
    amounts = fromAmountsJson(JSON.parse(text) as AmountsJson);
    if (texts.size >= MOST_REMEMBERED) texts.clear();
    texts.set(text, amounts);
  }
  return amounts;
}

/** Amounts never change, and the same are written several times: what is held, and what was held first. */
const known = new WeakMap<Amounts, string>();

export function textOfAmounts(amounts: Amounts): string {
  if (amounts === NO_AMOUNTS) return '{}';
  let text = known.get(amounts);
  if (text === undefined) known.set(amounts, (text = JSON.stringify(toAmountsJson(amounts))));
  return text;
}

const PLAIN = /^-?\d+(?:\.\d{1,24})?$/;

/** A `numeric` as PostgreSQL writes it, counting 10^-24. @throws ScaleError when it has more digits than that */
export function scaledOfText(text: string): bigint {
  if (text === '0') return 0n;
  if (!PLAIN.test(text)) return scaledFromDecimal(new Decimal(text));
  const point = text.indexOf('.');
  return BigInt(point < 0 ? text + '0'.repeat(24) : text.slice(0, point) + text.slice(point + 1).padEnd(24, '0'));
}
