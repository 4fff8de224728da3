import { calls, feeAhead, fee, plan } from './plans';
import { cancel, change, pause, reactivate, resume, subscribe, undoCancel, use } from './steps';
import { charge, credit, invoice, on, type Story } from './story';

const BASIC = plan('basic', [feeAhead('30'), calls('0.10', { allowance: '100' })]);
const FEE_ONLY = plan('basic', [feeAhead('30')]);
const APRIL = invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-05-01', '30.00')], '30.00');

/** From a trial to the end, with a pause between, and through the days on which clocks change. */
export const LIFE: readonly Story[] = [
  {
    title: 'From a trial to paid',
    shows: 'Fourteen days are free, calls included. The rest of April is 16 of 30 days, with as much of the allowance.',
    plans: [{ ...BASIC, trial: { days: 14, covers: 'everything' } }],
    steps: [...on('2026-04-01', subscribe('basic')), ...on('2026-04-10', use(500)), ...on('2026-04-20', use(80))],
    until: '2026-05-02',
    invoices: [
      invoice(
        'INV-000001',
        '2026-04-02',
        [
          charge('base', '2026-04-01', '2026-04-15', '0.00'),
          charge('base', '2026-04-15', '2026-05-01', '30 × 16/30 = 16.00'),
        ],
        '16.00',
      ),
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          charge('base', '2026-05-01', '2026-06-01', '30.00'),
          charge('calls', '2026-04-01', '2026-04-15', '0.00'),
          charge('calls', '2026-04-15', '2026-05-01', '(80 − 100 × 16/30) × 0.10 = 2.67'),
        ],
        '32.67',
      ),
    ],
  },
  {
    title: 'A trial of the base fee',
    shows: 'Only the fee is free; calls beyond the trial’s share of the allowance are charged from the first day on.',
    plans: [plan('basic', [fee('30'), calls('0.10')], { trial: { days: 15, covers: 'base_fee' } })],
    steps: [...on('2026-04-01', subscribe('basic')), ...on('2026-04-10', use(50)), ...on('2026-04-20', use(20))],
    until: '2026-05-02',
    invoices: [
      invoice(
        'INV-000001',
        '2026-05-02',
        [
          charge('base', '2026-04-01', '2026-04-16', '0.00'),
          charge('calls', '2026-04-01', '2026-04-16', '50 × 0.10 = 5.00'),
          charge('base', '2026-04-16', '2026-05-01', '30 × 15/30 = 15.00'),
          charge('calls', '2026-04-16', '2026-05-01', '20 × 0.10 = 2.00'),
        ],
        '22.00',
      ),
    ],
  },
  {
    title: 'A pause over the end of a month',
    shows:
      'Paused from 11 April to 21 May: what was paid for the rest of April is credited, nothing is charged on 1 May, and from the day it goes on 11 of 31 days are. Calls in the pause are free.',
    plans: [BASIC],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-05', use(40)),
      ...on('2026-04-11', pause('nothing')),
      ...on('2026-04-20', use(1000)),
      ...on('2026-05-21', resume),
      ...on('2026-05-25', use(31)),
    ],
    until: '2026-06-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          credit('base', '2026-04-11', '2026-05-01', '30 × 10/30 − 30 = -20.00'),
          charge('calls', '2026-04-01', '2026-04-11', '(40 − 100 × 10/30) × 0.10 = 0.67'),
        ],
        '-19.33',
      ),
      invoice(
        'INV-000003',
        '2026-06-02',
        [
          charge('base', '2026-05-21', '2026-06-01', '30 × 11/31 = 10.65'),
          charge('base', '2026-06-01', '2026-07-01', '30.00'),
          charge('calls', '2026-05-21', '2026-06-01', '0.00', {
            quantity: '31',
            note: 'of 100 × 11/31 = 35.48 included',
          }),
        ],
        '40.65',
        { credit: '19.33', due: '21.32' },
      ),
    ],
  },
  {
    title: 'A pause that bills the base fee',
    shows: 'The fee goes on, calls in the pause are free.',
    plans: [BASIC],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-05', use(40)),
      ...on('2026-04-11', pause('base_fee', '2026-04-21')),
      ...on('2026-04-15', use(1000)),
      ...on('2026-04-25', use(50)),
    ],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          charge('base', '2026-05-01', '2026-06-01', '30.00'),
          charge('calls', '2026-04-01', '2026-04-11', '(40 − 100 × 10/30) × 0.10 = 0.67'),
          charge('calls', '2026-04-21', '2026-05-01', '(50 − 100 × 10/30) × 0.10 = 1.67'),
        ],
        '32.34',
      ),
    ],
  },
  {
    title: 'A yearly fee with calls by the month, cancelled half way',
    shows:
      'The fee is billed once for twelve months. Cancelled to 1 July with a credit, 181 of 365 days were used: 595.07.',
    plans: [plan('yearly', [feeAhead('1200', { billing: { in: 'advance', every: 12 } }), calls('0.10')])],
    steps: [
      ...on('2026-01-01', subscribe('yearly')),
      ...on('2026-02-10', use(15)),
      ...on('2026-06-20', cancel('invoice_and_credit', '2026-07-01')),
      ...on('2026-06-25', use(7)),
    ],
    until: '2026-08-02',
    invoices: [
      invoice('INV-000001', '2026-01-02', [charge('base', '2026-01-01', '2027-01-01', '1200.00')], '1200.00'),
      ...(['01', '02', '03', '04', '05'] as const).map((month, index) => {
        const next = `0${index + 2}`;
        const sum = month === '02' ? '15 × 0.10 = 1.50' : '0.00';
        const total = month === '02' ? '1.50' : '0.00';
        return invoice(`INV-00000${index + 2}`, `2026-${next}-02`, [charge('calls', `2026-${month}-01`, `2026-${next}-01`, sum)], total); // prettier-ignore
      }),
      invoice(
        'INV-000007',
        '2026-07-02',
        [
          credit('base', '2026-07-01', '2027-01-01', 'round(1200 × 181/365) − 1200 = -604.93'),
          charge('calls', '2026-06-01', '2026-07-01', '7 × 0.10 = 0.70'),
        ],
        '-604.23',
      ),
    ],
    ledger: { customer_credit: '-604.23' },
  },
  ...(
    [
      [
        'invoice',
        'Usage up to the end is billed, with its share of the allowance; the fee that was paid ahead is kept.',
        [],
        '3.00',
      ],
      [
        'invoice_and_credit',
        'Usage up to the end is billed, and the unused half of the fee is credited.',
        [credit('base', '2026-04-16', '2026-05-01', '30 × 15/30 − 30 = -15.00')],
        '-12.00',
      ],
    ] as const
  ).map(([settle, shows, credits, total]): Story => ({
    title: `Cancelled in the middle of the month: ${settle.replaceAll('_', ' ')}`,
    shows,
    plans: [BASIC],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-10', use(80)),
      ...on('2026-04-16', cancel(settle)),
      ...on('2026-04-18', use(1000)),
    ],
    until: '2026-06-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-04-17',
        [...credits, charge('calls', '2026-04-01', '2026-04-16', '(80 − 100 × 15/30) × 0.10 = 3.00')],
        total,
      ),
    ],
  })),
  {
    title: 'Cancelled in the middle of the month: nothing',
    shows: 'Nothing more is billed, and nothing is given back.',
    plans: [BASIC],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-10', use(80)),
      ...on('2026-04-16', cancel('nothing')),
    ],
    until: '2026-06-02',
    invoices: [APRIL],
  },
  {
    title: 'A cancellation that is undone',
    shows: 'It goes on as if nothing had been said.',
    plans: [FEE_ONLY],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-10', cancel('invoice', 'period_end')),
      ...on('2026-04-25', undoCancel),
    ],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice('INV-000002', '2026-05-02', [charge('base', '2026-05-01', '2026-06-01', '30.00')], '30.00'),
    ],
  },
  {
    title: 'Cancelled to the end of the month, and back ten days later',
    shows: 'Nothing is billed for the days between; months are counted anew from 11 May.',
    plans: [BASIC],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-10', cancel('invoice', 'period_end')),
      ...on('2026-04-20', use(110)),
      ...on('2026-05-05', use(70)),
      ...on('2026-05-11', reactivate()),
      ...on('2026-05-20', use(105)),
    ],
    until: '2026-06-12',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-05-02',
        [charge('calls', '2026-04-01', '2026-05-01', '(110 − 100) × 0.10 = 1.00', { quantity: '110' })],
        '1.00',
      ),
      invoice('INV-000003', '2026-05-12', [charge('base', '2026-05-11', '2026-06-11', '30.00')], '30.00'),
      invoice(
        'INV-000004',
        '2026-06-12',
        [
          charge('base', '2026-06-11', '2026-07-11', '30.00'),
          charge('calls', '2026-05-11', '2026-06-11', '(105 − 100) × 0.10 = 0.50', { quantity: '105' }),
        ],
        '30.50',
      ),
    ],
  },
  {
    title: 'Ended in a pause, and back a few days later',
    shows:
      'Paused on 11 April, ended on the 16th, taken up again on the 20th: the pause is over then. 20 days of April were given back for the pause, and none of them is asked again.',
    plans: [FEE_ONLY],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-11', pause('nothing')),
      ...on('2026-04-16', cancel('invoice')),
      ...on('2026-04-20', reactivate()),
    ],
    until: '2026-05-21',
    invoices: [
      APRIL,
      invoice('INV-000002', '2026-04-17', [credit('base', '2026-04-11', '2026-05-01', '30 × 10/30 − 30 = -20.00')], '-20.00'), // prettier-ignore
      invoice('INV-000003', '2026-04-21', [charge('base', '2026-04-20', '2026-05-20', '30.00')], '30.00', { credit: '20.00', due: '10.00' }), // prettier-ignore
      invoice('INV-000004', '2026-05-21', [charge('base', '2026-05-20', '2026-06-20', '30.00')], '30.00'),
    ],
  },
  ...clockChanges(),
];

/** Months that are an hour short or long; the fee is such that an hour of the month is 0.10. */
function clockChanges(): Story[] {
  const cases = [
    { where: 'Berlin, when an hour is lost', timeZone: 'Europe/Berlin', month: '03', hours: 743, before: 360 },
    { where: 'New York, when an hour comes twice', timeZone: 'America/New_York', month: '11', hours: 721, before: 361 },
    { where: 'Sydney, where autumn is in April', timeZone: 'Australia/Sydney', month: '04', hours: 721, before: 361 },
    { where: 'Sydney, where spring is in October', timeZone: 'Australia/Sydney', month: '10', hours: 743, before: 359 },
  ];
  return cases.map(({ where, timeZone, month, hours, before }): Story => {
    const [first, middle] = [`2026-${month}-01`, `2026-${month}-16`];
    const next = `2026-${String(Number(month) + 1).padStart(2, '0')}-01`;
    const last = `2026-${String(Number(month) + 1).padStart(2, '0')}-02`;
    const whole = (hours / 10).toFixed(2);
    const used = (before / 10).toFixed(2);
    const left = ((hours - before) / 10).toFixed(2);
    const total = ((hours - before) / 10 + (hours / 10) * 2).toFixed(2);
    return {
      title: `Half a month in ${where}`,
      shows: `The month has ${hours} hours. By the second the first fifteen days are ${before} of them; the 16th is at midnight there.`,
      timeZone,
      plans: [plan('old', [feeAhead(whole)]), plan('new', [feeAhead((hours / 5).toFixed(2))])],
      steps: [...on(first, subscribe('old')), ...on(middle, change({ plan: 'new' }))],
      until: last,
      invoices: [
        // A day after the start is 24 hours: where the first day has 25, still on that day.
        invoice(
          'INV-000001',
          `2026-${month}-${month === '11' ? '01' : '02'}`,
          [charge('base', first, next, whole)],
          whole,
        ),
        invoice(
          'INV-000002',
          last,
          [
            credit('base', middle, next, `${whole} × ${before}/${hours} − ${whole} = -${left}`, {
              note: `${used} were used`,
            }),
            charge(
              'base',
              middle,
              next,
              `${(hours / 5).toFixed(2)} × ${hours - before}/${hours} = ${((hours - before) / 5).toFixed(2)}`,
            ),
            charge('base', next, nextMonth(next), (hours / 5).toFixed(2)),
          ],
          total,
        ),
      ],
    };
  });
}

function nextMonth(first: string): string {
  return first.startsWith('2026-12')
    ? '2027-01-01'
    : `2026-${String(Number(first.slice(5, 7)) + 1).padStart(2, '0')}-01`;
}
