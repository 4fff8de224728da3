import fc from 'fast-check';
import { Decimal, decimalText } from '../../kernel';
import { severityOf } from './severity';

const SECOND = 1_000_000;
const HOUR = 3_600;

it.each`
  perMinute | available | resetsIn | seconds | amount   | because
  ${'0.60'} | ${'3.00'} | ${HOUR}  | ${300}  | ${'3'}   | ${'the cap is reached in five minutes'}
  ${'0.60'} | ${'3.00'} | ${10}    | ${10}   | ${'0.1'} | ${'its period ends sooner'}
  ${'0.60'} | ${'3.00'} | ${300}   | ${300}  | ${'3'}   | ${'both at once'}
  ${'0.60'} | ${'3.00'} | ${null}  | ${300}  | ${'3'}   | ${'it never ends'}
  ${'0.60'} | ${'0'}    | ${HOUR}  | ${0}    | ${'0'}   | ${'nothing is left'}
  ${'0'}    | ${'3.00'} | ${HOUR}  | ${HOUR} | ${'0'}   | ${'nothing is spent'}
  ${'0'}    | ${'3.00'} | ${null}  | ${null} | ${'0'}   | ${'nothing is spent, for ever'}
  ${'0.60'} | ${'3.00'} | ${-5}    | ${0}    | ${'0'}   | ${'its period is over already'}
`(
  '$perMinute a minute, $available left, $resetsIn s to go: $because',
  ({ perMinute, available, resetsIn, seconds, amount }) => {
    const resetsAt = resetsIn === null ? null : resetsIn * SECOND;
    const severity = severityOf(new Decimal(perMinute), false, { available: new Decimal(available), resetsAt }, 0);
    expect(severity.known && [severity.secondsLeft, decimalText(severity.amount)]).toEqual([seconds, amount]);
  },
);

it('is unknown without a cap, and where no cost is known', () => {
  expect(severityOf(new Decimal(1), false, null, 0)).toMatchObject({ known: false, because: 'no_cap' });
  expect(severityOf(new Decimal(0), true, null, 0)).toMatchObject({ known: false, because: 'cost_unknown' });
});

it('is never more than what is left of the cap', () => {
  const cents = fc.integer({ min: 0, max: 1_000_000 }).map((value) => new Decimal(value).dividedBy(100));
  fc.assert(
    fc.property(cents, cents, fc.option(fc.integer({ min: 0, max: 100_000 })), (perMinute, available, resetsIn) => {
      const resetsAt = resetsIn === null ? null : resetsIn * SECOND;
      const severity = severityOf(perMinute, false, { available, resetsAt }, 0);
      expect(severity.known && severity.amount.lessThanOrEqualTo(available)).toBe(true);
    }),
  );
});
