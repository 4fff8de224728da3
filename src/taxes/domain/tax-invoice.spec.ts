import fc from 'fast-check';
import { Decimal, minorUnitDecimals, roundToMinorUnit, sum } from '../../kernel';
import { type RatedLine, taxInvoice, type TaxRate } from './tax-invoice';
import type { TaxBehaviour } from './tax-rate';

/** `gst 5` as a rate a line bears. */
function rate(text: string, behaviour: TaxBehaviour): TaxRate {
  const [key = '', percent = ''] = text.split(' ');
  const category = percent === '0' ? 'Z' : 'S';
  return { key, name: key, percent: new Decimal(percent), behaviour, category, reason: null };
}

function line(amount: string, behaviour: TaxBehaviour, rates: readonly string[]): RatedLine {
  return { amount: new Decimal(amount), rates: rates.map((each) => rate(each, behaviour)) };
}

/** `100.00 with vat 19` for each line, `, in` behind one whose price holds the tax. */
function invoice(currency: string, text: string) {
  const lines = text.split('; ').map((each) => {
    const [, amount = '', rates = '', within] = /^(\S+) with ([^,]+)(, in)?$/.exec(each)!;
    return line(amount, within === undefined ? 'exclusive' : 'inclusive', rates.split(' + '));
  });
  return taxInvoice(currency, lines);
}

describe('worked by hand', () => {
  it.each`
    currency | lines                                                                           | taxes                       | total                        | because
    ${'EUR'} | ${'100 with vat 19'}                                                            | ${'19'}                     | ${'100 + 19 = 119'}          | ${'19 % of 100'}
    ${'EUR'} | ${'0.35 with vat 19; 0.35 with vat 19; 0.35 with vat 19'}                       | ${'0.07; 0.07; 0.06'}       | ${'1.05 + 0.2 = 1.25'}       | ${'0.1995 is 0.20, where line by line it were 0.21'}
    ${'EUR'} | ${'100 with vat 19; 33.33 with vat 19; 0.05 with vat 19'}                       | ${'19; 6.33; 0.01'}         | ${'133.38 + 25.34 = 158.72'} | ${'of 25.3422 the last line lost most: 0.95 of a cent'}
    ${'EUR'} | ${'47.15 with vat 10; 47.15 with vat 10; 47.15 with vat 10; 47.25 with vat 10'} | ${'4.72; 4.72; 4.71; 4.72'} | ${'188.7 + 18.87 = 207.57'}  | ${'line by line it were 18.89'}
    ${'CAD'} | ${'100 with gst 5 + qst 9.975'}                                                 | ${'5, 9.98'}                | ${'100 + 14.98 = 114.98'}    | ${'9.975 is rounded half away from zero'}
    ${'CAD'} | ${'49.99 with gst 5 + qst 9.975; 50.01 with gst 5 + qst 9.975'}                 | ${'2.5, 4.99; 2.5, 4.99'}   | ${'100 + 14.98 = 114.98'}    | ${'two lines come to what one comes to'}
    ${'USD'} | ${'19.99 with state 6.25 + city 1 + transit 1'}                                 | ${'1.25, 0.2, 0.2'}         | ${'19.99 + 1.65 = 21.64'}    | ${'each tax is rounded, not their sum of 1.649175'}
    ${'USD'} | ${'20 with state 6.25 + city 1; 30 with state 6.25'}                            | ${'1.25, 0.2; 1.88'}        | ${'50 + 3.33 = 53.33'}       | ${'3.125 of the state on 50, 1.25 and 1.875: the second lost some'}
    ${'JPY'} | ${'1100 with ct 10, in'}                                                        | ${'100'}                    | ${'1000 + 100 = 1100'}       | ${'a tenth of the net lies within'}
    ${'JPY'} | ${'105 with ct 10, in; 105 with ct 10, in; 105 with ct 10, in'}                 | ${'10; 10; 9'}              | ${'286 + 29 = 315'}          | ${'315 ÷ 11 is 28.63'}
    ${'JPY'} | ${'1080 with ct 8, in; 1100 with ct 10, in'}                                    | ${'80; 100'}                | ${'2000 + 180 = 2180'}       | ${'food at 8 % beside the rest at 10 %'}
    ${'KWD'} | ${'12.345 with vat 5'}                                                          | ${'0.617'}                  | ${'12.345 + 0.617 = 12.962'} | ${'0.61725 at three decimals'}
    ${'EUR'} | ${'119 with vat 19, in'}                                                        | ${'19'}                     | ${'100 + 19 = 119'}          | ${'taken out of the price'}
    ${'EUR'} | ${'110 with a 7 + b 3, in'}                                                     | ${'7, 3'}                   | ${'100 + 10 = 110'}          | ${'two within one price share the divisor of 110'}
    ${'CAD'} | ${'114.98 with gst 5 + qst 9.975, in'}                                          | ${'5, 9.98'}                | ${'100 + 14.98 = 114.98'}    | ${'what came on top lies within'}
    ${'EUR'} | ${'100 with vat 19; 119 with vat 19, in'}                                       | ${'19; 19'}                 | ${'200 + 38 = 238'}          | ${'prices with and without tax on one invoice'}
    ${'EUR'} | ${'100 with vat 19; 50 with books 7; 10 with none 0'}                           | ${'19; 3.5; 0'}             | ${'160 + 22.5 = 182.5'}      | ${'three rates of three products'}
    ${'EUR'} | ${'30 with vat 19; -14.5 with vat 19; 29 with vat 19'}                          | ${'5.7; -2.75; 5.51'}       | ${'44.5 + 8.46 = 52.96'}     | ${'a credit takes its tax along: 8.455 in all'}
    ${'EUR'} | ${'10 with vat 19; -15 with vat 19'}                                            | ${'1.9; -2.85'}             | ${'-5 + -0.95 = -5.95'}      | ${'more is credited than charged'}
    ${'EUR'} | ${'0.05 with vat 10; -0.05 with vat 10'}                                        | ${'0; 0'}                   | ${'0 + 0 = 0'}               | ${'half a cent each way is nothing'}
    ${'EUR'} | ${'0 with vat 19; 0.02 with vat 19'}                                            | ${'0; 0'}                   | ${'0.02 + 0 = 0.02'}         | ${'a line of nothing bears nothing'}
    ${'EUR'} | ${'-119 with vat 19, in'}                                                       | ${'-19'}                    | ${'-100 + -19 = -119'}       | ${'a credit of a price with tax'}
  `('$currency $lines: $because', ({ currency, lines, taxes, total }) => {
    const answer = invoice(currency, lines);
    const shown = answer.lines.map((each) => each.taxes.map(({ amount }) => amount.toFixed()).join(', '));
    expect(shown.join('; ')).toBe(taxes);
    expect(`${answer.net.toFixed()} + ${answer.tax.toFixed()} = ${answer.gross.toFixed()}`).toBe(total);
  });

  it('says by rate what was taxed and what that comes to', () => {
    const { taxes } = invoice('EUR', '100 with vat 19; 119 with vat 19, in; 50 with books 7; 20 with vat 19');
    const shown = taxes.map(({ rate: { key, behaviour }, base, amount }) => [
      key,
      behaviour,
      base.toFixed(),
      amount.toFixed(),
    ]);
    expect(shown).toEqual([
      ['vat', 'exclusive', '120', '22.8'],
      ['vat', 'inclusive', '100', '19'],
      ['books', 'exclusive', '50', '3.5'],
    ]);
  });

  it('two versions of one rate are rounded apart, since an invoice states both', () => {
    const { taxes } = invoice('EUR', '100 with vat 16; 100 with vat 19');
    expect(taxes.map(({ rate: { percent }, amount }) => `${percent.toFixed()}: ${amount.toFixed()}`)).toEqual([
      '16: 16',
      '19: 19',
    ]);
  });

  it('of a line with both, taxes on top are asked on what is left without those within', () => {
    const answer = taxInvoice('EUR', [
      { amount: new Decimal('110'), rates: [rate('city 5', 'exclusive'), rate('vat 10', 'inclusive')] },
    ]);
    const [{ net, tax, gross, taxes }] = answer.lines as [(typeof answer.lines)[0]];
    expect([net, tax, gross].map((each) => each.toFixed())).toEqual(['100', '15', '115']);
    expect(taxes.map(({ rate: { key }, amount }) => `${key} ${amount.toFixed()}`)).toEqual(['city 5', 'vat 10']);
  });

  it('an invoice without lines, and lines without rates, owe nothing', () => {
    expect(taxInvoice('EUR', []).tax.toFixed()).toBe('0');
    const answer = taxInvoice('EUR', [line('100', 'inclusive', [])]);
    expect(answer).toMatchObject({ taxes: [], lines: [{ taxes: [] }] });
    expect(answer.net.toFixed()).toBe('100');
  });

  it('refuses an amount that isn’t rounded', () => {
    expect(() => taxInvoice('JPY', [line('1.5', 'exclusive', ['ct 10'])])).toThrow('more than 0 digits');
  });
});

describe('whatever the lines', () => {
  const currency = fc.constantFrom('EUR', 'JPY', 'KWD');
  const percent = fc.integer({ min: 0, max: 30_000 }).map((thousandths) => new Decimal(thousandths).dividedBy(1_000));
  const behaviour = fc.constantFrom<TaxBehaviour>('exclusive', 'inclusive');
  const RATES = ['a', 'b', 'c', 'd'];
  const invoices = fc
    .record({
      currency,
      percents: fc.tuple(percent, percent, percent, percent),
      lines: fc.array(
        fc.record({
          units: fc.integer({ min: -2_000_000, max: 2_000_000 }),
          rates: fc
            .tuple(fc.subarray([0, 1, 2, 3]), fc.infiniteStream(behaviour))
            .map(([some, behaviours]) => some.map((each): [number, TaxBehaviour] => [each, behaviours.next().value])),
        }),
        { maxLength: 12 },
      ),
    })
    .map(({ currency: code, percents, lines }) => ({
      currency: code,
      lines: lines.map(({ units, rates }): RatedLine => ({
        amount: new Decimal(units).times(unitOf(code)),
        rates: rates.map(([each, behaviour]) => rate(`${RATES[each]!} ${percents[each]!.toFixed()}`, behaviour)),
      })),
    }));
  const unitOf = (code: string) => new Decimal(10).pow(-minorUnitDecimals(code));
  /** What a line owes of a rate, not rounded. */
  const exact = ({ amount, rates }: RatedLine, { percent: percentage }: TaxRate) => {
    const within = rates.filter(({ behaviour }) => behaviour === 'inclusive');
    return amount.times(percentage).dividedBy(sum(within.map((each) => each.percent)).plus(100));
  };
  type Answer = ReturnType<typeof taxInvoice>;
  const textOf = ({ taxes }: Answer) =>
    taxes.map(({ rate: { key, behaviour }, amount }) => `${key} ${behaviour} ${amount.toFixed()}`).sort();

  it('lines add up to rates, and rates to the invoice; a price with its taxes stays as it is', () => {
    fc.assert(
      fc.property(invoices, ({ currency: code, lines }) => {
        const answer = taxInvoice(code, lines);
        const ofLines = answer.lines.flatMap(({ taxes }) => taxes.map(({ amount }) => amount));
        expect(sum(ofLines).toFixed()).toBe(answer.tax.toFixed());
        expect(sum(answer.taxes.map(({ amount }) => amount)).toFixed()).toBe(answer.tax.toFixed());
        expect(sum(answer.lines.map(({ gross }) => gross)).toFixed()).toBe(answer.gross.toFixed());
        expect(answer.net.plus(answer.tax).toFixed()).toBe(answer.gross.toFixed());
        answer.lines.forEach(({ net, tax, gross, taxes }, index) => {
          const onTop = sum(
            taxes.filter(({ rate: each }) => each.behaviour === 'exclusive').map((each) => each.amount),
          );
          expect(gross.minus(onTop).toFixed()).toBe(lines[index]!.amount.toFixed());
          expect(net.plus(tax).toFixed()).toBe(gross.toFixed());
          expect(taxes.map(({ rate: { key } }) => key)).toEqual(lines[index]!.rates.map(({ key }) => key));
        });
      }),
    );
  });

  it('a rate’s tax is the exact one, rounded once; no line is a unit or more off, or has a sign of its own', () => {
    fc.assert(
      fc.property(invoices, ({ currency: code, lines }) => {
        const answer = taxInvoice(code, lines);
        for (const { rate: each, amount } of answer.taxes) {
          const bearing = lines.filter(({ rates }) =>
            rates.some(({ key, behaviour }) => key === each.key && behaviour === each.behaviour),
          );
          // Thirds and sevenths that come to a half are a half, though their digits end somewhere.
          const all = sum(bearing.map((one) => exact(one, each))).toDecimalPlaces(60);
          expect(amount.toFixed()).toBe(roundToMinorUnit(all, code).toFixed());
        }
        answer.lines.forEach(({ taxes }, index) => {
          for (const { rate: each, amount } of taxes) {
            const wanted = exact(lines[index]!, each);
            expect(amount.minus(wanted).abs().lessThan(unitOf(code))).toBe(true);
            expect(amount.times(wanted).lessThan(0)).toBe(false);
          }
        });
      }),
    );
  });

  it('the order of lines changes no total', () => {
    fc.assert(
      fc.property(invoices, ({ currency: code, lines }) => {
        expect(textOf(taxInvoice(code, [...lines].reverse()))).toEqual(textOf(taxInvoice(code, lines)));
      }),
    );
  });

  it('a line that is cut in two changes no total', () => {
    fc.assert(
      fc.property(invoices, fc.integer({ min: -500, max: 500 }), ({ currency: code, lines }, units) => {
        fc.pre(lines.length > 0);
        const [first, ...others] = lines as [RatedLine, ...RatedLine[]];
        const part = new Decimal(units).times(unitOf(code));
        const cut = [{ ...first, amount: part }, { ...first, amount: first.amount.minus(part) }, ...others];
        expect(textOf(taxInvoice(code, cut))).toEqual(textOf(taxInvoice(code, lines)));
      }),
    );
  });

  it('the opposite of every line has the opposite of every tax', () => {
    const amounts = ({ lines }: Answer, sign: number) =>
      lines.map(({ taxes }) => taxes.map(({ amount }) => amount.times(sign).plus(0).toFixed()));
    fc.assert(
      fc.property(invoices, ({ currency: code, lines }) => {
        const opposite = lines.map((each) => ({ ...each, amount: each.amount.negated() }));
        expect(amounts(taxInvoice(code, opposite), -1)).toEqual(amounts(taxInvoice(code, lines), 1));
      }),
    );
  });

  it('what came on top of a price lies within the price that has it: exactly for one rate', () => {
    const units = fc.integer({ min: -2_000_000, max: 2_000_000 });
    fc.assert(
      fc.property(currency, units, percent, (code, amount, percentage) => {
        const net = new Decimal(amount).times(unitOf(code));
        const vat = (behaviour: TaxBehaviour) => [rate(`vat ${percentage.toFixed()}`, behaviour)];
        const onTop = taxInvoice(code, [{ amount: net, rates: vat('exclusive') }]);
        const within = taxInvoice(code, [{ amount: onTop.gross, rates: vat('inclusive') }]);
        expect(within.net.toFixed()).toBe(net.plus(0).toFixed());
      }),
    );
  });
});
