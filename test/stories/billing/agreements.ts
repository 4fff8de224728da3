import { calls, fee, feeAhead, plan, seats, tieredCalls } from './plans';
import { change, schedule, subscribe, use } from './steps';
import { charge, credit, invoice, on, type Story } from './story';

const BASIC = plan('basic', [feeAhead('30')]);
const APRIL = invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-05-01', '30.00')], '30.00');

/** Seats, prices of one's own, ramps, and what a change does to tiers, allowances and the length of periods. */
export const AGREEMENTS: readonly Story[] = [
  {
    title: 'More seats, then fewer',
    shows: 'Five seats at 12.00; eight from the 11th on, six from the 21st.',
    plans: [plan('team', [seats('12', '5')])],
    steps: [
      ...on('2026-04-01', subscribe('team')),
      ...on('2026-04-11', change({ quantities: { seats: '8' } })),
      ...on('2026-04-21', change({ quantities: { seats: '6' } })),
    ],
    until: '2026-05-02',
    invoices: [
      invoice('INV-000001', '2026-04-02', [charge('seats', '2026-04-01', '2026-05-01', '5 × 12 = 60.00')], '60.00'),
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          credit('seats', '2026-04-11', '2026-05-01', '5 × 12 × 10/30 − 60 = -40.00'),
          charge('seats', '2026-04-11', '2026-04-21', '8 × 12 × 10/30 = 32.00'),
          charge('seats', '2026-04-21', '2026-05-01', '6 × 12 × 10/30 = 24.00'),
          charge('seats', '2026-05-01', '2026-06-01', '6 × 12 = 72.00'),
        ],
        '88.00',
      ),
    ],
  },
  {
    title: 'A price of one’s own',
    shows: 'From the 16th on the customer pays 24.00 instead of 30.00.',
    plans: [BASIC],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-16', change({ prices: { base: { charge: { model: 'flat', amount: '24' } } } })),
    ],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          credit('base', '2026-04-16', '2026-05-01', '30 × 15/30 − 30 = -15.00'),
          charge('base', '2026-04-16', '2026-05-01', '24 × 15/30 = 12.00'),
          charge('base', '2026-05-01', '2026-06-01', '24.00'),
        ],
        '21.00',
      ),
    ],
  },
  {
    title: 'A ramp that is agreed on ahead',
    shows: 'Ten in the first month, twenty in the second, thirty from the third on.',
    plans: [plan('ten', [feeAhead('10')]), plan('twenty', [feeAhead('20')]), plan('thirty', [feeAhead('30')])],
    steps: on(
      '2026-04-01',
      subscribe('ten'),
      schedule([
        ['2026-05-01', 'twenty'],
        ['2026-06-01', 'thirty'],
      ]),
    ),
    until: '2026-07-02',
    invoices: [
      invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-05-01', '10.00')], '10.00'),
      invoice('INV-000002', '2026-05-02', [charge('base', '2026-05-01', '2026-06-01', '20.00')], '20.00'),
      invoice('INV-000003', '2026-06-02', [charge('base', '2026-06-01', '2026-07-01', '30.00')], '30.00'),
      invoice('INV-000004', '2026-07-02', [charge('base', '2026-07-01', '2026-08-01', '30.00')], '30.00'),
    ],
  },
  {
    title: 'Tiers begin anew where the price changes',
    shows: 'In arrears: each half of the month has half of its fee, and its calls from the first tier on.',
    plans: [
      plan('basic', [fee('30'), tieredCalls('100', '0.10', '0.05')]),
      plan('pro', [fee('60'), tieredCalls('100', '0.08', '0.02')]),
    ],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-10', use(150)),
      ...on('2026-04-16', change({ plan: 'pro' })),
      ...on('2026-04-20', use(150)),
    ],
    until: '2026-05-02',
    invoices: [
      invoice(
        'INV-000001',
        '2026-05-02',
        [
          charge('base', '2026-04-01', '2026-04-16', '30 × 15/30 = 15.00'),
          charge('calls', '2026-04-01', '2026-04-16', '100 × 0.10 + 50 × 0.05 = 12.50'),
          charge('base', '2026-04-16', '2026-05-01', '60 × 15/30 = 30.00'),
          charge('calls', '2026-04-16', '2026-05-01', '100 × 0.08 + 50 × 0.02 = 9.00'),
        ],
        '66.50',
      ),
    ],
  },
  ...(
    [
      ['reset', 'is whole again after the change', '(120 − 100) × 0.10 = 2.00', '(320 − 300) × 0.05 = 1.00'],
      [
        'carry',
        'is whole once: of 300 the 100 that were used up before are gone',
        '(120 − 100) × 0.10 = 2.00',
        '(320 − (300 − 100)) × 0.05 = 6.00',
      ],
    ] as const
  ).map(([rule, says, before, after]): Story => ({
    title: `An allowance at a change: ${rule}`,
    shows: `With \`allowancesOnChange: ${rule}\` the allowance ${says}.`,
    plans: [
      plan('basic', [calls('0.10', { allowance: '100' })], { allowancesOnChange: rule }),
      plan('pro', [calls('0.05', { allowance: '300' })], { allowancesOnChange: rule }),
    ],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-10', use(120)),
      ...on('2026-04-16', change({ plan: 'pro' })),
      ...on('2026-04-20', use(320)),
    ],
    until: '2026-05-02',
    invoices: [
      invoice(
        'INV-000001',
        '2026-05-02',
        [charge('calls', '2026-04-01', '2026-04-16', before), charge('calls', '2026-04-16', '2026-05-01', after)],
        rule === 'reset' ? '3.00' : '8.00',
      ),
    ],
  })),
  {
    title: 'From months to years',
    shows:
      'A plan of another length begins a new cycle at once: April ends on the 16th, what was paid ahead of it is credited, and the year is counted from there.',
    plans: [plan('basic', [feeAhead('30'), calls('0.10', { allowance: '100' })]), plan('annual', [feeAhead('300')], { interval: 'year' })], // prettier-ignore
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-10', use(80)),
      ...on('2026-04-16', change({ plan: 'annual' })),
    ],
    until: '2027-04-17',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-04-17',
        [
          credit('base', '2026-04-16', '2026-05-01', '30 × 15/30 − 30 = -15.00'),
          charge('base', '2026-04-16', '2027-04-16', '300.00'),
          charge('calls', '2026-04-01', '2026-04-16', '(80 − 100 × 15/30) × 0.10 = 3.00'),
        ],
        '288.00',
      ),
      invoice('INV-000003', '2027-04-17', [charge('base', '2027-04-16', '2028-04-16', '300.00')], '300.00'),
    ],
  },
];
