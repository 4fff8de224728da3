import fc from 'fast-check';
import { Decimal, ONE, sum } from '../../../kernel';
import { historyWanted, outlookOf, type SizingHistory } from './outlook';

const d = (text: string): Decimal => new Decimal(text);
const times = (count: number, amount: string): Decimal[] => Array.from({ length: count }, () => d(amount));
/** From 0.01 up by cents. */
const cents = (count: number): Decimal[] => Array.from({ length: count }, (_, index) => d('0.01').times(index + 1));
const history = (customer: Decimal[], taskClass: Decimal[] = [], organisation: Decimal[] = []): SizingHistory => ({
  customer,
  taskClass,
  organisation,
});

describe('what to hold, by hand', () => {
  // Of n amounts and one to come, the next is above the k-th largest with a chance of k ÷ (n + 1).
  it.each`
    customer                                  | risk      | expected  | because
    ${cents(99)}                              | ${'0.05'} | ${'0.96'} | ${'above 0.96 lie three of 99 and what was not seen: 4 in 100; above 0.95 five, which is more than 4.5'}
    ${cents(199)}                             | ${'0.05'} | ${'1.91'} | ${'above 1.91 lie eight of 199 and what was not seen: 9 in 200, which is 4.5 %'}
    ${cents(22)}                              | ${'0.05'} | ${'0.22'} | ${'1 in 23 is 4.3 %: the largest seen'}
    ${cents(21)}                              | ${'0.05'} | ${null}   | ${'1 in 22 is 4.55 %, above 4.5 %: too few to promise it'}
    ${cents(99)}                              | ${'0.1'}  | ${'0.91'} | ${'above 0.91 lie eight and what was not seen: 9 in 100, which is just allowed'}
    ${cents(9)}                               | ${'0.5'}  | ${'0.06'} | ${'above 0.06 lie three of 9 and what was not seen: 4 in 10; above 0.05 five'}
    ${times(30, '5')}                         | ${'0.05'} | ${'5'}    | ${'always the same: the chance of more is that of something never seen, 1 in 31'}
    ${[...times(97, '0.02'), d('3'), d('7')]} | ${'0.05'} | ${'0.02'} | ${'two dear ones in 99: above 0.02 lie 3 in 100'}
    ${times(40, '0')}                         | ${'0.05'} | ${'0'}    | ${'work that cost nothing forty times'}
  `('own history at $risk: $because', ({ customer, risk, expected }) => {
    expect(outlookOf(history(customer), d(risk)).amount?.toFixed() ?? null).toBe(expected);
  });

  it.each`
    customer           | taskClass                      | organisation      | risk      | expected | because
    ${times(10, '1')}  | ${[...times(29, '2'), d('9')]} | ${[]}             | ${'0.1'}  | ${'2'}   | ${'above 2: 0.2 ÷ 11 + 0.8 × 2 ÷ 31 = 7.0 %'}
    ${times(10, '1')}  | ${[...times(19, '2'), d('9')]} | ${[]}             | ${'0.1'}  | ${'9'}   | ${'above 2: 0.2 ÷ 11 + 0.8 × 2 ÷ 21 = 9.4 %, more than 9 %'}
    ${times(100, '1')} | ${times(900, '2')}             | ${[]}             | ${'0.05'} | ${'1'}   | ${'a hundred of its own stand alone'}
    ${times(99, '1')}  | ${times(900, '2')}             | ${[]}             | ${'0.05'} | ${'1'}   | ${'with one less, a hundredth is said by the class: 0.99 ÷ 100 + 0.01 = 2.0 %'}
    ${times(95, '1')}  | ${times(900, '2')}             | ${[]}             | ${'0.05'} | ${'2'}   | ${'with 95, above 1 lie 0.95 ÷ 96 + 0.05 = 6.0 %'}
    ${[]}              | ${times(50, '2')}              | ${times(50, '4')} | ${'0.05'} | ${'4'}   | ${'a class half known: the other half is the organisation'}
    ${[]}              | ${[]}                          | ${times(50, '4')} | ${'0.05'} | ${'4'}   | ${'nothing of the class: the organisation'}
  `('own, class, organisation at $risk: $because', ({ customer, taskClass, organisation, risk, expected }) => {
    expect(outlookOf(history(customer, taskClass, organisation), d(risk)).amount?.toFixed()).toBe(expected);
  });

  it('says from how many amounts of which circle, and with which share', () => {
    const { from } = outlookOf(history(times(40, '1'), times(50, '2'), times(500, '4')), d('0.05'));
    expect(from).toEqual({
      customer: { seen: 40, share: d('0.4') },
      taskClass: { seen: 50, share: d('0.3') },
      organisation: { seen: 500, share: d('0.3') },
    });
  });

  it('says how sure the largest amount is where it promises too little', () => {
    expect(outlookOf(history([d('0.30'), d('0.10'), d('0.20')]), d('0.05'))).toMatchObject({
      amount: null,
      largest: d('0.3'),
      beyondLargest: d('0.25'),
    });
    expect(outlookOf(history([]), d('0.05'))).toMatchObject({ amount: null, largest: null, beyondLargest: ONE });
  });

  it.each`
    risk       | rows
    ${'0.5'}   | ${100}
    ${'0.1'}   | ${100}
    ${'0.05'}  | ${200}
    ${'0.03'}  | ${334}
    ${'0.01'}  | ${1000}
    ${'0.001'} | ${2000}
  `('$rows holds of each circle are read at $risk', ({ risk, rows }) => {
    expect(historyWanted(d(risk))).toBe(rows);
  });

  it.each(['0', '1', '-0.1', '2'])('a risk of %s is a bug of ours', (risk) => {
    expect(() => outlookOf(history(cents(9)), d(risk))).toThrow('a risk lies between 0 and 1');
  });
});

describe('what to hold, whatever was seen', () => {
  const amounts = (maxLength: number) =>
    fc.array(
      fc.integer({ min: 0, max: 400 }).map((value) => new Decimal(value).dividedBy(1000)),
      { maxLength },
    );
  const histories = fc.record({ customer: amounts(150), taskClass: amounts(150), organisation: amounts(150) });
  const risks = fc.integer({ min: 10, max: 500 }).map((value) => new Decimal(value).dividedBy(1000));
  /** What can't be promised is larger than any amount. */
  const size = (seen: SizingHistory, risk: Decimal): Decimal => outlookOf(seen, risk).amount ?? d('1e9');

  it('is no less for a smaller risk', () => {
    fc.assert(
      fc.property(histories, risks, risks, (seen, one, other) => {
        const [smaller, greater] = [Decimal.min(one, other), Decimal.max(one, other)];
        expect(size(seen, smaller).lessThan(size(seen, greater))).toBe(false);
      }),
    );
  });

  it('leaves no more than the risk above it among amounts of which any may be the next', () => {
    fc.assert(
      fc.property(amounts(120), risks, (pool, risk) => {
        const overruns = pool.filter((next, index) => {
          const seen = pool.filter((_, other) => other !== index);
          return next.greaterThan(size(history(seen), risk));
        });
        expect(overruns.length).toBeLessThanOrEqual(Math.floor(risk.times(pool.length).toNumber()));
      }),
      { numRuns: 30 },
    );
  });

  it('is that of the customer alone once there is enough, of the class without any, of the organisation without either', () => {
    const enough = fc.array(
      fc.integer({ min: 0, max: 400 }).map((value) => new Decimal(value)),
      {
        minLength: 100,
        maxLength: 130,
      },
    );
    fc.assert(
      fc.property(enough, histories, (own, { taskClass, organisation }) => {
        const alone = size(history(own), d('0.05'));
        expect(size(history(own, taskClass, organisation), d('0.05'))).toEqual(alone);
        expect(size(history([], own, organisation), d('0.05'))).toEqual(alone);
        expect(size(history([], [], own), d('0.05'))).toEqual(alone);
      }),
      { numRuns: 50 },
    );
  });

  it('is an amount that was seen; order says nothing; shares add up', () => {
    fc.assert(
      fc.property(histories, risks, (seen, risk) => {
        const outlook = outlookOf(seen, risk);
        const all = [...seen.customer, ...seen.taskClass, ...seen.organisation];
        if (outlook.amount !== null) expect(all.some((amount) => amount.equals(outlook.amount!))).toBe(true);
        const backwards = {
          customer: seen.customer.toReversed(),
          taskClass: seen.taskClass.toReversed(),
          organisation: seen.organisation.toReversed(),
        };
        expect(outlookOf(backwards, risk)).toEqual(outlook);
        const shares = sum(Object.values(outlook.from).map(({ share }) => share));
        expect(shares.toFixed()).toBe(all.length === 0 ? '0' : '1');
      }),
    );
  });

  it('grows with what it is made of, to the last digit', () => {
    fc.assert(
      fc.property(histories, risks, (seen, risk) => {
        const factor = d('1234567.000000000001');
        const grown = (list: readonly Decimal[]) => list.map((amount) => amount.times(factor));
        const larger = outlookOf(
          history(grown(seen.customer), grown(seen.taskClass), grown(seen.organisation)),
          risk,
        ).amount;
        expect(larger?.toFixed()).toBe(outlookOf(seen, risk).amount?.times(factor).toFixed());
      }),
    );
  });
});
