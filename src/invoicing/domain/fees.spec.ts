import type { Charge, Plan, PlanTerms, PriceOverride, PriceTerms } from '../../catalog/domain';
import type { Cycle, Ending, Override, Pause, SubscriptionInTime } from '../../customers/domain';
import { Decimal, ZERO } from '../../kernel';
import type { DraftLine } from './draft-invoice';
import type { BilledFee } from './fee';
import { feeLines } from './fees';

const d = (text: string): Decimal => new Decimal(text);
const at = (text: string): Date => new Date(text.length === 10 ? `${text}T00:00:00Z` : text);
const flat = (amount: string): Charge => ({ model: 'flat', amount: d(amount) });
const ADVANCE: PriceTerms = { billing: { in: 'advance' } };

let plans = 0;
function planOf(charge: Charge, more: { price?: PriceTerms; terms?: PlanTerms } & Partial<Plan> = {}): Plan {
  plans += 1;
  const { price, terms, ...rest } = more;
  const id = `plan-${plans}`;
  const base = { id: `${id}-base`, key: 'base', name: 'Base fee', meterId: null, allowance: null, charge };
  return {
    id,
    key: 'pro',
    version: plans,
    name: 'Pro',
    currency: 'USD',
    interval: 'month',
    status: 'published',
    prices: [{ ...base, terms: { ...ADVANCE, ...price } }],
    ...(terms === undefined ? {} : { terms }),
    ...rest,
  };
}

interface Given {
  readonly moves?: readonly (readonly [string, Plan])[];
  readonly overrides?: readonly (readonly [PriceOverride, string, string?])[];
  readonly pauses?: readonly (readonly [Pause['bills'], string, string?])[];
  readonly ending?: Ending;
  readonly cycles?: readonly Cycle[];
  readonly startAt?: string;
  readonly timeZone?: string;
  readonly anchor?: 'calendar';
}

function subscribed(plan: Plan, given: Given = {}): SubscriptionInTime {
  const startAt = at(given.startAt ?? '2026-04-01');
  return {
    subscription: { startAt, currency: null, anchor: given.anchor },
    customer: { timeZone: given.timeZone ?? 'UTC' },
    phases: [
      { fromAt: startAt, plan, moveId: null },
      ...(given.moves ?? []).map(([from, to]) => ({ fromAt: at(from), plan: to, moveId: null })),
    ],
    overrides: (given.overrides ?? []).map(([definition, from, to], index): Override => ({
      id: `o${index}`,
      priceKey: 'base',
      definition,
      fromAt: at(from),
      toAt: to === undefined ? null : at(to),
      reason: '',
      createdAt: at(from),
    })),
    pauses: (given.pauses ?? []).map(([bills, from, to], index) => ({
      id: `p${index}`,
      fromAt: at(from),
      toAt: to === undefined ? null : at(to),
      bills,
    })),
    ending: given.ending ?? null,
    ...(given.cycles === undefined ? {} : { cycles: given.cycles }),
  };
}

const cancelled = (endAt: string, settle: Ending['settle'], cancelledAt = endAt): Ending => ({
  endAt: at(endAt),
  cancelledAt: at(cancelledAt),
  settle,
});

/** An account of one subscription's fees: what was written stays written. */
class Fees {
  readonly billed: BilledFee[] = [];
  private invoices = 0;

  /** Brings the fees up to date, and says what was written for it. */
  upTo(day: string, about: SubscriptionInTime): string[] {
    const lines = feeLines(about, at(day), this.billed);
    this.invoices += 1;
    for (const line of lines) this.billed.push(billedFee(line, `INV-${this.invoices}`));
    return lines.map(shownLine);
  }

  /** A credit note that takes back a part of the only line there is. */
  note(amount: string): void {
    this.billed[0] = { ...this.billed[0]!, noted: new Decimal(amount) };
  }

  /** An invoice that is void; one that was issued again exists no more. */
  void(invoice: number, reissued: boolean): void {
    const named = (line: BilledFee): boolean => line.invoice === `INV-${invoice}`;
    for (const [index, line] of this.billed.entries()) {
      if (named(line)) this.billed[index] = { ...line, state: 'waived' };
    }
    if (reissued) this.billed.splice(0, this.billed.length, ...this.billed.filter((line) => !named(line)));
  }
}

function billedFee(line: DraftLine, invoice: string): BilledFee {
  const { key, plan, price, description, quantity, exactAmount, amount, servicePeriod } = line;
  const kind = line.kind as BilledFee['kind'];
  const common = { key, plan: plan!, price: price!, description, quantity, exactAmount, amount };
  return { ...common, feeId: line.feeId!, stretch: servicePeriod, kind, noted: ZERO, state: 'live', invoice };
}

const day = (instant: Date): string =>
  instant
    .toISOString()
    .replace(/T00:00:00.000Z$/, '')
    .replace(/:00.000Z$/, 'Z');
const shownLine = ({ kind, amount, servicePeriod: { start, end } }: DraftLine): string =>
  `${kind} ${amount.toFixed(2)} ${day(start)}..${day(end)}`;

const THIRTY = planOf(flat('30'));
const SIXTY = planOf(flat('60'));

describe('a fee by the month', () => {
  it('is asked for when each month begins, once', () => {
    const fees = new Fees();
    expect(fees.upTo('2026-04-01', subscribed(THIRTY))).toEqual(['price 30.00 2026-04-01..2026-05-01']);
    expect(fees.upTo('2026-04-01', subscribed(THIRTY))).toEqual([]);
    expect(fees.upTo('2026-06-01', subscribed(THIRTY))).toEqual([
      'price 30.00 2026-05-01..2026-06-01',
      'price 30.00 2026-06-01..2026-07-01',
    ]);
  });

  it.each`
    changed                   | proration   | lines                                                                                           | because
    ${'2026-04-16'}           | ${'second'} | ${['credit -15.00 2026-04-16..2026-05-01', 'price 30.00 2026-04-16..2026-05-01']}               | ${'15 of 30 days of 30.00, and of 60.00'}
    ${'2026-04-16T12:00:00Z'} | ${'second'} | ${['credit -14.50 2026-04-16T12:00Z..2026-05-01', 'price 29.00 2026-04-16T12:00Z..2026-05-01']} | ${'15.5 days are used'}
    ${'2026-04-16T12:00:00Z'} | ${'day'}    | ${['credit -15.00 2026-04-16T12:00Z..2026-05-01', 'price 30.00 2026-04-16T12:00Z..2026-05-01']} | ${'the day of the change is the new terms’'}
    ${'2026-04-16'}           | ${'none'}   | ${[]}                                                                                           | ${'the terms that April began with pay for it'}
    ${'2026-05-01'}           | ${'second'} | ${[]}                                                                                           | ${'May isn’t asked for yet'}
  `('$proration, changed at $changed: $because', ({ changed, proration, lines }) => {
    const of = (amount: string): Plan => planOf(flat(amount), { terms: { proration } });
    const fees = new Fees();
    const thirty = of('30');
    fees.upTo('2026-04-01', subscribed(thirty));
    const about = subscribed(thirty, { moves: [[changed, of('60')]] });
    expect(fees.upTo('2026-04-20', about)).toEqual(lines);
    expect(fees.upTo('2026-05-01', about)).toEqual(['price 60.00 2026-05-01..2026-06-01']);
  });

  it('goes up and down again within a month: each stretch is paid at its own price', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    fees.upTo('2026-04-16', subscribed(THIRTY, { moves: [['2026-04-16', SIXTY]] }));
    const back = subscribed(THIRTY, { moves: [['2026-04-16', SIXTY], ['2026-04-21', THIRTY]] }); // prettier-ignore
    expect(fees.upTo('2026-04-21', back)).toEqual([
      'credit -20.00 2026-04-21..2026-05-01',
      'price 10.00 2026-04-21..2026-05-01',
    ]);
  });

  it('is what it was when a change is taken back', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    fees.upTo('2026-04-16', subscribed(THIRTY, { moves: [['2026-04-16', SIXTY]] }));
    expect(fees.upTo('2026-04-18', subscribed(THIRTY))).toEqual([
      'credit -30.00 2026-04-16..2026-05-01',
      'price 15.00 2026-04-16..2026-05-01',
    ]);
  });

  it('is not touched by another version that asks the same', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    const same = planOf({ model: 'flat', amount: d('30.00') }, { price: { feature: 'base' } });
    expect(fees.upTo('2026-04-20', subscribed(THIRTY, { moves: [['2026-04-16', same]] }))).toEqual([]);
  });

  it('used and credited come to what was asked, to the cent', () => {
    const fees = new Fees();
    const daily = planOf(flat('10'), { interval: 'day', intervalCount: 3 });
    fees.upTo('2026-04-01', subscribed(daily));
    const ended = subscribed(daily, { ending: cancelled('2026-04-02', 'invoice_and_credit') });
    expect(fees.upTo('2026-04-02', ended)).toEqual(['credit -6.67 2026-04-02..2026-04-04']);
  });

  it('is a part of a month where the calendar begins with one', () => {
    const about = subscribed(THIRTY, { startAt: '2026-04-11', anchor: 'calendar' });
    expect(new Fees().upTo('2026-04-11', about)).toEqual(['price 20.00 2026-04-11..2026-05-01']);
  });

  it('is a whole one without proration', () => {
    const none = planOf(flat('30'), { terms: { proration: 'none' } });
    const about = subscribed(none, { startAt: '2026-04-11', anchor: 'calendar' });
    expect(new Fees().upTo('2026-04-11', about)).toEqual(['price 30.00 2026-04-11..2026-05-01']);
  });

  it('is nothing in a trial, and says so', () => {
    const trial = planOf(flat('30'), { terms: { trial: { days: 10, covers: 'base_fee' } } });
    expect(new Fees().upTo('2026-04-01', subscribed(trial))).toEqual([
      'price 0.00 2026-04-01..2026-04-11',
      'price 20.00 2026-04-11..2026-05-01',
    ]);
  });

  it('counts days where the customer lives: summer time takes an hour from none of them', () => {
    const day30 = planOf(flat('31'), { terms: { proration: 'day' } });
    const about = subscribed(day30, {
      startAt: '2026-02-28T23:00:00Z',
      timeZone: 'Europe/Berlin',
      moves: [['2026-03-29T22:00:00Z', planOf(flat('0'))]],
    });
    expect(new Fees().upTo('2026-03-01', about)[0]).toBe('price 29.00 2026-02-28T23:00Z..2026-03-29T22:00Z');
  });
});

describe('seats', () => {
  const seats = (quantity: string): Charge => ({ model: 'recurring', unitPrice: d('10'), quantity: d(quantity) });

  it('are credited in their old number and charged in their new one', () => {
    const fees = new Fees();
    const plan = planOf(seats('5'));
    fees.upTo('2026-04-01', subscribed(plan));
    const more = subscribed(plan, { overrides: [[{ quantity: d('8') }, '2026-04-16']] });
    expect(fees.upTo('2026-04-16', more)).toEqual([
      'credit -25.00 2026-04-16..2026-05-01',
      'price 40.00 2026-04-16..2026-05-01',
    ]);
    expect(fees.billed.map(({ quantity }) => quantity.toFixed())).toEqual(['5', '-5', '8']);
  });

  it('are charged in full where the price says so itself', () => {
    const fees = new Fees();
    const plan = planOf({ ...seats('5'), proration: 'none' } as Charge);
    fees.upTo('2026-04-01', subscribed(plan));
    expect(fees.upTo('2026-04-16', subscribed(plan, { ending: cancelled('2026-04-16', 'invoice_and_credit') }))).toEqual([]); // prettier-ignore
  });
});

describe('a yearly fee of a plan by the month', () => {
  const yearly = planOf(flat('1200'), { price: { billing: { in: 'advance', every: 12 } } });
  const about = (given: Given = {}): SubscriptionInTime => subscribed(yearly, { startAt: '2026-01-01', ...given });

  it('is asked for once a year', () => {
    const fees = new Fees();
    expect(fees.upTo('2026-01-01', about())).toEqual(['price 1200.00 2026-01-01..2027-01-01']);
    for (let month = 2; month <= 12; month += 1) {
      expect(fees.upTo(`2026-${String(month).padStart(2, '0')}-01`, about())).toEqual([]);
    }
    expect(fees.upTo('2027-01-01', about())).toEqual(['price 1200.00 2027-01-01..2028-01-01']);
  });

  it('is given back from the end on, when that was asked', () => {
    const fees = new Fees();
    fees.upTo('2026-01-01', about());
    const ended = about({ ending: cancelled('2026-07-01', 'invoice_and_credit', '2026-06-20') });
    expect(fees.upTo('2026-07-01', ended)).toEqual(['credit -604.93 2026-07-01..2027-01-01']);
    expect(fees.upTo('2026-07-01', about({ ending: cancelled('2026-07-01', 'invoice') }))).toEqual([
      'price 604.93 2026-07-01..2027-01-01',
    ]);
  });

  it('goes on over a change to a plan that asks the same, and is counted from the same day', () => {
    const fees = new Fees();
    fees.upTo('2026-01-01', about());
    const higher = planOf(flat('1565'), { price: { billing: { in: 'advance', every: 12 } } });
    expect(fees.upTo('2026-07-01', about({ moves: [['2026-07-01', higher]] }))).toEqual([
      'credit -604.93 2026-07-01..2027-01-01',
      'price 788.93 2026-07-01..2027-01-01',
    ]);
  });

  it('knows what is planned ahead when the year begins', () => {
    const higher = planOf(flat('1565'), { price: { billing: { in: 'advance', every: 12 } } });
    const fees = new Fees();
    const ramp = about({ moves: [['2026-07-01', higher]] });
    expect(fees.upTo('2026-01-01', ramp)).toEqual([
      'price 595.07 2026-01-01..2026-07-01',
      'price 788.93 2026-07-01..2027-01-01',
    ]);
    expect(fees.upTo('2026-02-01', ramp)).toEqual([]);
    expect(fees.upTo('2026-02-10', about())).toEqual([
      'credit -788.93 2026-07-01..2027-01-01',
      'price 604.93 2026-07-01..2027-01-01',
    ]);
  });
});

describe('a pause', () => {
  it('that bills nothing is credited, and charged from the day it goes on', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    const paused = subscribed(THIRTY, { pauses: [['nothing', '2026-04-11']] });
    expect(fees.upTo('2026-05-01', paused)).toEqual(['credit -20.00 2026-04-11..2026-05-01']);
    const resumed = subscribed(THIRTY, { pauses: [['nothing', '2026-04-11', '2026-05-21']] });
    expect(fees.upTo('2026-05-21', resumed)).toEqual(['price 10.65 2026-05-21..2026-06-01']);
  });

  it('that bills the base fee leaves it alone', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    expect(fees.upTo('2026-04-20', subscribed(THIRTY, { pauses: [['base_fee', '2026-04-11']] }))).toEqual([]);
  });
});

describe('an end', () => {
  it.each`
    settle                  | cancelledAt     | lines                                       | because
    ${'invoice'}            | ${'2026-04-16'} | ${[]}                                       | ${'what is asked in advance is kept'}
    ${'nothing'}            | ${'2026-04-16'} | ${[]}                                       | ${'and here too'}
    ${'invoice_and_credit'} | ${'2026-04-16'} | ${['credit -15.00 2026-04-16..2026-05-01']} | ${'the unused part is given back'}
    ${'invoice'}            | ${'2026-03-20'} | ${['credit -15.00 2026-04-16..2026-05-01']} | ${'a month that begins when the end is known is asked up to it'}
  `('$settle, cancelled on $cancelledAt: $because', ({ settle, cancelledAt, lines }) => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY, { startAt: '2026-03-01' }));
    const ended = subscribed(THIRTY, { startAt: '2026-03-01', ending: cancelled('2026-04-16', settle, cancelledAt) });
    expect(fees.upTo('2026-04-16', ended)).toEqual(lines);
    expect(fees.upTo('2026-08-01', ended)).toEqual([]);
  });

  it('that is known when a month begins cuts it from the start', () => {
    const ended = subscribed(THIRTY, {
      startAt: '2026-03-01',
      ending: cancelled('2026-04-16', 'invoice', '2026-03-20'),
    });
    expect(new Fees().upTo('2026-04-01', ended)).toEqual([
      'price 30.00 2026-03-01..2026-04-01',
      'price 15.00 2026-04-01..2026-04-16',
    ]);
  });

  it.each`
    settle                  | lines                                     | because
    ${'invoice'}            | ${['price 30.00 2026-04-20..2026-05-20']} | ${'what was kept stays kept when it goes on'}
    ${'invoice_and_credit'} | ${['price 30.00 2026-04-20..2026-05-20']} | ${'what was given back stays given back'}
  `('after which it goes on, $settle: $because', ({ settle, lines }) => {
    const fees = new Fees();
    const ending = cancelled('2026-04-16', settle);
    fees.upTo('2026-04-01', subscribed(THIRTY));
    fees.upTo('2026-04-16', subscribed(THIRTY, { ending }));
    const cycle = { interval: 'month', intervalCount: 1, anchor: 'anniversary' } as const;
    const again = subscribed(THIRTY, {
      moves: [['2026-04-20', THIRTY]],
      cycles: [
        { ...cycle, fromAt: at('2026-04-01'), firstIndex: 0, endAt: at('2026-04-16'), ending },
        { ...cycle, fromAt: at('2026-04-20'), firstIndex: 1, endAt: null },
      ],
    });
    expect(fees.upTo('2026-04-20', again)).toEqual(lines);
    expect(fees.upTo('2026-05-20', again)).toEqual(['price 30.00 2026-05-20..2026-06-20']);
  });

  it('in a pause asks nothing more, whether it goes on later or not', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    const ending = cancelled('2026-04-16', 'invoice');
    const ended = subscribed(THIRTY, { pauses: [['nothing', '2026-04-11']], ending });
    expect(fees.upTo('2026-04-16', ended)).toEqual(['credit -20.00 2026-04-11..2026-05-01']);
    const cycle = { interval: 'month', intervalCount: 1, anchor: 'anniversary' } as const;
    const again = subscribed(THIRTY, {
      pauses: [['nothing', '2026-04-11', '2026-04-16']],
      cycles: [
        { ...cycle, fromAt: at('2026-04-01'), firstIndex: 0, endAt: at('2026-04-16'), ending },
        { ...cycle, fromAt: at('2026-04-20'), firstIndex: 1, endAt: null },
      ],
    });
    expect(fees.upTo('2026-04-20', again)).toEqual(['price 30.00 2026-04-20..2026-05-20']);
  });

  it('hears nothing of a plan that was planned behind it', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    const ending = cancelled('2026-04-16', 'invoice');
    const about = { moves: [['2026-04-21', planOf(flat('60'))]], ending } as const;
    expect(fees.upTo('2026-04-16', subscribed(THIRTY, about))).toEqual([]);
  });

  it('in a trial keeps nothing of what comes after the trial', () => {
    const trial = planOf(flat('30'), { terms: { trial: { days: 10, covers: 'base_fee' } } });
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(trial));
    const ended = subscribed(trial, { ending: cancelled('2026-04-06', 'invoice') });
    expect(fees.upTo('2026-04-06', ended)).toEqual(['credit -20.00 2026-04-11..2026-05-01']);
  });

  it('of a cycle, since the plan is one by the year now, gives the rest of the month back', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    const byTheYear = planOf(flat('365'), { interval: 'year' });
    const cycle = { intervalCount: 1, anchor: 'anniversary' } as const;
    const about = subscribed(THIRTY, {
      moves: [['2026-04-16', byTheYear]],
      cycles: [
        { ...cycle, interval: 'month', fromAt: at('2026-04-01'), firstIndex: 0, endAt: at('2026-04-16') },
        { ...cycle, interval: 'year', fromAt: at('2026-04-16'), firstIndex: 1, endAt: null },
      ],
    });
    expect(fees.upTo('2026-04-16', about)).toEqual([
      'credit -15.00 2026-04-16..2026-05-01',
      'price 365.00 2026-04-16..2027-04-16',
    ]);
  });
});

describe('what a credit note gave back', () => {
  it.each`
    noted        | credit
    ${'0.00'}    | ${['credit -604.93 2026-07-01..2027-01-01']}
    ${'100.00'}  | ${['credit -604.93 2026-07-01..2027-01-01']}
    ${'1000.00'} | ${['credit -200.00 2026-07-01..2027-01-01']}
    ${'1200.00'} | ${[]}
  `('is not given back again: $noted of 1,200.00 for a year that ends on 1 July', ({ noted, credit }) => {
    const fees = new Fees();
    const year = planOf(flat('1200'), { price: { billing: { in: 'advance', every: 12 } } });
    fees.upTo('2026-01-01', subscribed(year, { startAt: '2026-01-01' }));
    fees.note(noted as string);
    const ended = subscribed(year, { startAt: '2026-01-01', ending: cancelled('2026-07-01', 'invoice_and_credit') });
    expect(fees.upTo('2026-07-01', ended)).toEqual(credit);
    expect(fees.upTo('2026-07-01', ended)).toEqual([]);
  });
});

describe('a void invoice', () => {
  const ended = subscribed(THIRTY, { ending: cancelled('2026-04-16', 'invoice_and_credit') });

  it('waives what it asked: it isn’t asked again, and nothing is given back for it', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    fees.void(1, false);
    expect(fees.upTo('2026-04-02', subscribed(THIRTY))).toEqual([]);
    expect(fees.upTo('2026-04-16', ended)).toEqual([]);
  });

  it('that is issued again asks what it should be now', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    fees.void(1, true);
    expect(fees.upTo('2026-04-01', ended)).toEqual(['price 15.00 2026-04-01..2026-04-16']);
  });

  it('that is issued again when a credit of it stands makes up for that, too', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    fees.upTo('2026-04-16', ended);
    fees.void(1, true);
    expect(fees.upTo('2026-04-16', ended)).toEqual(['price 30.00 2026-04-01..2026-05-01']);
  });

  it('is issued again without a word about later months that are billed already', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    fees.upTo('2026-05-01', subscribed(THIRTY));
    fees.void(1, true);
    expect(fees.upTo('2026-04-01', subscribed(THIRTY))).toEqual(['price 30.00 2026-04-01..2026-05-01']);
  });
});

describe('what a line says', () => {
  const stepsOf = (about: SubscriptionInTime, asOf: string, fees: Fees): (readonly string[])[] =>
    feeLines(about, at(asOf), fees.billed).map(({ steps }) => steps);

  it('of a charge and of its credit', () => {
    const fees = new Fees();
    expect(stepsOf(subscribed(THIRTY), '2026-04-01', fees)).toEqual([
      [
        'Billed in advance for 1 April to 30 April.',
        'This price is the same in every period, whatever is used.',
        'Fixed amount for the period: 30.',
        'The line is 30.00 USD.',
      ],
    ]);
    fees.upTo('2026-04-01', subscribed(THIRTY));
    expect(stepsOf(subscribed(THIRTY, { moves: [['2026-04-16', SIXTY]] }), '2026-04-16', fees)).toEqual([
      [
        'Unused from 16 April to 30 April: 15 of 30 days of 30.00.',
        'Billed on INV-1 so far: 30.00 USD. The fee for 1 April to 15 April is 15.00 USD, so this line is -15.00 USD.',
      ],
      [
        'Billed in advance for 16 April to 30 April.',
        'This price is the same in every period, whatever is used.',
        'Fixed amount for the period, for 15 of 30 days: 30.',
        'The line is 30.00 USD.',
      ],
    ]);
  });

  it('of a part of a day', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    const [credit] = stepsOf(subscribed(THIRTY, { moves: [['2026-04-16T12:00:00Z', SIXTY]] }), '2026-04-16', fees);
    expect(credit![0]).toBe('Unused from 16 April, 12:00 to 30 April: 348 of 720 hours of 30.00.');
  });

  it('rows of a difference add up to it', () => {
    const fees = new Fees();
    fees.upTo('2026-04-01', subscribed(THIRTY));
    const [credit] = feeLines(subscribed(THIRTY, { moves: [['2026-04-11', SIXTY]] }), at('2026-04-11'), fees.billed);
    const rows = credit!.breakdown.map(({ amount }) => amount);
    expect(rows.reduce((all, row) => all.plus(row)).toFixed()).toBe(credit!.exactAmount.toFixed());
    expect(credit!.exactAmount.toFixed()).toBe('-20');
  });
});
