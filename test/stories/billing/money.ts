import { calls, fee, feeAhead, plan, tokens } from './plans';
import {
  approve,
  askForApproval,
  change,
  creditNote,
  finalize,
  giveUp,
  item,
  oneOff,
  pay,
  reissue,
  subscribe,
  taxId,
  taxRate,
  taxStatus,
  use,
  voidInvoice,
} from './steps';
import { charge, credit, draft, invoice, line, on, type Story } from './story';

const BASIC = plan('basic', [feeAhead('30'), calls('0.10')]);
const FEE_ONLY = plan('basic', [feeAhead('30')]);
const fees = (number: string, month: number, more = {}) =>
  invoice(
    number,
    `2026-0${month}-02`,
    [charge('base', `2026-0${month}-01`, `2026-0${month + 1}-01`, '30.00')],
    '30.00',
    more,
  );

/** Taxes, credit, corrections of invoices, and what the ledger says of it. */
export const MONEY: readonly Story[] = [
  {
    title: 'Three taxes on a line',
    shows:
      'Each tax is worked out once for the invoice, on the sum of what it taxes, and rounded once; lines have their part of it.',
    plans: [BASIC],
    steps: [
      ...on('2026-04-01', taxRate('State tax', '6.25'), taxRate('County tax', '1.5'), taxRate('City tax', '0.75'), subscribe('basic')), // prettier-ignore
      ...on('2026-04-10', use(333)),
    ],
    until: '2026-05-02',
    invoices: [
      invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-05-01', '30.00')], '32.56', {
        taxes: [
          ['City tax', '30.00 × 0.75/100 = 0.23'],
          ['County tax', '30.00 × 1.5/100 = 0.45'],
          ['State tax', '30.00 × 6.25/100 = 1.88'],
        ],
      }),
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          charge('base', '2026-05-01', '2026-06-01', '30.00'),
          charge('calls', '2026-04-01', '2026-05-01', '333 × 0.10 = 33.30'),
        ],
        '68.68',
        {
          taxes: [
            ['City tax', '63.30 × 0.75/100 = 0.47'],
            ['County tax', '63.30 × 1.5/100 = 0.95'],
            ['State tax', '63.30 × 6.25/100 = 3.96'],
          ],
        },
      ),
    ],
  },
  {
    title: 'A tax that lies within the price',
    shows: 'Prices are said with 19 per cent inside: of 119.00 they are 19.00. The total is the price.',
    plans: [plan('gross', [feeAhead('119')])],
    steps: on('2026-04-01', taxRate('VAT', '19', { behaviour: 'inclusive' }), subscribe('gross')),
    until: '2026-04-02',
    invoices: [
      invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-05-01', '119.00')], '119.00', {
        taxes: [['incl. VAT', '119.00 × 19/119 = 19.00']],
      }),
    ],
    ledger: { accounts_receivable: '119.00', revenue: '-100.00', tax: '-19.00' },
  },
  {
    title: 'A customer who owes the tax themselves',
    shows: 'Reverse charge: no tax is asked, and the invoice says so.',
    plans: [FEE_ONLY],
    steps: on(
      '2026-04-01',
      taxRate('VAT', '19'),
      taxId('ATU12345678'),
      taxStatus('reverse_charge'),
      subscribe('basic'),
    ),
    until: '2026-04-02',
    invoices: [fees('INV-000001', 4, { taxes: [['Reverse charge', '0.00']] })],
  },
  {
    title: 'A credit with its tax',
    shows: 'Where a fee is credited its tax is, too: both lines are in the base of the tax.',
    plans: [FEE_ONLY, plan('pro', [feeAhead('60')])],
    steps: [
      ...on('2026-04-01', taxRate('VAT', '19'), subscribe('basic')),
      ...on('2026-04-16', change({ plan: 'pro' }, { invoice: 'now' })),
    ],
    until: '2026-04-20',
    invoices: [
      invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-05-01', '30.00')], '35.70', {
        taxes: [['VAT', '30.00 × 19/100 = 5.70']],
      }),
      invoice(
        'INV-000002',
        '2026-04-16',
        [
          credit('base', '2026-04-16', '2026-05-01', '30 × 15/30 − 30 = -15.00'),
          charge('base', '2026-04-16', '2026-05-01', '60 × 15/30 = 30.00'),
        ],
        '17.85',
        { taxes: [['VAT', '(30.00 − 15.00) × 19/100 = 2.85']] },
      ),
    ],
    ledger: { accounts_receivable: '53.55', revenue: '-45.00', tax: '-8.55' },
  },
  {
    title: 'Something once, with the next invoice',
    shows: 'What is to be charged besides the plan joins the customer’s next invoice in that currency.',
    plans: [BASIC],
    steps: [...on('2026-04-01', subscribe('basic')), ...on('2026-04-10', use(50), item('Onboarding', '2', '150'))],
    until: '2026-05-02',
    invoices: [
      fees('INV-000001', 4),
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          charge('base', '2026-05-01', '2026-06-01', '30.00'),
          charge('calls', '2026-04-01', '2026-05-01', '50 × 0.10 = 5.00'),
          line('item', 'item', '2026-04-10', '2026-04-11', '2 × 150 = 300.00'),
        ],
        '335.00',
      ),
    ],
  },
  {
    title: 'Something once, on an invoice of its own',
    shows: 'A one-off invoice waits as a draft until it is finalized.',
    plans: [FEE_ONLY],
    steps: on('2026-04-10', oneOff('Workshop', '3', '99.99'), finalize()),
    until: '2026-04-11',
    invoices: [
      invoice(
        'INV-000001',
        '2026-04-10',
        [line('item', 'item', '2026-04-10', '2026-04-11', '3 × 99.99 = 299.97')],
        '299.97',
      ),
    ],
  },
  {
    title: 'Two subscriptions on one invoice',
    shows: 'What closes on one day in one currency is asked for together, each subscription’s lines under it.',
    plans: [BASIC, plan('data', [feeAhead('12'), tokens('0.01')])],
    steps: [
      ...on('2026-04-01', subscribe('basic'), subscribe('data', { key: 'second' })),
      ...on('2026-04-10', use(50), use(300, 'tokens')),
    ],
    until: '2026-05-02',
    invoices: [
      invoice(
        'INV-000001',
        '2026-04-02',
        [charge('base', '2026-04-01', '2026-05-01', '30.00'), charge('base', '2026-04-01', '2026-05-01', '12.00')],
        '42.00',
      ),
      invoice(
        'INV-000002',
        '2026-05-02',
        [
          charge('base', '2026-05-01', '2026-06-01', '30.00'),
          charge('calls', '2026-04-01', '2026-05-01', '50 × 0.10 = 5.00'),
          charge('base', '2026-05-01', '2026-06-01', '12.00'),
          charge('tokens', '2026-04-01', '2026-05-01', '300 × 0.01 = 3.00'),
        ],
        '50.00',
      ),
    ],
  },
  {
    title: 'Two subscriptions, one of them apart',
    shows: 'A subscription that says `invoicing: apart` has invoices of its own.',
    plans: [FEE_ONLY, plan('data', [feeAhead('12')])],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-01T01:00', subscribe('data', { key: 'second', invoicing: 'apart' })),
    ],
    until: '2026-04-03',
    invoices: [
      fees('INV-000001', 4),
      invoice('INV-000002', '2026-04-02', [charge('base', '2026-04-01T01:00', '2026-05-01', '12.00')], '12.00'),
    ],
  },
  {
    title: 'Two anniversaries that meet on the first',
    shows: 'The second begins on the 16th by the calendar, so that from May on both are on one invoice.',
    plans: [FEE_ONLY, plan('data', [feeAhead('12')])],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-16', subscribe('data', { key: 'second', anchor: 'calendar' })),
    ],
    until: '2026-05-02',
    invoices: [
      fees('INV-000001', 4),
      invoice('INV-000002', '2026-04-17', [charge('base', '2026-04-16', '2026-05-01', '12 × 15/30 = 6.00')], '6.00'),
      invoice(
        'INV-000003',
        '2026-05-02',
        [charge('base', '2026-05-01', '2026-06-01', '30.00'), charge('base', '2026-05-01', '2026-06-01', '12.00')],
        '42.00',
      ),
    ],
  },
  {
    title: 'A credit note off what is due',
    shows: 'A third of the fee is forgiven. The invoice stays as it is; 20.00 of it are left to pay.',
    plans: [FEE_ONLY],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-10', creditNote('INV-000001', 'invoice', { 1: '10.00' })),
    ],
    until: '2026-04-11',
    invoices: [fees('INV-000001', 4, { due: '20.00' })],
    ledger: { accounts_receivable: '20.00' },
  },
  {
    title: 'A credit note as credit for later',
    shows: 'The whole invoice was paid; 10.00 are credited, and May’s invoice uses them.',
    plans: [FEE_ONLY],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-05', pay('INV-000001', '30.00')),
      ...on('2026-04-10', creditNote('INV-000001', 'balance', { 1: '10.00' })),
    ],
    until: '2026-05-02',
    invoices: [fees('INV-000001', 4, { status: 'paid' }), fees('INV-000002', 5, { credit: '10.00', due: '20.00' })],
    ledger: { accounts_receivable: '20.00', payments: '30.00', customer_credit: '0.00', revenue: '-50.00' },
  },
  {
    title: 'Credit notes of a line with tax, until nothing is left',
    shows:
      'Of 10.00 and 1.90 tax first 4.00 go back with 0.76, then all that is left: 6.00 with 1.14. Both are paid back.',
    plans: [plan('small', [feeAhead('10')])],
    steps: [
      ...on('2026-04-01', taxRate('VAT', '19'), subscribe('small')),
      ...on('2026-04-05', pay('INV-000001', '11.90')),
      ...on('2026-04-10', creditNote('INV-000001', 'refund', { 1: '4.00' })),
      ...on('2026-04-11', creditNote('INV-000001', 'refund')),
    ],
    until: '2026-04-12',
    invoices: [
      invoice('INV-000001', '2026-04-02', [charge('base', '2026-04-01', '2026-05-01', '10.00')], '11.90', {
        status: 'paid',
        taxes: [['VAT', '10.00 × 19/100 = 1.90']],
      }),
    ],
    ledger: { accounts_receivable: '0.00', payments: '0.00', revenue: '0.00', tax: '0.00' },
  },
  {
    title: 'An invoice that is voided and issued anew',
    shows: 'The new one says what is right now: 20 calls more turned up since.',
    plans: [plan('basic', [fee('30'), calls('0.10')])],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-10', use(50)),
      ...on('2026-05-05', use(20, 'calls', '2026-04-20'), reissue('INV-000001')),
    ],
    until: '2026-05-06',
    invoices: [
      invoice(
        'INV-000001',
        '2026-05-02',
        [
          charge('base', '2026-04-01', '2026-05-01', '30.00'),
          charge('calls', '2026-04-01', '2026-05-01', '50 × 0.10 = 5.00'),
        ],
        '35.00',
        { status: 'void' },
      ),
      invoice(
        'INV-000002',
        '2026-05-05',
        [
          charge('base', '2026-04-01', '2026-05-01', '30.00'),
          charge('calls', '2026-04-01', '2026-05-01', '70 × 0.10 = 7.00'),
        ],
        '37.00',
      ),
    ],
    ledger: { accounts_receivable: '37.00', revenue: '-37.00' },
  },
  {
    title: 'An invoice that is voided for good',
    shows: 'What stood on it stays taken back: the next invoice doesn’t ask for April’s fee again.',
    plans: [FEE_ONLY],
    steps: [...on('2026-04-01', subscribe('basic')), ...on('2026-04-10', voidInvoice('INV-000001'))],
    until: '2026-05-02',
    invoices: [fees('INV-000001', 4, { status: 'void' }), fees('INV-000002', 5)],
    ledger: { accounts_receivable: '30.00' },
  },
  {
    title: 'An invoice that is given up, and paid after all',
    shows: 'What is due is written off; a payment that comes later takes the write-off back.',
    plans: [FEE_ONLY],
    steps: [
      ...on('2026-04-01', subscribe('basic')),
      ...on('2026-04-05', pay('INV-000001', '12.00')),
      ...on('2026-04-10', giveUp('INV-000001')),
      ...on('2026-04-20', pay('INV-000001', '18.00')),
    ],
    until: '2026-04-21',
    invoices: [fees('INV-000001', 4, { status: 'paid' })],
    ledger: { accounts_receivable: '0.00', payments: '30.00', write_offs: '0.00', revenue: '-30.00' },
  },
  {
    title: 'More was paid than was due',
    shows: 'What is too much is the customer’s credit, and the next invoice uses it.',
    plans: [FEE_ONLY],
    steps: [...on('2026-04-01', subscribe('basic')), ...on('2026-04-05', pay('INV-000001', '42.00'))],
    until: '2026-05-02',
    invoices: [fees('INV-000001', 4, { status: 'paid' }), fees('INV-000002', 5, { credit: '12.00', due: '18.00' })],
  },
  {
    title: 'An invoice that waits for approval',
    shows: 'Without approval it stays a draft, however long; approved, it is issued with the next run.',
    plans: [FEE_ONLY],
    steps: [...on('2026-04-01', askForApproval, subscribe('basic')), ...on('2026-04-20', approve())],
    until: '2026-05-02',
    invoices: [
      invoice('INV-000001', '2026-04-20', [charge('base', '2026-04-01', '2026-05-01', '30.00')], '30.00'),
      draft([charge('base', '2026-05-01', '2026-06-01', '30.00')], '30.00'),
    ],
  },
  {
    title: 'A year paid ahead is earned month by month',
    shows:
      '1,200.00 for 15 January 2026 to 15 January 2027 are 365 days. January has 17 of them; the rest is deferred, and earned with the first of each month. By 5 March that is January to March: 17, 28 and 31 days.',
    plans: [plan('yearly', [feeAhead('1200')], { interval: 'year' })],
    steps: on('2026-01-15', subscribe('yearly')),
    until: '2026-03-05',
    invoices: [invoice('INV-000001', '2026-01-16', [charge('base', '2026-01-15', '2027-01-15', '1200.00')], '1200.00')],
    ledger: {
      accounts_receivable: '1200.00',
      revenue: '-249.86', // 55.89 + 92.05 + 101.92
      deferred_revenue: '-950.14',
    },
  },
];
