import fc from 'fast-check';
import { DEFAULT_NUMBER_FORMAT, invoiceNumber, numberFormatProblem } from './invoice-number';

it.each`
  format                          | running      | number               | because
  ${'INV-{number:6}'}             | ${'42'}      | ${'INV-000042'}      | ${'filled up to six digits'}
  ${'INV-{number:6}'}             | ${'1234567'} | ${'INV-1234567'}     | ${'one more digit is written in full'}
  ${'{number}'}                   | ${'7'}       | ${'7'}               | ${'the number alone'}
  ${'INV-{year}-{number:6}'}      | ${'42'}      | ${'INV-2026-000042'} | ${'the year it was finalized in'}
  ${'R{year}.{month}_{number:3}'} | ${'9'}       | ${'R2026.03_009'}    | ${'the month has two digits'}
  ${'A1-{number:1}'}              | ${'10'}      | ${'A1-10'}           | ${'digits before are fine with a hyphen between'}
`('$format makes $number: $because', ({ format, running, number }) => {
  expect(numberFormatProblem(format)).toBeNull();
  expect(invoiceNumber(format, running, '2026-03-31')).toBe(number);
});

it.each`
  format                          | problem                  | because
  ${''}                           | ${/\{number\}/}          | ${'every invoice would have the same number'}
  ${'INV-{year}'}                 | ${/\{number\}/}          | ${'the number is missing'}
  ${'{number}/{year}'}            | ${/\{number\} or/}       | ${'it has to be last'}
  ${'{number}-{number}'}          | ${/at the end/}          | ${'and there once'}
  ${'INV {number}'}               | ${/letters, digits/}     | ${'no spaces'}
  ${'INV-{day}-{number}'}         | ${/\{year\} or \{month/} | ${'no such part'}
  ${'INV{year}{number}'}          | ${/no digit before/}     | ${'2026 and 1 would be 20261, which is the 20261st too'}
  ${'INV2{number}'}               | ${/no digit before/}     | ${'the same'}
  ${'INV-{number:0}'}             | ${/1 to 12/}             | ${'at least one digit'}
  ${'INV-{number:13}'}            | ${/1 to 12/}             | ${'at most twelve'}
  ${'inv_{number}'}               | ${/our ids/}             | ${'it could be taken for an id'}
  ${`${'x'.repeat(40)}-{number}`} | ${/at most 40/}          | ${'too long'}
`('$format is refused: $because', ({ format, problem }) => {
  expect(numberFormatProblem(format)).toMatch(problem);
});

it('no two running numbers make the same number, whatever formats they are written in', () => {
  const part = fc.constantFrom('INV', '-', '_', '.', '{year}', '{month}', '20', 'a');
  const format = fc
    .tuple(fc.array(part, { maxLength: 5 }), fc.constantFrom('{number}', '{number:3}', '{number:6}'))
    .map(([parts, number]) => parts.join('') + number)
    .filter((text) => numberFormatProblem(text) === null);
  const issue = fc.record({ format, running: fc.integer({ min: 1, max: 30_000 }), year: fc.constantFrom(2026, 2027) });
  fc.assert(
    fc.property(issue, issue, (one, other) => {
      const numbers = [one, other].map((each) =>
        invoiceNumber(each.format, String(each.running), `${each.year}-12-01`),
      );
      if (one.running !== other.running) expect(numbers[0]).not.toBe(numbers[1]);
    }),
    { numRuns: 2_000 },
  );
});

it('what is there without a setting is a format', () => {
  expect(numberFormatProblem(DEFAULT_NUMBER_FORMAT)).toBeNull();
});
