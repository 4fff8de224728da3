import { grouped, Progress, progressText, table, wrap } from '../client';
import { reportText } from './report';
import { type DemoResult, type Invoice, type InvoiceLine, marginPercent, resultJson } from './result';

const period = { start: '2023-11-01T00:00:00.000Z', end: '2023-12-01T00:00:00.000Z' };

const line = (position: number, description: string, quantity: string, exactAmount: string, amount: string) =>
  ({
    id: `lin_${position}`,
    position,
    description,
    quantity,
    exactAmount,
    amount,
    meter: 'm',
    price: { id: 'prc_1' },
  }) as InvoiceLine;

const invoice = (
  number: number,
  cost: string,
  exactTotal: string,
  margin: string,
  total: string,
  lines: InvoiceLine[],
) =>
  ({
    id: `inv_${number}`,
    number: `WEIR-00000${number}`,
    status: 'finalized',
    currency: 'USD',
    customer: { name: 'A Customer Inc.' },
    servicePeriod: period,
    total,
    exactTotal,
    cost: { amount: cost, pendingEvents: 0 },
    margin,
    lines,
  }) satisfies Invoice;

/** The Azure conversation trace's figures (Patel et al., ISCA 2024), recomputed apart. */
const RESULT: DemoResult = {
  events: { sent: 20_657, accepted: 20_000, duplicates: 657 },
  period,
  customers: [
    {
      key: 'margin',
      invoice: invoice(1, '32.260135', '41.9381755', '9.6780405', '41.94', [
        line(1, 'Model usage at cost plus 30 %', '32.260135', '41.9381755', '41.94'),
      ]),
      explained: {
        line: line(1, 'Model usage at cost plus 30 %', '32.260135', '41.9381755', '41.94'),
        explanation: {
          steps: ['6456 events cost 32.260135 USD.', `A markup of 30 % on it: ${'and so on '.repeat(12)}end.`],
          breakdown: [
            { description: 'Cost', from: null, upTo: null, quantity: '1', unitPrice: null, amount: '32.260135' },
            {
              description: 'Markup of 30 %',
              from: null,
              upTo: null,
              quantity: '1',
              unitPrice: null,
              amount: '9.6780405',
            },
          ],
          events: {
            count: 6_456,
            items: [
              {
                id: 'row-000001',
                time: '2023-11-16T18:15:46.680590Z',
                task: null,
                cost: { amount: '0.001375' },
                data: { input_tokens: 374, output_tokens: '44' },
              },
            ],
          },
        },
      },
    },
    {
      key: 'outcome',
      invoice: invoice(2, '32.1091925', '0', '-32.1091925', '0.00', [line(1, 'x'.repeat(150), '0', '0', '0.00')]),
      explained: {
        line: line(1, 'Successful tasks', '0', '0', '0.00'),
        explanation: { steps: ['No task succeeded.'], breakdown: [], events: { count: 0, items: [] } },
      },
    },
    {
      key: 'hybrid',
      invoice: invoice(3, '32.4219975', '34.19', '1.7680025', '34.19', [
        line(1, 'Base fee', '1', '20', '20.00'),
        line(2, 'Standard actions', '5545', '5.09', '5.09'),
        line(3, 'Premium actions', '910', '9.1', '9.10'),
      ]),
      explained: null,
    },
  ],
};

describe('the result for people', () => {
  const text = reportText(RESULT, (heading) => heading);

  it('fits a hundred columns', () => {
    for (const printed of text.split('\n')) expect(printed.length).toBeLessThanOrEqual(100);
  });

  it('shows cost, revenue and margin exactly, with their sums over the customers', () => {
    expect(text).toMatch(/margin +32\.260135 +41\.9381755 +9\.6780405 +23\.1 % +41\.94/);
    expect(text).toMatch(/outcome +32\.1091925 +0 +-32\.1091925 +none +0\.00/);
    expect(text).toMatch(/all +96\.791325 +76\.1281755 +-20\.6631495 +-27\.1 % +76\.13/);
  });

  it('shows each invoice with its number, lines exact and rounded, and total', () => {
    expect(text).toContain('Invoice WEIR-000003, finalized, to A Customer Inc.\n  for 1 Nov 2023 to 1 Dec 2023');
    expect(text).toMatch(/2 {2}Standard actions +5545 +5\.09 +5\.09/);
    expect(text).toMatch(/Total +34\.19 +USD 34\.19/);
  });

  it('explains a line by its sentences, its parts and its first events', () => {
    expect(text).toContain('1. 6456 events cost 32.260135 USD.');
    expect(text).toMatch(/Markup of 30 % .* 9\.6780405/);
    expect(text).toContain('6,456 events stand behind this line');
    expect(text).toMatch(/row-000001 +2023-11-16 18:15:46\.680590 +374 +44 +0\.001375/);
    expect(text).toContain('No event stands behind this line.');
  });

  it('sets headings off where it is asked to', () => {
    expect(reportText(RESULT, (heading) => `<${heading}>`)).toContain('<Result for 1 Nov 2023');
  });
});

it('the JSON has exactly the promised fields: counts are numbers, all else decimal strings', () => {
  expect(JSON.parse(resultJson({ ...RESULT, customers: RESULT.customers.slice(0, 1) }))).toEqual({
    events: { sent: 20_657, accepted: 20_000, duplicates: 657 },
    customers: [
      {
        key: 'margin',
        cost: '32.260135',
        revenue: '41.9381755',
        margin: '9.6780405',
        invoice: {
          number: 'WEIR-000001',
          currency: 'USD',
          total: '41.94',
          lines: [{ description: 'Model usage at cost plus 30 %', quantity: '32.260135', amount: '41.94' }],
        },
      },
    ],
  });
});

it.each`
  margin    | revenue | percent    | because
  ${'9.69'} | ${'42'} | ${'23.1'}  | ${'a share of revenue, not of cost'}
  ${'-1'}   | ${'3'}  | ${'-33.3'} | ${'a loss is negative'}
  ${'0.05'} | ${'10'} | ${'0.5'}   | ${'one digit, rounded'}
  ${'-5'}   | ${'0'}  | ${null}    | ${'no share of nothing'}
`('margin $margin of revenue $revenue: $because', ({ margin, revenue, percent }) => {
  expect(marginPercent(margin, revenue)).toBe(percent);
});

describe('a table', () => {
  const columns = [
    { title: 'what', align: 'left' },
    { title: 'amount', align: 'point' },
  ] as const;

  it('aligns numbers at their point', () => {
    expect(table(columns, [['a', '1.25'], ['b', '10'], ['c', '-0.5'], 'rule', ['d', '']])).toEqual([
      'what  amount',
      '────────────',
      'a       1.25',
      'b      10',
      'c      -0.5',
      '────────────',
      'd',
    ]);
  });

  it('leaves out a column without any content', () => {
    expect(table([...columns, { title: 'task', align: 'left' }], [['a', '1', '']])[0]).toBe('what  amount');
  });

  it('cuts the first column where the whole would be too wide', () => {
    const [, , row] = table(columns, [['a description that goes on', '1.25']], 30);
    expect(row).toBe('a description that go…    1.25');
  });
});

it('breaks text between words only', () => {
  expect(wrap('one two three', '1. ', '   ', 10)).toEqual(['1. one two', '   three']);
  expect(wrap('unbreakableword', '', '', 5)).toEqual(['unbreakableword']);
});

it.each([
  [0, '0'],
  [999, '999'],
  [1_000, '1,000'],
  [20_657_123, '20,657,123'],
])('%i is written %s', (count, text) => {
  expect(grouped(count)).toBe(text);
});

describe('progress', () => {
  it.each`
    done      | total     | elapsedMs | text
    ${500}    | ${20_000} | ${100}    | ${'  2 %  500 of 20,000 events  5,000 events/s  4 s left'}
    ${20_000} | ${20_000} | ${1_000}  | ${'100 %  20,000 of 20,000 events  20,000 events/s  0 s left'}
    ${500}    | ${90_000} | ${1_000}  | ${'  0 %  500 of 90,000 events  500 events/s  2 min 59 s left'}
    ${0}      | ${10}     | ${0}      | ${'  0 %  0 of 10 events  0 events/s  unknown time left'}
  `('$done of $total', ({ done, total, elapsedMs, text }) => {
    expect(progressText(done, total, elapsedMs)).toBe(text);
  });

  const shown = (isTTY: boolean, columns = 80) => {
    const written: string[] = [];
    let now = 0;
    const progress = new Progress({ isTTY, columns, write: (text) => written.push(text) }, () => now);
    for (let done = 500; done <= 10_000; done += 500) {
      now += 1_000;
      progress.uploading(done, 10_000, now);
    }
    progress.step('upload', 'done');
    return written;
  };

  it('is one line drawn over in a terminal, and gone before the next step', () => {
    const written = shown(true);
    expect(written).toHaveLength(22);
    expect(written.slice(0, 20).every((text) => text.startsWith('\r\u001b[2K') && !text.includes('\n'))).toBe(true);
    for (const text of written) expect(text.length).toBeLessThanOrEqual(80 + '\r\u001b[2K'.length);
    expect(written.slice(20)).toEqual(['\r\u001b[2K', 'upload    done\n']);
  });

  it.each`
    columns | line                                                                                                   | because
    ${120}  | ${'upload    [███████████████░░░░░░░░░░░░░░░]  50 %  5,000 of 10,000 events  500 events/s  10 s left'} | ${'there is room'}
    ${80}   | ${'upload    [██████░░░░░░]  50 %  5,000 of 10,000 events  500 events/s  10 s left'}                   | ${'the bar gives way'}
    ${0}    | ${'upload    [██████░░░░░░]  50 %  5,000 of 10,000 events  500 events/s  10 s left'}                   | ${'an unknown width is taken for 80'}
    ${64}   | ${'upload     50 %  5,000 of 10,000 events  500 events/s  10 s left'.slice(0, 63)}                     | ${'the figures matter more'}
  `('in $columns columns: $because', ({ columns, line: expected }) => {
    expect(shown(true, columns)[9]).toBe(`\r\u001b[2K${expected}`);
  });

  it('is a plain line every five seconds elsewhere', () => {
    const written = shown(false);
    expect(written).toHaveLength(4);
    expect(written[0]).toBe('upload     30 %  3,000 of 10,000 events  500 events/s  14 s left\n');
    expect(written.join('')).not.toContain('\u001b');
  });
});
