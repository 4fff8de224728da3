import fc from 'fast-check';
import { Decimal, sum, ZERO } from '../../kernel';
import {
  type CreditableLine,
  creditNoteEntries,
  creditNoteNumber,
  leftOf,
  type LineTax,
  mostToNote,
  noteAmounts,
  noteProblem,
  sumTaxes,
  takeFromMonths,
} from '.';

function tax(key: string, base: string, amount: string, change: Partial<LineTax> = {}): LineTax {
  const same = { name: key, percent: '19', behaviour: 'exclusive', category: 'S', reason: null } as const;
  return { ...same, key, base, amount, ...change };
}

/** A line of which so much has been taken back. */
function line(amount: string, taxes: readonly LineTax[] = [], noted = '0', id = 'line'): CreditableLine {
  const included = sum(
    taxes.filter(({ behaviour }) => behaviour === 'inclusive').map((each) => new Decimal(each.amount)),
  );
  const net = new Decimal(amount).minus(included);
  return { id, description: id, amount: new Decimal(amount), net, taxes, noted: new Decimal(noted) };
}

/** Takes these amounts back of a line, one note after the other. */
function notes(of: CreditableLine, amounts: readonly string[], currency: string) {
  let noted = of.noted;
  return amounts.map((amount) => {
    const [part] = noteAmounts([{ ...of, noted }], new Map([[of.id, new Decimal(amount)]]), currency).lines;
    noted = noted.plus(amount);
    return part!;
  });
}

const VAT = [tax('vat', '10', '1.9')];
const INCLUDED = [tax('vat', '100', '19', { behaviour: 'inclusive' })];
const GST_QST = [tax('gst', '1', '0.05', { percent: '5' }), tax('qst', '1', '0.1', { percent: '9.975' })];

it.each`
  of                                                            | currency | amounts                     | nets                        | taxed                       | because
  ${line('10.00', VAT)}                                         | ${'EUR'} | ${['4.00', '6.00']}         | ${['4', '6']}               | ${['0.76', '1.14']}         | ${'the last takes the rest'}
  ${line('10.00', VAT)}                                         | ${'EUR'} | ${['10.00']}                | ${['10']}                   | ${['1.9']}                  | ${'all at once'}
  ${line('10.00', VAT)}                                         | ${'EUR'} | ${['3.33', '3.33', '3.34']} | ${['3.33', '3.33', '3.34']} | ${['0.63', '0.64', '0.63']} | ${'0.6327 is 0.63; of 6.66 it is 1.2654, so 1.27 − 0.63; then the rest'}
  ${line('119.00', INCLUDED)}                                   | ${'EUR'} | ${['11.90', '107.10']}      | ${['10', '90']}             | ${['1.9', '17.1']}          | ${'a tax that is included is part of the amount'}
  ${line('119.00', INCLUDED)}                                   | ${'EUR'} | ${['0.01', '118.99']}       | ${['0.01', '99.99']}        | ${['0', '19']}              | ${'a cent has no tax to give back yet'}
  ${line('1.00', GST_QST)}                                      | ${'CAD'} | ${['0.10', '0.10', '0.80']} | ${['0.1', '0.1', '0.8']}    | ${['0.02', '0.01', '0.12']} | ${'each tax by itself: 0.005 and 0.010 are 0.01 each; 0.010 and 0.020 are 0.01 and 0.02 together'}
  ${line('10.00')}                                              | ${'EUR'} | ${['9.99', '0.01']}         | ${['9.99', '0.01']}         | ${['0', '0']}               | ${'without tax'}
  ${line('999', [tax('vat', '999', '100', { percent: '10' })])} | ${'JPY'} | ${['333', '333', '333']}    | ${['333', '333', '333']}    | ${['33', '34', '33']}       | ${'whole yen'}
`('notes of $amounts in $currency: $because', ({ of, currency, amounts, nets, taxed }) => {
  const parts = notes(of, amounts, currency);
  expect(parts.map(({ net }) => net.toFixed())).toEqual(nets);
  expect(parts.map((part) => part.tax.toFixed())).toEqual(taxed);
});

it('says of each tax what goes back of it, and of what', () => {
  const [part] = notes(line('119.00', INCLUDED), ['11.90'], 'EUR');
  expect(part!.taxes).toEqual([{ ...INCLUDED[0], base: '10', amount: '1.9' }]);
});

it('sums what goes back by rate', () => {
  const lines = [{ taxes: GST_QST }, { taxes: [tax('gst', '2', '0.1', { percent: '5' })] }];
  expect(sumTaxes(lines).map(({ key, base, amount }) => `${key} ${amount} of ${base}`)).toEqual([
    'gst 0.15 of 3',
    'qst 0.1 of 1',
  ]);
});

it('all that is left is every line, also what it gives back: so the notes together are the invoice', () => {
  const lines = [
    line('60.00', [tax('vat', '60', '11.4')], '20.00', 'new'),
    line('-15.00', [tax('vat', '-15', '-2.85')], '0', 'credit'),
    line('5.00', [], '5.00', 'gone'),
  ];
  const { lines: parts, subtotal, taxTotal, total } = noteAmounts(lines, null, 'EUR');
  expect(parts.map(({ id, amount, tax: back }) => [id, amount.toFixed(2), back.toFixed(2)])).toEqual([
    ['new', '40.00', '7.60'],
    ['credit', '-15.00', '-2.85'],
  ]);
  expect([subtotal, taxTotal, total].map((each) => each.toFixed(2))).toEqual(['25.00', '4.75', '29.75']);
});

it.each`
  of                           | amount     | currency | kind           | because
  ${line('10.00', [], '4.00')} | ${'6.00'}  | ${'EUR'} | ${null}        | ${'that is what is left'}
  ${line('10.00', [], '4.00')} | ${'6.01'}  | ${'EUR'} | ${'too_large'} | ${'a cent more'}
  ${line('10.00')}             | ${'0'}     | ${'EUR'} | ${'invalid'}   | ${'nothing'}
  ${line('10.00')}             | ${'-1'}    | ${'EUR'} | ${'invalid'}   | ${'a note doesn’t charge'}
  ${line('10.00')}             | ${'0.001'} | ${'EUR'} | ${'invalid'}   | ${'less than a cent'}
  ${line('10')}                | ${'0.5'}   | ${'JPY'} | ${'invalid'}   | ${'half a yen'}
  ${line('1.000')}             | ${'0.001'} | ${'KWD'} | ${null}        | ${'a fils'}
  ${line('-5.00')}             | ${'1.00'}  | ${'EUR'} | ${'invalid'}   | ${'a line that gives something back'}
  ${line('0')}                 | ${'1.00'}  | ${'EUR'} | ${'invalid'}   | ${'a line of nothing'}
`('$amount $currency: $because', ({ of, amount, currency, kind }) => {
  expect(noteProblem(of, new Decimal(amount), currency)?.kind ?? null).toBe(kind);
});

const open = { status: 'finalized', total: '119', creditApplied: '9', prepaidApplied: '0', credited: '0', amountPaid: '10', noted: '0', refunded: '0' }; // prettier-ignore
it.each`
  as           | change                                                                  | most     | what                                | because
  ${'invoice'} | ${{}}                                                                   | ${'100'} | ${'is due'}                         | ${'of 119.00, 9.00 of credit and 10.00 in money are paid'}
  ${'balance'} | ${{}}                                                                   | ${'119'} | ${'is left of the invoice'}         | ${'all of it'}
  ${'refund'}  | ${{}}                                                                   | ${'10'}  | ${'was paid and not paid back yet'} | ${'only money is paid back'}
  ${'refund'}  | ${{ noted: '4', refunded: '4' }}                                        | ${'6'}   | ${'was paid and not paid back yet'} | ${'4.00 were paid back'}
  ${'invoice'} | ${{ credited: '60', noted: '60' }}                                      | ${'40'}  | ${'is due'}                         | ${'60.00 are off already'}
  ${'invoice'} | ${{ noted: '50' }}                                                      | ${'69'}  | ${'is left of the invoice'}         | ${'50.00 became credit, so less is left than is due'}
  ${'invoice'} | ${{ status: 'paid', amountPaid: '110' }}                                | ${'0'}   | ${'is due'}                         | ${'it is paid'}
  ${'invoice'} | ${{ status: 'uncollectible' }}                                          | ${'100'} | ${'is due'}                         | ${'what was given up'}
  ${'balance'} | ${{ status: 'paid', total: '-5', amountPaid: '0', creditApplied: '0' }} | ${'0'}   | ${'is left of the invoice'}         | ${'an invoice below zero asked for nothing'}
`('at most $most as $as: $because', ({ as, change, most, what }) => {
  const { status, ...amounts } = { ...open, ...change };
  const invoice = Object.fromEntries(
    Object.entries(amounts).map(([key, value]) => [key, new Decimal(value as string)]),
  );
  const bound = mostToNote(as, { status, ...invoice } as unknown as Parameters<typeof mostToNote>[1]);
  expect([bound.most.toFixed(), bound.what]).toEqual([most, what]);
});

it.each`
  as           | status             | entries
  ${'invoice'} | ${'finalized'}     | ${'revenue 4, deferred_revenue 6, tax 1.9, accounts_receivable -11.9'}
  ${'invoice'} | ${'uncollectible'} | ${'revenue 4, deferred_revenue 6, tax 1.9, write_offs -11.9'}
  ${'balance'} | ${'paid'}          | ${'revenue 4, deferred_revenue 6, tax 1.9, customer_credit -11.9'}
  ${'refund'}  | ${'paid'}          | ${'revenue 4, deferred_revenue 6, tax 1.9, payments -11.9'}
`('books 11.90 of an invoice that is $status, as $as', ({ as, status, entries }) => {
  const [total, taxTotal, earned, deferred] = [11.9, 1.9, 4, 6].map((each) => new Decimal(each)) as [Decimal, Decimal, Decimal, Decimal]; // prettier-ignore
  const booked = creditNoteEntries({ as, status, total, taxTotal, earned, deferred });
  expect(booked.map(({ account, amount }) => `${account} ${amount.toFixed()}`).join(', ')).toBe(entries);
});

it.each`
  months                        | net      | taken                                    | earned  | because
  ${'2026-03 30, 2026-04 31'}   | ${'50'}  | ${{ '2026-04': '31', '2026-03': '19' }}  | ${'0'}  | ${'the last month first'}
  ${'2026-04 31, 2026-03 30'}   | ${'70'}  | ${{ '2026-04': '31', '2026-03': '30' }}  | ${'9'}  | ${'what months don’t have was earned'}
  ${''}                         | ${'10'}  | ${{}}                                    | ${'10'} | ${'all of it was earned'}
  ${'2026-03 -30, 2026-04 -31'} | ${'-40'} | ${{ '2026-04': '-31', '2026-03': '-9' }} | ${'0'}  | ${'of a line that gives something back'}
  ${'2026-03 30, 2026-04 0'}    | ${'10'}  | ${{ '2026-03': '10' }}                   | ${'0'}  | ${'a month of which nothing is left'}
`('takes $net from $months: $because', ({ months, net, taken, earned }) => {
  const rows = (months as string)
    .split(', ')
    .filter(Boolean)
    .map((each) => {
      const [month = '', left = ''] = each.split(' ');
      return { id: month, month, left: new Decimal(left) };
    });
  const result = takeFromMonths(rows, new Decimal(net));
  expect(Object.fromEntries([...result.taken].map(([id, amount]) => [id, amount.toFixed()]))).toEqual(taken);
  expect(result.earned.toFixed()).toBe(earned);
  expect(result.deferred.plus(result.earned).toFixed()).toBe(net);
});

it('numbers of credit notes are filled up to six digits', () => {
  expect(['1', '42', '1234567'].map(creditNoteNumber)).toEqual(['CN-000001', 'CN-000042', 'CN-1234567']);
});

const cents = (max: number) => fc.integer({ min: 0, max }).map((value) => new Decimal(value).dividedBy(100));
const taxed = fc
  .record({
    amount: fc.integer({ min: 1, max: 100_000 }).map((value) => new Decimal(value).dividedBy(100)),
    taxes: fc.array(fc.record({ amount: cents(20_000), isIncluded: fc.boolean() }), { maxLength: 3 }),
  })
  .map(({ amount, taxes }) => {
    // Included taxes are less than what includes them.
    const most = amount.dividedBy(taxes.length + 1).toDecimalPlaces(2, Decimal.ROUND_DOWN);
    return line(
      amount.toFixed(),
      taxes.map((each, index) =>
        tax(`t${index}`, '1', Decimal.min(each.amount, most).toFixed(), {
          behaviour: each.isIncluded ? 'inclusive' : 'exclusive',
        }),
      ),
    );
  });

it('however a line is taken back, its parts are the line: net, and each tax; no tax gives back more than it took', () => {
  fc.assert(
    fc.property(taxed, fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 6 }), (of, percents) => {
      const amounts: string[] = [];
      let left = leftOf(of);
      for (const percent of percents) {
        const part = left.times(percent).dividedBy(100).toDecimalPlaces(2);
        if (part.isZero() || part.equals(left)) continue;
        amounts.push(part.toFixed());
        left = left.minus(part);
      }
      amounts.push(left.toFixed());
      const parts = notes(of, amounts, 'USD');

      expect(sum(parts.map(({ net }) => net)).equals(of.net)).toBe(true);
      for (const [index, whole] of of.taxes.entries()) {
        let back = ZERO;
        for (const part of parts) {
          const amount = new Decimal(part.taxes[index]!.amount);
          expect(amount.lessThan(0)).toBe(false);
          back = back.plus(amount);
          expect(back.greaterThan(whole.amount)).toBe(false);
        }
        expect(back.equals(whole.amount)).toBe(true);
      }
      for (const part of parts) {
        const included = part.taxes.filter(({ behaviour }) => behaviour === 'inclusive');
        expect(part.net.plus(sum(included.map((each) => new Decimal(each.amount)))).equals(part.amount)).toBe(true);
        expect(part.tax.equals(sum(part.taxes.map((each) => new Decimal(each.amount))))).toBe(true);
      }
    }),
  );
});
