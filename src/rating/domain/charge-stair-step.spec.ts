import fc from 'fast-check';
import { Decimal } from '../../kernel';
import { chargeStairStep } from './charge-stair-step';
import { NegativeQuantityError } from './negative-quantity-error';

const d = (text: string): Decimal => new Decimal(text);
const STEPS = [
  { upTo: d('100'), amount: d('10') },
  { upTo: d('500'), amount: d('40') },
  { upTo: null, amount: d('150') },
];
const amounts = (quantity: string, chargeZero = false): string[] =>
  chargeStairStep(d(quantity), { steps: STEPS, chargeZero }).map((row) => row.amount.toFixed());

describe('stair steps', () => {
  it.each`
    quantity              | expected   | because
    ${'0'}                | ${[]}      | ${'no usage stands on no step'}
    ${'0.000000000001'}   | ${['10']}  | ${'the smallest usage pays the whole first step'}
    ${'100'}              | ${['10']}  | ${'upTo is inclusive'}
    ${'100.000000000001'} | ${['40']}  | ${'any part of a unit above it is on the next step'}
    ${'500'}              | ${['40']}  | ${'the second step is inclusive too'}
    ${'501'}              | ${['150']} | ${'the last step is open'}
    ${'999999999999999'}  | ${['150']} | ${'however much is used'}
  `('$quantity units: $because', ({ quantity, expected }) => {
    expect(amounts(quantity)).toEqual(expected);
  });

  it('can ask for the first step without usage, as a base fee', () => {
    expect(amounts('0', true)).toEqual(['10']);
    expect(amounts('1', true)).toEqual(['10']);
  });

  it('may be one step, which is a flat amount for any usage', () => {
    expect(chargeStairStep(d('7'), { steps: [{ upTo: null, amount: d('3') }] })).toMatchObject([
      { description: 'Step 1, all units: one amount for all of it', amount: d('3') },
    ]);
  });

  it('say which step it is', () => {
    expect(chargeStairStep(d('120'), { steps: STEPS })).toEqual([
      {
        kind: 'step',
        description: 'Step 2, above 100 up to 500: one amount for all of it',
        from: d('100'),
        upTo: d('500'),
        quantity: d('1'),
        unitPrice: d('40'),
        amount: d('40'),
      },
    ]);
  });

  it('are counted behind the allowance', () => {
    expect(chargeStairStep(d('100'), { steps: STEPS }, d('1000'))).toMatchObject([
      { description: 'Step 1, above 1,000 up to 1,100: one amount for all of it', from: d('1000'), upTo: d('1100') },
    ]);
  });

  it('refuse a quantity below zero', () => {
    expect(() => chargeStairStep(d('-1'), { steps: STEPS })).toThrow(NegativeQuantityError);
  });

  it('charge one of the amounts that are written in the plan, and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (thousandths) => {
        const [row, ...others] = chargeStairStep(new Decimal(thousandths).dividedBy(1000), { steps: STEPS });
        expect(others).toEqual([]);
        expect(STEPS.map(({ amount }) => amount.toFixed())).toContain(row!.amount.toFixed());
      }),
    );
  });
});
