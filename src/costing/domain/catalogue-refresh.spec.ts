import fc from 'fast-check';
import { type LivePriceRow, movement, planRefresh } from './catalogue-refresh';
import type { PriceRow } from './model-price';

const JUNE = '2026-06-01T00:00:00.000Z';
const JULY = '2026-07-01T00:00:00.000Z';
const AUGUST = '2026-08-01T00:00:00.000Z';

const price = (amount: string) => ({ per: '1000000', amount, tiers: [] });
const row = (model: string, input: string, more: Partial<PriceRow> = {}): PriceRow => ({
  provider: 'openai',
  model,
  match: { equals: model },
  position: 0,
  validFrom: null,
  validTo: null,
  dailyFrom: null,
  dailyTo: null,
  currency: 'USD',
  units: { input: price(input) },
  ...more,
});
let nextId = 1;
const stored = (given: PriceRow): LivePriceRow => ({ ...given, id: nextId++ });

/** What is stored once the plan is carried out. */
function after(rows: readonly LivePriceRow[], incoming: readonly PriceRow[], from: string | null): LivePriceRow[] {
  const { updates, retired, inserts } = planRefresh(rows, incoming, from);
  const changed = new Map(updates.map((update) => [update.id, update]));
  return [
    ...rows.filter(({ id }) => !retired.includes(id)).map((each) => changed.get(each.id) ?? each),
    ...inserts.map(stored),
  ];
}

describe('another catalogue from an instant on', () => {
  it('ends a changed price there and begins the new one', () => {
    const old = stored(row('gpt', '2.5'));
    const plan = planRefresh([old], [row('gpt', '2')], JULY);
    expect(plan.updates).toEqual([{ ...old, validTo: JULY }]);
    expect(plan.inserts).toEqual([row('gpt', '2', { validFrom: JULY })]);
    expect(plan.retired).toEqual([]);
    expect(plan.changes).toEqual([
      {
        kind: 'changed',
        provider: 'openai',
        model: 'gpt',
        unit: 'input',
        from: null,
        daily: null,
        old: price('2.5'),
        new: price('2'),
        factor: '0.8',
        suspicious: false,
      },
    ]);
  });

  it('leaves what is the same alone, spelled otherwise or not', () => {
    const same = { units: { output: price('10.0'), input: { per: '1000000', amount: '2.50' } } };
    const plan = planRefresh(
      [stored(row('gpt', '2.5', { units: { input: price('2.5'), output: price('10') } }))],
      [row('gpt', '', same)],
      JULY,
    );
    expect(plan).toEqual({ changes: [], updates: [], retired: [], inserts: [] });
  });

  it('gives a new model its prices for all time', () => {
    const rows = [row('new', '1', { validTo: JUNE }), row('new', '2', { validFrom: JUNE })];
    const plan = planRefresh([], rows, JULY);
    expect(plan.inserts).toEqual(rows);
    expect(plan.changes).toMatchObject([{ kind: 'added', old: null, new: price('2') }]);
  });

  it('ends the prices of a model that is gone', () => {
    const old = stored(row('gone', '1'));
    const plan = planRefresh([old], [], JULY);
    expect(plan.updates).toEqual([{ ...old, validTo: JULY }]);
    expect(plan.changes).toMatchObject([{ kind: 'removed', old: price('1'), new: null }]);
  });

  it('retires a price that was to begin later and never will', () => {
    const [now, later] = [stored(row('gpt', '1', { validTo: AUGUST })), stored(row('gpt', '9', { validFrom: AUGUST }))];
    const plan = planRefresh([now, later], [row('gpt', '1')], JULY);
    expect(plan.retired).toEqual([later.id]);
    expect(plan.changes).toMatchObject([{ from: AUGUST, old: price('9'), new: price('1') }]);
  });

  it('announces a price that begins later', () => {
    const old = stored(row('gpt', '1'));
    const plan = planRefresh(
      [old],
      [row('gpt', '1', { validTo: AUGUST }), row('gpt', '3', { validFrom: AUGUST })],
      JULY,
    );
    expect(plan.changes).toMatchObject([{ from: AUGUST, old: price('1'), new: price('3') }]);
    expect(plan.inserts.map(({ validFrom, validTo }) => [validFrom, validTo])).toEqual([
      [JULY, AUGUST],
      [AUGUST, null],
    ]);
  });

  it('finds earlier prices by the names the model has now', () => {
    const old = stored(row('gpt', '1'));
    const plan = planRefresh([old], [row('gpt', '2', { match: { starts_with: 'gpt' }, position: 7 })], JULY);
    expect(plan.updates).toEqual([{ ...old, validTo: JULY, match: { starts_with: 'gpt' } }]);
  });

  it('tells prices of parts of the day apart', () => {
    const night = { dailyFrom: '16:30:00', dailyTo: '00:30:00', position: 1 };
    const rows = [stored(row('chat', '2')), stored(row('chat', '1', night))];
    const plan = planRefresh(rows, [row('chat', '2'), row('chat', '0.5', night)], JULY);
    expect(plan.changes).toMatchObject([{ daily: '16:30:00-00:30:00', old: price('1'), new: price('0.5') }]);
    expect(plan.updates.map(({ id }) => id)).toEqual([rows[1]!.id]);
  });
});

describe('another catalogue from the beginning', () => {
  it('replaces prices that were wrong', () => {
    const old = stored(row('gpt', '25'));
    const plan = planRefresh([old], [row('gpt', '2.5')], null);
    expect(plan.retired).toEqual([old.id]);
    expect(plan.inserts).toEqual([row('gpt', '2.5')]);
  });
});

describe('how far a price moved', () => {
  // The jumps are of the kinds that a public price map had and took back: a price per token typed for one per million,
  // a zero left out, a cache price of nothing.
  it.each`
    old            | next       | factor       | suspicious | because
    ${'20'}        | ${'30'}    | ${'1.5'}     | ${false}   | ${'prices move'}
    ${'1'}         | ${'10'}    | ${'10'}      | ${false}   | ${'ten times is the limit'}
    ${'1'}         | ${'10.01'} | ${'10.01'}   | ${true}    | ${'more is looked at'}
    ${'10.01'}     | ${'1'}     | ${'0.0999'}  | ${true}    | ${'downwards alike'}
    ${'0.0000025'} | ${'2.5'}   | ${'1000000'} | ${true}    | ${'a unit was mistaken'}
    ${'2'}         | ${'0'}     | ${null}      | ${true}    | ${'free all of a sudden'}
    ${'0'}         | ${'2'}     | ${null}      | ${true}    | ${'no longer free'}
    ${'0'}         | ${'0'}     | ${null}      | ${false}   | ${'free as before'}
  `('$old → $next: $because', ({ old, next, factor, suspicious }) => {
    expect(movement(price(old), price(next))).toEqual({ factor, suspicious });
  });

  it('looks at every step by context', () => {
    const steps = (amount: string) => ({ ...price('3'), tiers: [{ above: '200000', amount }] });
    expect(movement(steps('6'), steps('66'))).toEqual({ factor: '11', suspicious: true });
    expect(movement(price('3'), steps('6'))).toEqual({ factor: '2', suspicious: false });
  });

  it('takes the unit of the price into account', () => {
    expect(movement(price('2.5'), { per: '1000', amount: '0.0025' })).toEqual({ factor: '1', suspicious: false });
  });

  it('says nothing of a price that was not there', () => {
    expect(movement(null, price('2'))).toEqual({ factor: null, suspicious: false });
  });
});

describe('for all catalogues', () => {
  const amounts = fc.constantFrom('0', '1', '2', '3', '50');
  const catalogues = fc
    .dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.tuple(amounts, fc.option(fc.tuple(fc.constantFrom(JUNE, AUGUST), amounts))),
    )
    .map((models) =>
      Object.entries(models).flatMap(([model, [first, later]]) =>
        later === null
          ? [row(model, first)]
          : [row(model, first, { validTo: later[0] }), row(model, later[1], { validFrom: later[0] })],
      ),
    );
  const priceAt = (rows: readonly PriceRow[], model: string, at: string) =>
    rows.find(
      (each) =>
        each.model === model &&
        (each.validFrom === null || each.validFrom <= at) &&
        (each.validTo === null || at < each.validTo),
    )?.units.input?.amount;

  it('from the instant on its prices hold, and before it what held', () => {
    fc.assert(
      fc.property(catalogues, catalogues, (before, next) => {
        const rows = before.map(stored);
        const result = after(rows, next, JULY);
        for (const model of ['a', 'b', 'c']) {
          for (const at of [JULY, AUGUST, '2027-01-01T00:00:00.000Z']) {
            expect(priceAt(result, model, at)).toBe(priceAt(next, model, at));
          }
          const known = before.some((each) => each.model === model);
          for (const at of ['2026-01-01T00:00:00.000Z', JUNE]) {
            expect(priceAt(result, model, at)).toBe(priceAt(known ? before : next, model, at));
          }
        }
      }),
    );
  });

  it('doing it twice does nothing more, and says nothing more', () => {
    fc.assert(
      fc.property(catalogues, catalogues, fc.constantFrom(JULY, null), (before, next, from) => {
        const once = after(before.map(stored), next, from);
        const again = planRefresh(once, next, from);
        expect(again).toMatchObject({ changes: [], retired: [], inserts: [] });
      }),
    );
  });
});
