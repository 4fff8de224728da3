import fc from 'fast-check';
import { Decimal, decimalText } from '../../kernel';
import { quantityOfFolded } from './folded-quantity';

it.each`
  aggregation        | timeUnit    | folded              | events | quantity            | because
  ${'count'}         | ${null}     | ${'3'}              | ${3}   | ${'3'}              | ${'events'}
  ${'count'}         | ${null}     | ${null}             | ${0}   | ${'0'}              | ${'none were counted'}
  ${'sum'}           | ${null}     | ${'0.000000000001'} | ${1}   | ${'0.000000000001'} | ${'exact'}
  ${'sum'}           | ${null}     | ${null}             | ${0}   | ${'0'}              | ${'the sum of nothing'}
  ${'unique'}        | ${null}     | ${'2'}              | ${9}   | ${'2'}              | ${'different values'}
  ${'average'}       | ${null}     | ${'10'}             | ${3}   | ${'3.333333333333'} | ${'rounded down at twelve decimals'}
  ${'average'}       | ${null}     | ${'20'}             | ${3}   | ${'6.666666666667'} | ${'rounded up'}
  ${'average'}       | ${null}     | ${'0.000000000001'} | ${2}   | ${'0.000000000001'} | ${'a half goes away from zero'}
  ${'average'}       | ${null}     | ${'0.000000000001'} | ${3}   | ${'0'}              | ${'less than a half is nothing'}
  ${'average'}       | ${null}     | ${null}             | ${0}   | ${null}             | ${'nothing has no average'}
  ${'average'}       | ${null}     | ${'0'}              | ${0}   | ${null}             | ${'nor has a sum of no events'}
  ${'min'}           | ${null}     | ${'-4'}             | ${2}   | ${'-4'}             | ${'as it is'}
  ${'max'}           | ${null}     | ${null}             | ${0}   | ${null}             | ${'nothing has no largest'}
  ${'latest'}        | ${null}     | ${'0'}              | ${1}   | ${'0'}              | ${'zero is a value'}
  ${'time_weighted'} | ${'hour'}   | ${'27000000000'}    | ${1}   | ${'7.5'}            | ${'5 for an hour and a half'}
  ${'time_weighted'} | ${'second'} | ${'27000000000'}    | ${1}   | ${'27000'}          | ${'the same in seconds'}
  ${'time_weighted'} | ${'minute'} | ${'27000000000'}    | ${1}   | ${'450'}            | ${'in minutes'}
  ${'time_weighted'} | ${'day'}    | ${'27000000000'}    | ${1}   | ${'0.3125'}         | ${'a day has 24 hours'}
  ${'time_weighted'} | ${'hour'}   | ${'1'}              | ${1}   | ${'0.000000000278'} | ${'a microsecond: 1 / 3.6e9'}
  ${'time_weighted'} | ${'hour'}   | ${null}             | ${0}   | ${'0'}              | ${'nothing held'}
`('$aggregation of $folded from $events events is $quantity: $because', (row) => {
  const { aggregation, timeUnit, folded, events, quantity } = row;
  const given = folded === null ? null : new Decimal(folded);
  const found = quantityOfFolded({ aggregation, timeUnit }, { folded: given, events });
  expect(found === null ? null : decimalText(found)).toBe(quantity);
});

it('rounds once: no quotient lies further from the exact one than half of the last decimal', () => {
  const digits = fc.bigInt({ min: 0n, max: 10n ** 27n });
  fc.assert(
    fc.property(digits, fc.integer({ min: 1, max: 1_000_000_000 }), (count, events) => {
      const folded = new Decimal(count.toString()).dividedBy('1e12');
      const average = quantityOfFolded({ aggregation: 'average', timeUnit: null }, { folded, events })!;
      // average × events − folded, exactly: at most half a trillionth for each event.
      const off = average.times(events).minus(folded).abs();
      expect(off.lessThanOrEqualTo(new Decimal('0.0000000000005').times(events))).toBe(true);
    }),
  );
});
