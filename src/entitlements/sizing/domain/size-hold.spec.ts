import fc from 'fast-check';
import { Decimal } from '../../../kernel';
import { outlookOf } from './outlook';
import { sizeHold } from './size-hold';

const d = (text: string): Decimal => new Decimal(text);
const orNull = (text: string | null): Decimal | null => (text === null ? null : d(text));
const same = (count: number, amount: string): Decimal[] => Array.from({ length: count }, () => d(amount));
const outlook = (customer: Decimal[], risk = '0.05') =>
  outlookOf({ customer, taskClass: [], organisation: [] }, d(risk));

describe('a hold without an amount', () => {
  it.each`
    seen               | upperBound | configured | expected                             | because
    ${same(50, '0.2')} | ${null}    | ${null}    | ${['0.2', 'history', '0.05']}        | ${'fifty times 0.2'}
    ${same(50, '0.2')} | ${'0.5'}   | ${'9'}     | ${['0.2', 'history', '0.05']}        | ${'what was seen goes before what bounds it and what is configured'}
    ${same(50, '0.2')} | ${'0.15'}  | ${null}    | ${['0.15', 'upper_bound', '0']}      | ${'never above what it can come to'}
    ${same(50, '0.2')} | ${'0.2'}   | ${null}    | ${['0.2', 'upper_bound', '0']}       | ${'at the bound there is no risk'}
    ${same(3, '0.2')}  | ${'0.5'}   | ${'0.3'}   | ${['0.5', 'upper_bound', '0']}       | ${'three say too little: the most it can come to'}
    ${same(3, '0.2')}  | ${null}    | ${'0.3'}   | ${['0.3', 'configured', '0.25']}     | ${'three say too little: what the organisation holds, with the risk that three tell'}
    ${same(3, '0.4')}  | ${null}    | ${'0.3'}   | ${['0.4', 'configured', '0.25']}     | ${'more than that was seen already'}
    ${same(3, '0.2')}  | ${null}    | ${null}    | ${['0.2', 'thin_history', '0.25']}   | ${'all there is, with the risk it really has: 1 in 4'}
    ${same(5, '0.2')}  | ${null}    | ${null}    | ${['0.2', 'thin_history', '0.1667']} | ${'1 in 6, rounded up'}
    ${[]}              | ${'0.5'}   | ${'0.3'}   | ${['0.5', 'upper_bound', '0']}       | ${'nothing seen: the most it can come to'}
    ${[]}              | ${null}    | ${'0.3'}   | ${['0.3', 'configured', null]}       | ${'nothing seen: what the organisation holds, at a risk that nobody knows'}
    ${[]}              | ${'0'}     | ${null}    | ${['0', 'upper_bound', '0']}         | ${'work that can cost nothing'}
  `('$because', ({ seen, upperBound, configured, expected }) => {
    const sized = sizeHold(outlook(seen), { upperBound: orNull(upperBound), configured: orNull(configured) })!;
    expect([sized.amount.toFixed(), sized.basis, sized.risk?.toFixed() ?? null]).toEqual(expected);
  });

  it('has no amount where nothing is known', () => {
    expect(sizeHold(outlook([]), { upperBound: null, configured: null })).toBeNull();
  });

  it('is never above the upper bound, and never smaller for a smaller risk', () => {
    const amount = fc.integer({ min: 0, max: 900 }).map((value) => new Decimal(value).dividedBy(100));
    const bound = fc.option(amount);
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 60 }), bound, bound, (seen, upperBound, configured) => {
        const [likely, seldom] = ['0.2', '0.02'].map((risk) =>
          sizeHold(outlook(seen, risk), { upperBound, configured }),
        );
        if (upperBound !== null) expect(seldom!.amount.greaterThan(upperBound)).toBe(false);
        if (likely !== null && likely !== undefined) expect(seldom!.amount.lessThan(likely.amount)).toBe(false);
      }),
    );
  });
});
