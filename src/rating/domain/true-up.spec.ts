import { Decimal } from '../../kernel';
import { WHOLE } from './model';
import { trueUp } from './true-up';

const d = (text: string): Decimal => new Decimal(text);
const YEAR = { amount: d('1200'), periods: 12 };
const MONTH = { amount: d('100'), periods: 1 };
const LAST = { share: WHOLE, trial: null, lastOfTerm: true, firstSegment: true, lastSegment: true } as const;
const HALF = { part: 1, whole: 2 };

it.each`
  commitment | charged | context                                                         | missing  | because
  ${YEAR}    | ${'80'} | ${{ chargedInTerm: d('970') }}                                  | ${'150'} | ${'1,200 − 970 − 80'}
  ${YEAR}    | ${'80'} | ${{ chargedInTerm: d('1120') }}                                 | ${null}  | ${'reached to the cent'}
  ${YEAR}    | ${'80'} | ${{ chargedInTerm: d('3000') }}                                 | ${null}  | ${'more is not given back'}
  ${YEAR}    | ${'80'} | ${{ chargedInTerm: d('0'), lastOfTerm: false }}                 | ${null}  | ${'the term goes on'}
  ${MONTH}   | ${'30'} | ${{ chargedInTerm: d('0') }}                                    | ${'70'}  | ${'each period is a term'}
  ${MONTH}   | ${'30'} | ${{ chargedInTerm: d('40'), firstSegment: false, share: HALF }} | ${'30'}  | ${'the period’s earlier segments count, and owe as well'}
  ${MONTH}   | ${'30'} | ${{ chargedInTerm: d('0'), lastSegment: false, share: HALF }}   | ${null}  | ${'the period goes on'}
  ${MONTH}   | ${'30'} | ${{ chargedInTerm: d('0'), share: HALF }}                       | ${'20'}  | ${'a period cut short owes its share'}
  ${YEAR}    | ${'0'}  | ${{ chargedInTerm: d('0'), promisedPeriods: d('3') }}           | ${'400'} | ${'four of twelve periods were promised: 1,200 × 4 ÷ 12'}
  ${MONTH}   | ${'0'}  | ${{ chargedInTerm: d('0'), trial: 'everything' }}               | ${null}  | ${'a trial owes nothing'}
`('$charged charged: $because', ({ commitment, charged, context, missing }) => {
  const rows = trueUp(commitment, d(charged), { ...LAST, ...context });
  expect(rows.map((row) => row.amount.toFixed())).toEqual(missing === null ? [] : [missing]);
});

it('says what was promised and what was charged', () => {
  expect(trueUp(YEAR, d('80'), { ...LAST, chargedInTerm: d('970') })[0]!.description).toBe(
    'Up to the commitment of 1,200 for 12 periods, of which 1,050 is charged',
  );
});

it('takes what divisions leave for nothing', () => {
  const third = d('100').dividedBy(3);
  const context = { ...LAST, firstSegment: false, share: { part: 1, whole: 3 }, chargedInTerm: third.plus(third) };
  expect(trueUp(MONTH, third, context)).toEqual([]);
});
