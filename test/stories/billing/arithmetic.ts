import * as r from '../../model/rating-reference/rational';

type Rational = r.Rational;

/**
 * Works out what stands in a story by hand, such as `29 × 10/29 + (150 − 100) × 0.01`, in fractions, so that nothing is
 * rounded but by `round(…)`, which rounds half away from zero to the currency's minor unit.
 *
 * @throws Error when the text is no sum a reader could do
 */
export function worked(text: string, decimals: number): Rational {
  const tokens = text.match(/round|\d[\d,]*(?:\.\d+)?|[+−×/÷()]|\S/g) ?? [];
  let place = 0;
  const ahead = (): string | undefined => tokens[place];
  const take = (wanted: string): void => {
    if (ahead() !== wanted) throw new Error(`“${text}” has ${ahead() ?? 'nothing'} where ${wanted} should stand`);
    place += 1;
  };

  function sum(): Rational {
    let value = product();
    for (;;) {
      const sign = ahead();
      if (sign !== '+' && sign !== '−') return value;
      take(sign);
      value = sign === '+' ? r.plus(value, product()) : r.minus(value, product());
    }
  }

  function product(): Rational {
    let value = single();
    for (;;) {
      const sign = ahead();
      if (sign !== '×' && sign !== '/' && sign !== '÷') return value;
      take(sign);
      value = sign === '×' ? r.times(value, single()) : r.through(value, single());
    }
  }

  function single(): Rational {
    const token = ahead();
    if (token === '−') {
      take(token);
      return r.minus(r.NOTHING, single());
    }
    if (token === 'round') take(token);
    if (token === '(' || token === 'round') {
      take('(');
      const inside = sum();
      take(')');
      return token === 'round' ? r.rounded(inside, decimals, 'nearest') : inside;
    }
    if (token === undefined || !/^\d/.test(token)) throw new Error(`“${text}” has ${token ?? 'nothing'} for a number`);
    place += 1;
    return r.of(token.replaceAll(',', ''));
  }

  const value = sum();
  if (place !== tokens.length) throw new Error(`“${text}” goes on with ${String(ahead())}`);
  return value;
}

/** As an invoice line shows it: `10.00`, in yen `10`. */
export function money(text: string, decimals: number): string {
  return r.asLine(worked(text, decimals), decimals);
}
