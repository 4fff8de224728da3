import { Decimal } from '../../../kernel';
import { calibrationOf, type SizedHolds } from './calibration';

const d = (text: string): Decimal => new Decimal(text);
const sized = (holds: number, overruns: number, announced: string): SizedHolds => ({
  holds,
  overruns,
  announced: d(announced),
  held: d('30'),
  real: d('20'),
});

describe('held against real, overruns against the stated risk', () => {
  it.each`
    holds    | overruns | announced | verdict                | because
    ${0}     | ${0}     | ${'0'}    | ${'too_few'}           | ${'nothing to judge'}
    ${99}    | ${20}    | ${'4.95'} | ${'too_few'}           | ${'fewer than five announced'}
    ${100}   | ${5}     | ${'5'}    | ${'as_stated'}         | ${'to the point'}
    ${100}   | ${9}     | ${'5'}    | ${'as_stated'}         | ${'4 × 5 × 0.95 = 19, and 4² is less'}
    ${100}   | ${10}    | ${'5'}    | ${'more_than_stated'}  | ${'5² = 25 is more than 19'}
    ${100}   | ${1}     | ${'5'}    | ${'as_stated'}         | ${'by chance fewer'}
    ${100}   | ${0}     | ${'5'}    | ${'fewer_than_stated'} | ${'none at all'}
    ${10000} | ${544}   | ${'500'}  | ${'more_than_stated'}  | ${'44² = 1,936 is more than 1,900'}
    ${10000} | ${543}   | ${'500'}  | ${'as_stated'}         | ${'43² = 1,849'}
    ${100}   | ${100}   | ${'100'}  | ${'as_stated'}         | ${'all announced, all came'}
  `('$overruns of $holds with $announced announced: $because', ({ holds, overruns, announced, verdict }) => {
    expect(calibrationOf(sized(holds, overruns, announced)).verdict).toBe(verdict);
  });

  it('tells ratios to four digits, and none of nothing', () => {
    expect(calibrationOf(sized(300, 16, '15'))).toEqual({
      heldToReal: d('1.5'),
      overrunRate: d('0.0533'),
      statedRisk: d('0.05'),
      verdict: 'as_stated',
    });
    expect(calibrationOf({ ...sized(0, 0, '0'), held: d('0'), real: d('0') })).toMatchObject({
      heldToReal: null,
      overrunRate: null,
      statedRisk: null,
    });
  });
});
