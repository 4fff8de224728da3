import { calls, feeAhead, plan } from './plans';
import { change, subscribe, takeBack, use } from './steps';
import { charge, credit, invoice, on, type Story } from './story';
import type { PlanRequest } from './world';

/** April 2026 has 30 days: half of it begins with the 16th. */
const BASIC = plan('basic', [feeAhead('30')]);
const PRO = plan('pro', [feeAhead('60')]);
const by = (proration: string): PlanRequest[] => [
  { ...BASIC, proration },
  { ...PRO, proration },
];
const APRIL = invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-05-01', '30.00')], '30.00');

/** Another plan: at once, later, there and back. */
export const CHANGES: readonly Story[] = [
  {
    title: 'An upgrade in the middle of the month',
    shows:
      'What was paid ahead for the second half is credited, and the second half is charged by the new plan: used and credited are 30.00 together, to the cent. Calls are rated before and after the change, each part with its share of the allowance.',
    plans: [
      plan('basic', [feeAhead('30'), calls('0.10', { allowance: '100' })]),
      plan('pro', [feeAhead('60'), calls('0.05', { allowance: '300' })]),
    ],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-15T23:59', use(80)),
      ...on('2026-04-16', change({ plan: 'pro' }), use(170)),
    ],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          credit('base', '2026-04-16', '2026-05-01', '30 × 15/30 − 30 = -15.00'),
          charge('base', '2026-04-16', '2026-05-01', '60 × 15/30 = 30.00'),
          charge('base', '2026-05-01', '2026-06-01', '60.00'),
          charge('calls', '2026-04-01', '2026-04-16', '(80 − 100 × 15/30) × 0.10 = 3.00'),
          charge('calls', '2026-04-16', '2026-05-01', '(170 − 300 × 15/30) × 0.05 = 1.00'),
        ],
        '79.00',
      ),
    ],
  },
  {
    title: 'An upgrade at noon, by the second',
    shows: 'With `proration: second` half a day counts: 15.5 of 30 days were used of the old plan.',
    plans: by('second'),
    steps: [...on('2026-04-01', subscribe('basic')), ...on('2026-04-16T12:00', change({ plan: 'pro' }))],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          credit('base', '2026-04-16T12:00', '2026-05-01', '30 × 15.5/30 − 30 = -14.50'),
          charge('base', '2026-04-16T12:00', '2026-05-01', '60 × 14.5/30 = 29.00'),
          charge('base', '2026-05-01', '2026-06-01', '60.00'),
        ],
        '74.50',
      ),
    ],
  },
  {
    title: 'An upgrade at noon, by the day',
    shows: 'With `proration: day` the day of the change belongs to the new plan, whatever the hour.',
    plans: by('day'),
    steps: [...on('2026-04-01', subscribe('basic')), ...on('2026-04-16T12:00', change({ plan: 'pro' }))],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          credit('base', '2026-04-16T12:00', '2026-05-01', '30 × 15/30 − 30 = -15.00'),
          charge('base', '2026-04-16T12:00', '2026-05-01', '60 × 15/30 = 30.00'),
          charge('base', '2026-05-01', '2026-06-01', '60.00'),
        ],
        '75.00',
      ),
    ],
  },
  {
    title: 'An upgrade without proration',
    shows: 'With `proration: none` a month’s fee is that of its first day: April stays as it was paid.',
    plans: by('none'),
    steps: [...on('2026-04-01', subscribe('basic')), ...on('2026-04-16T12:00', change({ plan: 'pro' }))],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice('INV-000002', '2026-05-02', [charge('base', '2026-05-01', '2026-06-01', '60.00')], '60.00'),
    ],
  },
  {
    title: 'Up, down and up again inside a month',
    shows: 'Each stretch is charged by the plan that held: 15 days basic, 5 pro, 5 basic, 5 pro.',
    plans: [BASIC, PRO],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-16', change({ plan: 'pro' })),
      ...on('2026-04-21', change({ plan: 'basic' })),
      ...on('2026-04-26', change({ plan: 'pro' })),
    ],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          credit('base', '2026-04-16', '2026-05-01', '30 × 15/30 − 30 = -15.00'),
          charge('base', '2026-04-16', '2026-04-21', '60 × 5/30 = 10.00'),
          charge('base', '2026-04-21', '2026-04-26', '30 × 5/30 = 5.00'),
          charge('base', '2026-04-26', '2026-05-01', '60 × 5/30 = 10.00'),
          charge('base', '2026-05-01', '2026-06-01', '60.00'),
        ],
        '70.00',
      ),
    ],
  },
  {
    title: 'Up and down, each billed at once',
    shows:
      'A change can ask for an invoice at once. The way down gives back more than it costs, so that invoice is below zero: it is paid as it is, and the next ones use the credit up.',
    plans: [BASIC, PRO],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-16', change({ plan: 'pro' }, { invoice: 'now' })),
      ...on('2026-04-21', change({ plan: 'basic' }, { invoice: 'now' })),
      ...on('2026-04-26', change({ plan: 'pro' }, { invoice: 'now' })),
    ],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-04-16',
        [
          credit('base', '2026-04-16', '2026-05-01', '30 × 15/30 − 30 = -15.00'),
          charge('base', '2026-04-16', '2026-05-01', '60 × 15/30 = 30.00'),
        ],
        '15.00',
      ),
      invoice(
        'INV-000003',
        '2026-04-21',
        [
          credit('base', '2026-04-21', '2026-05-01', '60 × 5/30 − 30 = -20.00'),
          charge('base', '2026-04-21', '2026-05-01', '30 × 10/30 = 10.00'),
        ],
        '-10.00',
      ),
      invoice(
        'INV-000004',
        '2026-04-26',
        [
          credit('base', '2026-04-26', '2026-05-01', '30 × 5/30 − 10 = -5.00'),
          charge('base', '2026-04-26', '2026-05-01', '60 × 5/30 = 10.00'),
        ],
        '5.00',
        { status: 'paid', credit: '5.00' },
      ),
      invoice('INV-000005', '2026-05-02', [charge('base', '2026-05-01', '2026-06-01', '60.00')], '60.00', {
        credit: '5.00',
        due: '55.00',
      }),
    ],
  },
  {
    title: 'A downgrade, and a credit that lasts for months',
    shows:
      'From 60.00 to 10.00 on the 11th: 40.00 are unused, 6.67 are charged. The 33.33 are used up by May to August.',
    plans: [PRO, plan('small', [feeAhead('10')])],
    steps: [...on('2026-04-01', subscribe('pro')), ...on('2026-04-11', change({ plan: 'small' }, { invoice: 'now' }))],
    until: '2026-08-02',
    invoices: [
      invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-05-01', '60.00')], '60.00'),
      invoice(
        'INV-000002',
        '2026-04-11',
        [
          credit('base', '2026-04-11', '2026-05-01', '60 × 10/30 − 60 = -40.00'),
          charge('base', '2026-04-11', '2026-05-01', '10 × 20/30 = 6.67'),
        ],
        '-33.33',
      ),
      ...(['05', '06', '07', '08'] as const).map((month, index) =>
        invoice(
          `INV-00000${index + 3}`,
          `2026-${month}-02`,
          [charge('base', `2026-${month}-01`, `2026-0${Number(month) + 1}-01`, '10.00')],
          '10.00',
          month === '08' ? { credit: '3.33', due: '6.67' } : { status: 'paid', credit: '10.00' },
        ),
      ),
    ],
  },
  {
    title: 'A change that is taken back before it was billed',
    shows: 'As if it never was: no credit and no charge.',
    plans: [BASIC, PRO],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-16', change({ plan: 'pro' })),
      ...on('2026-04-20', takeBack),
    ],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice('INV-000002', '2026-05-02', [charge('base', '2026-05-01', '2026-06-01', '30.00')], '30.00'),
    ],
  },
  {
    title: 'A change that is taken back after it was billed',
    shows: 'The second half of April is basic again: what was credited is charged, and what was charged is credited.',
    plans: [BASIC, PRO],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-16', change({ plan: 'pro' }, { invoice: 'now' })),
      ...on('2026-04-20', takeBack),
    ],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-04-16',
        [
          credit('base', '2026-04-16', '2026-05-01', '30 × 15/30 − 30 = -15.00'),
          charge('base', '2026-04-16', '2026-05-01', '60 × 15/30 = 30.00'),
        ],
        '15.00',
      ),
      invoice(
        'INV-000003',
        '2026-05-02',
        [
          credit('base', '2026-04-16', '2026-05-01', '−30.00 = -30.00'),
          charge('base', '2026-04-16', '2026-05-01', '30 − 15 = 15.00'),
          charge('base', '2026-05-01', '2026-06-01', '30.00'),
        ],
        '15.00',
      ),
    ],
  },
  {
    title: 'A change on the last day of the month',
    shows: 'One of 30 days is left.',
    plans: [BASIC, PRO],
    steps: [...on('2026-04-01', subscribe('basic')), ...on('2026-04-30', change({ plan: 'pro' }))],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          credit('base', '2026-04-30', '2026-05-01', '30 × 29/30 − 30 = -1.00'),
          charge('base', '2026-04-30', '2026-05-01', '60 × 1/30 = 2.00'),
          charge('base', '2026-05-01', '2026-06-01', '60.00'),
        ],
        '61.00',
      ),
    ],
  },
  {
    title: 'A change with the next period',
    shows: 'April isn’t cut: no credit, no share.',
    plans: [BASIC, PRO],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-16', change({ plan: 'pro' }, { at: 'period_end' })),
    ],
    until: '2026-05-02',
    invoices: [
      APRIL,
      invoice('INV-000002', '2026-05-02', [charge('base', '2026-05-01', '2026-06-01', '60.00')], '60.00'),
    ],
  },
  {
    title: 'A change that is known ahead',
    shows: 'In April it is agreed on for 16 May. May’s fees, billed ahead, have it already: 15 and 16 of 31 days.',
    plans: [BASIC, PRO],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-20', change({ plan: 'pro' }, { at: '2026-05-16' })),
    ],
    until: '2026-06-02',
    invoices: [
      APRIL,
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          charge('base', '2026-05-01', '2026-05-16', '30 × 15/31 = 14.52'),
          charge('base', '2026-05-16', '2026-06-01', '60 × 16/31 = 30.97'),
        ],
        '45.49',
      ),
      invoice('INV-000003', '2026-06-02', [charge('base', '2026-06-01', '2026-07-01', '60.00')], '60.00'),
    ],
  },
  {
    title: 'A change that would lose a cent',
    shows: 'Of 10.00 for three days one day is used: 3.33. The credit is what is missing to 10.00, not 6.67 by chance.',
    plans: [
      plan('three', [feeAhead('10')], { interval: 'day', intervalCount: 3 }),
      plan('other', [feeAhead('20')], { interval: 'day', intervalCount: 3 }),
    ],
    steps: [...on('2026-04-01', subscribe('three')), ...on('2026-04-02', change({ plan: 'other' }))],
    until: '2026-04-05',
    invoices: [
      invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-04-04', '10.00')], '10.00'),
      invoice(
        'INV-000002',
        '2026-04-05',
        [
          credit('base', '2026-04-02', '2026-04-04', 'round(10 × 1/3) − 10 = -6.67'),
          charge('base', '2026-04-02', '2026-04-04', '20 × 2/3 = 13.33'),
          charge('base', '2026-04-04', '2026-04-07', '20.00'),
        ],
        '26.66',
      ),
    ],
  },
];
