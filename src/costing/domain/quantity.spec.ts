import fc from 'fast-check';
import { Decimal } from '../../kernel';
import {
  type Quantity,
  add,
  fromScaled,
  isMore,
  quantityProblem,
  quantityText,
  quantityToDecimal,
  readQuantity,
  subtract,
} from './quantity';

describe('reading a quantity', () => {
  it.each`
    value                  | quantity                                | because
    ${1155}                | ${1155}                                 | ${'a whole JSON number'}
    ${'1155'}              | ${1155}                                 | ${'a string means the same'}
    ${'1155.000'}          | ${1155}                                 | ${'zeros after the point say nothing'}
    ${0}                   | ${0}                                    | ${'zero is reported, not absent'}
    ${-0}                  | ${0}                                    | ${'JSON can spell -0'}
    ${'-0.0'}              | ${0}                                    | ${'and so can a string'}
    ${0.5}                 | ${500_000_000_000n}                     | ${'half a token: a request shared by two tasks'}
    ${'0.000000000001'}    | ${1n}                                   | ${'twelve decimals are kept'}
    ${1e-12}               | ${1n}                                   | ${'an exponent of JSON is a decimal like any other'}
    ${0.123456789012}      | ${123_456_789_012n}                     | ${'a double keeps fifteen digits'}
    ${999_999_999_999_999} | ${999_999_999_999_999}                  | ${'the most digits before the point'}
    ${'999999999999999.5'} | ${999_999_999_999_999_500_000_000_000n} | ${'a string keeps what a double would lose'}
    ${undefined}           | ${null}                                 | ${'an absent field is absent'}
    ${null}                | ${null}                                 | ${'null is how some senders write absent'}
  `('$value: $because', ({ value, quantity }) => {
    expect(readQuantity(value)).toBe(quantity);
    if (quantity !== null) expect(quantityProblem(value)).toBeNull();
  });

  it.each`
    value                    | problem
    ${-1}                    | ${/negative/}
    ${-0.5}                  | ${/negative/}
    ${'-1'}                  | ${/negative/}
    ${NaN}                   | ${/must be a number/}
    ${Infinity}              | ${/must be a number/}
    ${'NaN'}                 | ${/plain decimal/}
    ${''}                    | ${/plain decimal/}
    ${'1e3'}                 | ${/plain decimal/}
    ${' 5'}                  | ${/plain decimal/}
    ${'007'}                 | ${/plain decimal/}
    ${true}                  | ${/must be a number/}
    ${[5]}                   | ${/must be a number/}
    ${{ tokens: 5 }}         | ${/must be a number/}
    ${1_000_000_000_000_000} | ${/too many digits/}
    ${'1000000000000000'}    | ${/too many digits/}
    ${2 ** 60}               | ${/too many digits/}
    ${1e300}                 | ${/too many digits/}
    ${1e-13}                 | ${/too many digits/}
    ${'0.0000000000001'}     | ${/too many digits/}
    ${0.1 + 0.2}             | ${/send it as a string/}
    ${'9'.repeat(1_000_000)} | ${/too many digits/}
  `('refuses $value', ({ value, problem }) => {
    expect(readQuantity(value)).toBeUndefined();
    expect(quantityProblem(value)).toMatch(problem);
  });
});

describe('adding and subtracting quantities', () => {
  const quantity: fc.Arbitrary<Quantity> = fc.oneof(
    fc.integer({ min: 0, max: 100_000_000 }),
    fc.bigInt({ min: 0n, max: 10n ** 24n }).map(fromScaled),
  );

  it('agrees with decimals, and each value has one form', () => {
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        const total = add(a, b);
        expect(quantityToDecimal(total).toFixed()).toBe(quantityToDecimal(a).plus(quantityToDecimal(b)).toFixed());
        expect(subtract(total, b)).toBe(a);
        expect(isMore(a, b)).toBe(quantityToDecimal(a).greaterThan(quantityToDecimal(b)));
        expect(readQuantity(quantityText(total))).toBe(total);
        expect(quantityText(total)).toBe(new Decimal(quantityText(total)).toFixed());
      }),
    );
  });
});
