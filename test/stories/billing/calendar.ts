import { calls, fee, feeAhead, plan } from './plans';
import { subscribe, use } from './steps';
import { charge, draft, invoice, on, type Story } from './story';

/** Where months end, clocks change and years leap. */
export const CALENDAR: readonly Story[] = [
  {
    title: 'From the 31st, through a leap February',
    shows:
      'A month without the 31st ends on its last day, and the next one goes back to the 31st: nothing drifts. The fee is billed ahead, the calls when their month is over.',
    plans: [plan('basic', [feeAhead('29'), calls('0.10', { allowance: '100' })])],
    steps: [
      ...on('2024-01-31', subscribe('basic')),
      ...on('2024-02-28T23:59', use(150)),
      ...on('2024-02-29T00:00', use(110)),
      ...on('2024-04-30T00:00', use(101)),
    ],
    until: '2024-05-02',
    invoices: [
      invoice('INV-000001', '2024-02-01', [charge('base', '2024-01-31', '2024-02-29', '29.00')], '29.00'),
      invoice(
        'INV-000002',
        '2024-03-01',
        [
          charge('base', '2024-02-29', '2024-03-31', '29.00'),
          charge('calls', '2024-01-31', '2024-02-29', '(150 − 100) × 0.10 = 5.00', { quantity: '150' }),
        ],
        '34.00',
      ),
      invoice(
        'INV-000003',
        '2024-04-01',
        [
          charge('base', '2024-03-31', '2024-04-30', '29.00'),
          charge('calls', '2024-02-29', '2024-03-31', '(110 − 100) × 0.10 = 1.00', { quantity: '110' }),
        ],
        '30.00',
      ),
      invoice(
        'INV-000004',
        '2024-05-01',
        [
          charge('base', '2024-04-30', '2024-05-31', '29.00'),
          charge('calls', '2024-03-31', '2024-04-30', '0.00', { quantity: '0' }),
        ],
        '29.00',
      ),
    ],
  },
  {
    title: 'A year from 29 February',
    shows: 'The years that have no 29 February end on the 28th; the leap year has it again.',
    plans: [plan('yearly', [feeAhead('366')], { interval: 'year' })],
    steps: on('2024-02-29', subscribe('yearly')),
    until: '2028-03-02',
    invoices: [
      invoice('INV-000001', '2024-03-01', [charge('base', '2024-02-29', '2025-02-28', '366.00')], '366.00'),
      invoice('INV-000002', '2025-03-01', [charge('base', '2025-02-28', '2026-02-28', '366.00')], '366.00'),
      invoice('INV-000003', '2026-03-01', [charge('base', '2026-02-28', '2027-02-28', '366.00')], '366.00'),
      invoice('INV-000004', '2027-03-01', [charge('base', '2027-02-28', '2028-02-29', '366.00')], '366.00'),
      invoice('INV-000005', '2028-03-01', [charge('base', '2028-02-29', '2029-02-28', '366.00')], '366.00'),
    ],
  },
  {
    title: 'Quarters from 30 November, south of the equator',
    shows:
      'Three months from 30 November end on the last day of February, the next three on 30 May. Summer time ends in Sydney on 7 April 2024; a quarter is a quarter all the same.',
    timeZone: 'Australia/Sydney',
    plans: [plan('quarterly', [fee('300'), calls('0.5')], { interval: 'quarter' })],
    steps: [
      ...on('2023-11-30', subscribe('quarterly')),
      ...on('2024-02-28T23:59', use(10)),
      ...on('2024-02-29T00:00', use(4)),
      ...on('2024-05-29T23:59', use(7)),
    ],
    until: '2024-06-01',
    invoices: [
      invoice(
        'INV-000001',
        '2024-03-01',
        [
          charge('base', '2023-11-30', '2024-02-29', '300.00'),
          charge('calls', '2023-11-30', '2024-02-29', '10 × 0.5 = 5.00'),
        ],
        '305.00',
      ),
      invoice(
        'INV-000002',
        '2024-05-31',
        [
          charge('base', '2024-02-29', '2024-05-30', '300.00'),
          charge('calls', '2024-02-29', '2024-05-30', '(4 + 7) × 0.5 = 5.50'),
        ],
        '305.50',
      ),
    ],
  },
  {
    title: 'By the calendar: a first month that is short',
    shows:
      'With the anchor `calendar` months begin on the first. Of what is promised for a month, the fee and the allowance, the first one has its share: 10 of the 29 days of February 2024.',
    timeZone: 'America/New_York',
    plans: [plan('basic', [feeAhead('29'), calls('0.10', { allowance: '290' })])],
    steps: [
      ...on('2024-02-20', subscribe('basic', { anchor: 'calendar' })),
      ...on('2024-02-29T23:59', use(150)),
      ...on('2024-03-31T23:59', use(300)),
    ],
    until: '2024-04-02',
    invoices: [
      invoice('INV-000001', '2024-02-21', [charge('base', '2024-02-20', '2024-03-01', '29 × 10/29 = 10.00')], '10.00'),
      invoice(
        'INV-000002',
        '2024-03-02',
        [
          charge('base', '2024-03-01', '2024-04-01', '29.00'),
          charge('calls', '2024-02-20', '2024-03-01', '(150 − 290 × 10/29) × 0.10 = 5.00'),
        ],
        '34.00',
      ),
      invoice(
        'INV-000003',
        '2024-04-02',
        [
          charge('base', '2024-04-01', '2024-05-01', '29.00'),
          charge('calls', '2024-03-01', '2024-04-01', '(300 − 290) × 0.10 = 1.00'),
        ],
        '30.00',
      ),
    ],
  },
  {
    title: 'By the calendar: weeks begin on Monday',
    shows: '21 February 2024 was a Wednesday, so five of seven days are left of the first week.',
    timeZone: 'Europe/Berlin',
    plans: [plan('weekly', [fee('7')], { interval: 'week' })],
    steps: on('2024-02-21', subscribe('weekly', { anchor: 'calendar' })),
    until: '2024-03-05',
    invoices: [
      invoice('INV-000001', '2024-02-27', [charge('base', '2024-02-21', '2024-02-26', '7 × 5/7 = 5.00')], '5.00'),
      invoice('INV-000002', '2024-03-05', [charge('base', '2024-02-26', '2024-03-04', '7.00')], '7.00'),
    ],
  },
  {
    title: 'Half-years by the calendar',
    shows: 'From 1 April to 1 July are 91 of the half-year’s 182 days of 2024: half of it.',
    plans: [plan('half', [feeAhead('182')], { interval: 'half_year' })],
    steps: on('2024-04-01', subscribe('half', { anchor: 'calendar' })),
    until: '2024-07-02',
    invoices: [
      invoice(
        'INV-000001',
        '2024-04-02',
        [charge('base', '2024-04-01', '2024-07-01', '182 × 91/182 = 91.00')],
        '91.00',
      ),
      invoice('INV-000002', '2024-07-02', [charge('base', '2024-07-01', '2025-01-01', '182.00')], '182.00'),
    ],
  },
  {
    title: 'A subscription that begins in the past',
    shows:
      'Everything that has ended since is billed in the next run, each period on its own invoice; what is late already is issued at once.',
    plans: [plan('basic', [fee('30')])],
    steps: on('2024-04-10', subscribe('basic', { startAt: '2024-01-31' })),
    until: '2024-05-02',
    invoices: [
      invoice('INV-000001', '2024-04-10', [charge('base', '2024-01-31', '2024-02-29', '30.00')], '30.00'),
      invoice('INV-000002', '2024-04-10', [charge('base', '2024-02-29', '2024-03-31', '30.00')], '30.00'),
      invoice('INV-000003', '2024-05-01', [charge('base', '2024-03-31', '2024-04-30', '30.00')], '30.00'),
    ],
  },
  {
    title: 'A subscription that begins in the future',
    shows: 'Nothing is billed before it begins, and the usage before it costs nothing.',
    plans: [plan('basic', [feeAhead('30'), calls('1')])],
    steps: [
      ...on('2024-01-10', subscribe('basic', { startAt: '2024-02-01' })),
      ...on('2024-01-20', use(7)),
      ...on('2024-02-01', use(2)),
    ],
    until: '2024-03-01',
    invoices: [
      invoice('INV-000001', '2024-02-02', [charge('base', '2024-02-01', '2024-03-01', '30.00')], '30.00'),
      draft(
        [
          charge('base', '2024-03-01', '2024-04-01', '30.00'),
          charge('calls', '2024-02-01', '2024-03-01', '2 × 1 = 2.00'),
        ],
        '32.00',
      ),
    ],
  },
];
