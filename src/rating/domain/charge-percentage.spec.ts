import fc from 'fast-check';
import { Decimal, sum } from '../../kernel';
import type { PercentageCharge } from '../../catalog/domain';
import { chargePercentage } from './charge-percentage';
import { NegativeQuantityError } from './negative-quantity-error';
import type { Transaction } from './usage';

const d = (text: string): Decimal => new Decimal(text);
type Written = Partial<Record<'percent' | 'fixedPerEvent' | 'freeAmount' | 'minPerEvent' | 'maxPerEvent', string>> &
  Pick<PercentageCharge, 'freeEvents' | 'freeFirst'>;

/** As it is written in a plan: decimals as text. */
function charge(written: Written): PercentageCharge {
  const decimals = Object.entries(written).map(([field, value]) => [
    field,
    typeof value === 'string' && field !== 'freeFirst' ? d(value) : value,
  ]);
  return { model: 'percentage', percent: d('0'), ...Object.fromEntries(decimals) } as PercentageCharge;
}

/** Transactions in the order of their time. */
function transactions(values: readonly string[]): Transaction[] {
  return values.map((value, index) => ({
    value: d(value),
    time: index,
    key: String(index),
  }));
}

function rows(written: Written, values: readonly string[]): string[] {
  const given = transactions(values);
  const quantity = sum(given.map(({ value }) => value));
  return chargePercentage(charge(written), { quantity, transactions: given }).map(
    (row) => `${row.kind} ${row.amount.toFixed()}`,
  );
}

function total(of: PercentageCharge, given: readonly Transaction[]): string {
  const quantity = sum(given.map(({ value }) => value));
  return sum(chargePercentage(of, { quantity, transactions: given }).map(({ amount }) => amount)).toFixed();
}

describe('a percentage alone', () => {
  it.each`
    value                | written                                | expected                             | because
    ${'0'}               | ${{ percent: '1.2' }}                  | ${[]}                                | ${'no value, no charge'}
    ${'100'}             | ${{ percent: '1.2' }}                  | ${['percentage 1.2']}                | ${'1.2 is 1.2 %'}
    ${'0.01'}            | ${{ percent: '0.000000000001' }}       | ${['percentage 0.0000000000000001']} | ${'the smallest share of a cent'}
    ${'999999999999999'} | ${{ percent: '100' }}                  | ${['percentage 999999999999999']}    | ${'all of it'}
    ${'50'}              | ${{ percent: '0' }}                    | ${['percentage 0']}                  | ${'for free, and still told'}
    ${'100'}             | ${{ percent: '2', freeAmount: '100' }} | ${['free 0']}                        | ${'the free part covers all of it'}
    ${'100.01'}          | ${{ percent: '2', freeAmount: '100' }} | ${['free 0', 'percentage 0.0002']}   | ${'and not a cent more'}
    ${'60'}              | ${{ percent: '2', freeAmount: '100' }} | ${['free 0']}                        | ${'or less than it could'}
  `('of $value, $written: $because', ({ value, written, expected }) => {
    const shown = chargePercentage(charge(written), { quantity: d(value) });
    expect(shown.map((row) => `${row.kind} ${row.amount.toFixed()}`)).toEqual(expected);
  });

  it('does not look at single transactions, so it needs none', () => {
    expect(() => chargePercentage(charge({ percent: '1', freeEvents: 1 }), { quantity: d('5') })).toThrow(
      'transactions are given',
    );
    expect(chargePercentage(charge({ percent: '1', freeEvents: 1 }), { quantity: d('0') })).toEqual([]);
  });
});

describe('a percentage of transactions', () => {
  it.each`
    values                   | written                                                                      | expected                                              | because
    ${[]}                    | ${{ percent: '1', fixedPerEvent: '0.25' }}                                   | ${[]}                                                 | ${'none, so nothing fixed either'}
    ${['100', '10']}         | ${{ percent: '1.5', fixedPerEvent: '0.25' }}                                 | ${['percentage 1.65', 'fixed_fee 0.5']}               | ${'1.5 % of 110, and twice 0.25'}
    ${['0']}                 | ${{ percent: '1.5', fixedPerEvent: '0.25' }}                                 | ${['fixed_fee 0.25']}                                 | ${'a transaction of nothing is one'}
    ${['1000', '100', '10']} | ${{ percent: '1', minPerEvent: '0.5', maxPerEvent: '5' }}                    | ${['percentage 11.1', 'minimum 0.4', 'maximum -5']}   | ${'10.00 is cut to 5, 1.00 stays, 0.10 is lifted to 0.50'}
    ${['50', '500']}         | ${{ percent: '1', minPerEvent: '0.5', maxPerEvent: '5' }}                    | ${['percentage 5.5']}                                 | ${'on the bounds themselves nothing is lifted or cut'}
    ${['10']}                | ${{ percent: '1', fixedPerEvent: '0.3', minPerEvent: '0.5' }}                | ${['percentage 0.1', 'fixed_fee 0.3', 'minimum 0.1']} | ${'the bounds are for both parts together'}
    ${['0']}                 | ${{ percent: '1', minPerEvent: '0.5' }}                                      | ${['minimum 0.5']}                                    | ${'the least is for a transaction of nothing too'}
    ${['10', '30', '20']}    | ${{ percent: '10', freeEvents: 1 }}                                          | ${['free 0', 'percentage 3']}                         | ${'the largest is free: 10 % of 10 + 20'}
    ${['10', '30', '20']}    | ${{ percent: '10', freeEvents: 1, freeFirst: 'earliest' }}                   | ${['free 0', 'percentage 5']}                         | ${'the first is free: 10 % of 30 + 20'}
    ${['10', '30']}          | ${{ percent: '10', freeEvents: 5 }}                                          | ${['free 0']}                                         | ${'fewer than are free'}
    ${['30', '30', '10']}    | ${{ percent: '10', fixedPerEvent: '1', freeEvents: 1 }}                      | ${['free 0', 'percentage 4', 'fixed_fee 2']}          | ${'of equal ones, it makes no difference which is free'}
    ${['60', '50', '10']}    | ${{ percent: '10', fixedPerEvent: '1', freeAmount: '100' }}                  | ${['free 0', 'percentage 2', 'fixed_fee 2']}          | ${'60 fits, 40 of 50 too: it pays on 10, and 10 on all of it'}
    ${['60', '40', '10']}    | ${{ percent: '10', fixedPerEvent: '1', freeAmount: '100' }}                  | ${['free 0', 'percentage 1', 'fixed_fee 1']}          | ${'one that fits to the cent is wholly free'}
    ${['60', '50', '10']}    | ${{ percent: '10', freeEvents: 1, freeAmount: '100' }}                       | ${['free 0', 'percentage 6']}                         | ${'whichever limit is reached first'}
    ${['60', '50', '10']}    | ${{ percent: '10', freeEvents: 2, freeAmount: '100' }}                       | ${['free 0', 'percentage 2']}                         | ${'a partly free one counts as one of the free'}
    ${['10', '60', '50']}    | ${{ percent: '10', freeEvents: 2, freeAmount: '40', freeFirst: 'earliest' }} | ${['free 0', 'percentage 8']}                         | ${'10 is free, 30 of 60 is: 30 + 50 pay'}
    ${['5', '0']}            | ${{ percent: '10', fixedPerEvent: '1', freeAmount: '5' }}                    | ${['free 0']}                                         | ${'nothing fits in what is left when nothing is'}
    ${['8', '0']}            | ${{ percent: '0', fixedPerEvent: '1', freeEvents: 9, freeAmount: '5' }}      | ${['free 0', 'percentage 0', 'fixed_fee 1']}          | ${'3 of 8 pay the fixed part; the transaction of nothing is free'}
    ${['1000']}              | ${{ percent: '1', maxPerEvent: '2', freeAmount: '500' }}                     | ${['free 0', 'percentage 5', 'maximum -3']}           | ${'the most is for what the rest of it pays'}
  `('$values, $written: $because', ({ values, written, expected }) => {
    expect(rows(written, values)).toEqual(expected);
  });

  it('is told by what is free, taken, fixed, lifted and cut', () => {
    const given = transactions(['1000', '100', '10', '1']);
    const written = charge({
      percent: '1',
      fixedPerEvent: '0.1',
      freeEvents: 1,
      minPerEvent: '0.25',
      maxPerEvent: '1',
    });
    expect(chargePercentage(written, { quantity: d('1111'), transactions: given })).toEqual([
      {
        kind: 'free',
        description: 'Free of charge, with 1 whole transaction in it',
        from: null,
        upTo: null,
        quantity: d('1000'),
        unitPrice: d('0'),
        amount: d('0'),
      },
      {
        kind: 'percentage',
        description: '1% of the rest of the value',
        from: null,
        upTo: null,
        quantity: d('111'),
        unitPrice: d('0.01'),
        amount: d('1.11'),
      },
      {
        kind: 'fixed_fee',
        description: '0.1 for each transaction',
        from: null,
        upTo: null,
        quantity: d('3'),
        unitPrice: d('0.1'),
        amount: d('0.3'),
      },
      {
        kind: 'minimum',
        description: 'The least of 0.25 for a transaction lifts 2 transactions',
        from: null,
        upTo: null,
        quantity: d('2'),
        unitPrice: null,
        amount: d('0.19'),
      },
      {
        kind: 'maximum',
        description: 'The most of 1 for a transaction lowers 1 transaction',
        from: null,
        upTo: null,
        quantity: d('1'),
        unitPrice: null,
        amount: d('-0.1'),
      },
    ]);
  });

  it('refuses a transaction below zero, and a value below zero', () => {
    const given = transactions(['100', '-5']);
    expect(() =>
      chargePercentage(charge({ percent: '1', minPerEvent: '1' }), { quantity: d('95'), transactions: given }),
    ).toThrow('A transaction of the period is -5.');
    expect(() => chargePercentage(charge({ percent: '1' }), { quantity: d('-0.01') })).toThrow(NegativeQuantityError);
    expect(chargePercentage(charge({ percent: '1' }), { quantity: d('95') })).toMatchObject([{ amount: d('0.95') }]);
  });
});

describe('of any transactions', () => {
  const cents = fc.integer({ min: 0, max: 20_000 }).map((value) => new Decimal(value).dividedBy(100).toFixed());
  const values = fc.array(cents, { maxLength: 12 });
  const charges = fc
    .record(
      {
        percent: cents,
        fixedPerEvent: cents,
        freeEvents: fc.integer({ min: 1, max: 6 }),
        freeAmount: cents.filter((value) => value !== '0'),
        minPerEvent: cents,
      },
      { requiredKeys: ['percent'] },
    )
    .map(charge);

  it('the sum is what each transaction pays by itself, where nothing is free', () => {
    fc.assert(
      fc.property(values, charges, (of, drawn) => {
        const each = { ...drawn, freeEvents: undefined, freeAmount: undefined, maxPerEvent: d('25') };
        const least = each.minPerEvent?.lessThan(25) === true ? each.minPerEvent : d('0');
        const bounded = { ...each, minPerEvent: least };
        const alone = of.map((value) => {
          const pays = d(value)
            .times(each.percent)
            .dividedBy(100)
            .plus(each.fixedPerEvent ?? 0);
          return Decimal.min(25, Decimal.max(least, pays));
        });
        expect(total(bounded, transactions(of))).toBe(sum(alone).toFixed());
      }),
    );
  });

  it('it is the same in whichever order they come, while the largest are free first', () => {
    fc.assert(
      fc.property(values, charges, (of, drawn) => {
        expect(total(drawn, transactions([...of].reverse()))).toBe(total(drawn, transactions(of)));
      }),
    );
  });

  it('limits that none of them reaches change nothing', () => {
    fc.assert(
      fc.property(values, charges, (of, drawn) => {
        const plain: PercentageCharge = { ...drawn, minPerEvent: undefined };
        const bounded: PercentageCharge = { ...plain, minPerEvent: d('0'), maxPerEvent: d('1000000') };
        expect(total(bounded, transactions(of))).toBe(total(plain, transactions(of)));
        const unlimited = { ...plain, freeEvents: plain.freeEvents ?? (plain.freeAmount && 1_000_000) };
        expect(total(unlimited, transactions(of))).toBe(total(plain, transactions(of)));
      }),
    );
  });

  it('giving more of them away never costs more', () => {
    fc.assert(
      fc.property(values, charges, (of, drawn) => {
        const plain = { ...drawn, freeAmount: undefined, freeEvents: 1 };
        const more = { ...plain, freeEvents: 2 };
        expect(d(total(more, transactions(of))).greaterThan(total(plain, transactions(of)))).toBe(false);
      }),
    );
  });
});
