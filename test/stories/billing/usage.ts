import { calls, feeAhead, plan, tieredCalls } from './plans';
import { change, subscribe, use, voidEvent, wait } from './steps';
import { adjusted, charge, credit, invoice, line, on, type Story } from './story';

/** What is used: late, voided, promised, beyond a threshold, and in currencies without cents or with a third decimal. */
export const USAGE: readonly Story[] = [
  {
    title: 'Late events of two months that were billed',
    shows:
      'Ten calls at 2.00, further ones at 1.00. In March five calls of January and four of February turn up: each is rated in the tiers of its own month, and the difference to what was billed is a line of its own.',
    plans: [plan('tiered', [tieredCalls('10', '2', '1')])],
    steps: [
      ...on('2026-01-01', subscribe('tiered')),
      ...on('2026-01-10', use(8)),
      ...on('2026-02-10', use(20)),
      ...on('2026-03-05', use(1), use(5, 'calls', '2026-01-20'), use(4, 'calls', '2026-02-20')),
    ],
    until: '2026-04-02',
    invoices: [
      invoice('INV-000001', '2026-02-02', [charge('calls', '2026-01-01', '2026-02-01', '8 × 2 = 16.00')], '16.00'),
      invoice(
        'INV-000002',
        '2026-03-02',
        [charge('calls', '2026-02-01', '2026-03-01', '10 × 2 + 10 × 1 = 30.00')],
        '30.00',
      ),
      invoice(
        'INV-000003',
        '2026-04-02',
        [
          charge('calls', '2026-03-01', '2026-04-01', '1 × 2 = 2.00'),
          adjusted('calls', '2026-01-01', '2026-02-01', '10 × 2 + 3 × 1 − 16.00 = 7.00', { quantity: '5' }),
          adjusted('calls', '2026-02-01', '2026-03-01', '10 × 2 + 14 × 1 − 30.00 = 4.00', { quantity: '4' }),
        ],
        '13.00',
      ),
    ],
  },
  {
    title: 'An event that arrives while the invoice is a draft',
    shows:
      'For a day after the month’s end the invoice follows its events. What comes then is on it; a day later it is late.',
    plans: [plan('basic', [calls('0.10', { allowance: '100' })])],
    steps: [
      ...on('2026-01-01', subscribe('basic')),
      ...on('2026-01-31T23:00', use(110)),
      ...on('2026-02-01T10:00', use(20, 'calls', '2026-01-31T23:30')),
      ...on('2026-02-03', use(5, 'calls', '2026-01-31T23:40')),
    ],
    until: '2026-03-02',
    invoices: [
      invoice(
        'INV-000001',
        '2026-02-02',
        [charge('calls', '2026-01-01', '2026-02-01', '(130 − 100) × 0.10 = 3.00')],
        '3.00',
      ),
      invoice(
        'INV-000002',
        '2026-03-02',
        [
          charge('calls', '2026-02-01', '2026-03-01', '0.00'),
          adjusted('calls', '2026-01-01', '2026-02-01', '(135 − 100) × 0.10 − 3.00 = 0.50', { quantity: '5' }),
        ],
        '0.50',
      ),
    ],
  },
  {
    title: 'An event that is voided after it was billed',
    shows:
      'The difference is below zero. The invoice is as well; it is paid as it is, and the next one uses the credit up.',
    plans: [plan('tiered', [tieredCalls('10', '2', '1')])],
    steps: [
      ...on('2026-01-01', subscribe('tiered')),
      ...on('2026-01-10', use(12, 'calls', undefined, 'wrong'), use(5)),
      ...on('2026-02-10', voidEvent('wrong')),
      ...on('2026-03-10', use(6)),
    ],
    until: '2026-04-02',
    invoices: [
      invoice(
        'INV-000001',
        '2026-02-02',
        [charge('calls', '2026-01-01', '2026-02-01', '10 × 2 + 7 × 1 = 27.00')],
        '27.00',
      ),
      invoice(
        'INV-000002',
        '2026-03-02',
        [
          charge('calls', '2026-02-01', '2026-03-01', '0.00'),
          adjusted('calls', '2026-01-01', '2026-02-01', '5 × 2 − 27.00 = -17.00', { quantity: '-12' }),
        ],
        '-17.00',
      ),
      invoice('INV-000003', '2026-04-02', [charge('calls', '2026-03-01', '2026-04-01', '6 × 2 = 12.00')], '12.00', {
        status: 'paid',
        credit: '12.00',
      }),
    ],
    ledger: { customer_credit: '-5.00', accounts_receivable: '27.00', revenue: '-22.00' },
  },
  {
    title: 'Cents of late events',
    shows:
      'At 0.333 each one call is 0.33 and two are 0.67: the late one is 0.34, so that both are the rounding of 0.666.',
    plans: [plan('fine', [calls('0.333')])],
    steps: [
      ...on('2026-01-01', subscribe('fine')),
      ...on('2026-01-10', use(1)),
      ...on('2026-02-10', use(1, 'calls', '2026-01-11')),
    ],
    until: '2026-03-02',
    invoices: [
      invoice('INV-000001', '2026-02-02', [charge('calls', '2026-01-01', '2026-02-01', '1 × 0.333 = 0.33')], '0.33'),
      invoice(
        'INV-000002',
        '2026-03-02',
        [
          charge('calls', '2026-02-01', '2026-03-01', '0.00'),
          adjusted('calls', '2026-01-01', '2026-02-01', 'round(2 × 0.333) − 0.33 = 0.34'),
        ],
        '0.34',
      ),
    ],
  },
  {
    title: 'A commitment of a quarter, with a true-up',
    shows:
      '300.00 are promised for three months. 220.00 were used, so March asks for the missing 80.00. When 20 calls of March turn up, they are charged, and as much of the true-up is taken back.',
    plans: [plan('promised', [calls('1')], { commitment: { amount: '300', periods: 3 } })],
    steps: [
      ...on('2026-01-01', subscribe('promised')),
      ...on('2026-01-10', use(80)),
      ...on('2026-02-10', use(90)),
      ...on('2026-03-10', use(50)),
      ...on('2026-04-10', use(20, 'calls', '2026-03-31')),
    ],
    until: '2026-05-02',
    invoices: [
      invoice('INV-000001', '2026-02-02', [charge('calls', '2026-01-01', '2026-02-01', '80.00')], '80.00'),
      invoice('INV-000002', '2026-03-02', [charge('calls', '2026-02-01', '2026-03-01', '90.00')], '90.00'),
      invoice(
        'INV-000003',
        '2026-04-02',
        [
          charge('calls', '2026-03-01', '2026-04-01', '50.00'),
          line('true_up', 'plan:true_up', '2026-03-01', '2026-04-01', '300 − (80 + 90 + 50) = 80.00'),
        ],
        '130.00',
      ),
      invoice(
        'INV-000004',
        '2026-05-02',
        [
          charge('calls', '2026-04-01', '2026-05-01', '0.00'),
          adjusted('calls', '2026-03-01', '2026-04-01', '(50 + 20) − 50 = 20.00'),
          adjusted('plan:true_up', '2026-03-01', '2026-04-01', '(300 − 240) − 80 = -20.00'),
        ],
        '0.00',
      ),
    ],
  },
  {
    title: 'Invoices as usage passes a threshold',
    shows:
      'With a threshold of 100.00 usage is billed as soon as what isn’t billed yet reaches it: 112.40 on the 10th, 117.60 on the 20th. The month’s invoice says the whole usage and takes off what those asked.',
    plans: [plan('metered', [calls('0.10')])],
    steps: [
      ...on('2026-04-01', subscribe('metered', { thresholds: { amount: '100' } })),
      ...on('2026-04-10', use(1124)),
      ...on('2026-04-10T12:00', wait),
      ...on('2026-04-20', use(1176)),
      ...on('2026-04-20T12:00', wait),
      ...on('2026-04-25', use(300)),
    ],
    until: '2026-05-02',
    invoices: [
      invoice(
        'INV-000001',
        '2026-04-10',
        [line('threshold', 'plan:threshold', '2026-04-01', '2026-04-10', '1,124 × 0.10 = 112.40')],
        '112.40',
      ),
      invoice(
        'INV-000002',
        '2026-04-20',
        [line('threshold', 'plan:threshold', '2026-04-01', '2026-04-20', '2,300 × 0.10 − 112.40 = 117.60')],
        '117.60',
      ),
      invoice(
        'INV-000003',
        '2026-05-02',
        [
          charge('calls', '2026-04-01', '2026-05-01', '2,600 × 0.10 = 260.00'),
          line('threshold_credit', 'plan:threshold:0', '2026-04-01', '2026-05-01', '−112.40 = -112.40'),
          line('threshold_credit', 'plan:threshold:1', '2026-04-01', '2026-05-01', '−117.60 = -117.60'),
        ],
        '30.00',
      ),
    ],
  },
  {
    title: 'Yen: no decimals',
    shows: 'Amounts are whole yen, halves go up: ten of January’s 31 days of 1,000 are 322.58, so 323.',
    timeZone: 'Asia/Tokyo',
    plans: [
      plan('basic', [feeAhead('1000'), calls('0.5')], { currency: 'JPY' }),
      plan('pro', [feeAhead('3000'), calls('0.4')], { currency: 'JPY' }),
    ],
    steps: [
      ...on('2026-01-01', subscribe('basic')),
      ...on('2026-01-05', use(3)),
      ...on('2026-01-11', change({ plan: 'pro' }), use(6)),
    ],
    until: '2026-02-02',
    invoices: [
      invoice('INV-000001', '2026-01-02', [charge('base', '2026-01-01', '2026-02-01', '1000')], '1000'),
      invoice(
        'INV-000002',
        '2026-02-02',
        [
          credit('base', '2026-01-11', '2026-02-01', 'round(1000 × 10/31) − 1000 = -677'),
          charge('base', '2026-01-11', '2026-02-01', '3000 × 21/31 = 2032'),
          charge('base', '2026-02-01', '2026-03-01', '3000'),
          charge('calls', '2026-01-01', '2026-01-11', '3 × 0.5 = 2'),
          charge('calls', '2026-01-11', '2026-02-01', '6 × 0.4 = 2'),
        ],
        '4359',
      ),
    ],
  },
  {
    title: 'Dinars: three decimals',
    shows:
      'A Kuwaiti dinar has 1,000 fils. A third of 10.000 is 3.333, and what is credited is what is missing to 10.000.',
    timeZone: 'Asia/Kuwait',
    plans: [
      plan('basic', [feeAhead('10'), calls('0.0005')], { currency: 'KWD' }),
      plan('pro', [feeAhead('20'), calls('0.0005')], { currency: 'KWD' }),
    ],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-05', use(7)),
      ...on('2026-04-11', change({ plan: 'pro' })),
    ],
    until: '2026-05-02',
    invoices: [
      invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-05-01', '10.000')], '10.000'),
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          credit('base', '2026-04-11', '2026-05-01', 'round(10 × 10/30) − 10 = -6.667'),
          charge('base', '2026-04-11', '2026-05-01', '20 × 20/30 = 13.333'),
          charge('base', '2026-05-01', '2026-06-01', '20.000'),
          charge('calls', '2026-04-01', '2026-04-11', '7 × 0.0005 = 0.004'),
          charge('calls', '2026-04-11', '2026-05-01', '0.000'),
        ],
        '26.670',
      ),
    ],
  },
];
