import { Decimal, decimalText, sum } from '../kernel';
import {
  type BreakdownRow,
  costOf,
  type CustomerResult,
  type DemoResult,
  type ExplainedEvent,
  type Explanation,
  type Invoice,
  type InvoiceLine,
  marginPercent,
} from './result';
import { CURRENCY, CUSTOMERS, type DemoPeriod } from './scenario';
import { grouped, RULE, table, WIDTH, wrap } from '../client';

/** How a heading is set off: bold in a terminal, as it is elsewhere. */
export type Emphasis = (text: string) => string;

/** The result for people: a summary, then each customer's invoice with one line explained. At most 100 columns. */
export function reportText({ period, customers }: DemoResult, emphasis: Emphasis): string {
  const lines = [
    ...summary(period, customers, emphasis),
    ...customers.flatMap((customer) => ['', '', ...customerPart(customer, emphasis)]),
  ];
  return `${lines.join('\n')}\n`;
}

function summary(period: DemoPeriod, customers: readonly CustomerResult[], emphasis: Emphasis): string[] {
  const total = (pick: (invoice: Invoice) => string) =>
    decimalText(sum(customers.map(({ invoice }) => new Decimal(pick(invoice)))));
  const [cost, revenue, margin] = [
    total((invoice) => invoice.cost.amount),
    total((invoice) => invoice.exactTotal),
    total((invoice) => invoice.margin),
  ];
  const rows = customers.map(({ key, invoice }) =>
    summaryRow(key, invoice.cost.amount, invoice.exactTotal, invoice.margin, invoice.total),
  );
  const billed = sum(customers.map(({ invoice }) => new Decimal(invoice.total))).toFixed(2);
  return [
    emphasis(`Result for ${periodText(period)}, in ${CURRENCY}`),
    '',
    ...table(
      [
        { title: 'customer', align: 'left' },
        { title: 'cost', align: 'point' },
        { title: 'revenue', align: 'point' },
        { title: 'margin', align: 'point' },
        { title: 'of revenue', align: 'right' },
        { title: 'invoice', align: 'right' },
      ],
      [...rows, 'rule', summaryRow('all', cost, revenue, margin, billed)],
    ),
    ...wrap(
      'Cost, revenue and margin are exact, before rounding. An invoice rounds each of its lines once, to the cent, half away from zero; its total is the sum of the rounded lines.',
      '',
      '',
    ),
  ];
}

function summaryRow(name: string, cost: string, revenue: string, margin: string, billed: string): string[] {
  const percent = marginPercent(margin, revenue);
  return [name, cost, revenue, margin, percent === null ? 'none' : `${percent} %`, billed];
}

function customerPart({ key, invoice, explained }: CustomerResult, emphasis: Emphasis): string[] {
  return [
    emphasis(headline(key)),
    `${CUSTOMERS[key].name} ${CUSTOMERS[key].pays}.`,
    '',
    ...invoiceText(invoice),
    '',
    ...marginText(invoice),
    ...(explained === null ? [] : ['', ...explanationText(explained.line, explained.explanation)]),
  ];
}

function headline(text: string): string {
  return `${RULE}${RULE} ${text} ${RULE.repeat(WIDTH - text.length - 4)}`;
}

function invoiceText(invoice: Invoice): string[] {
  const rows = invoice.lines.map((line) => [
    `${line.position}  ${line.description}`,
    line.quantity,
    line.exactAmount,
    line.amount,
  ]);
  const total = ['   Total', '', invoice.exactTotal, `${invoice.currency} ${invoice.total}`];
  return indented([
    ...wrap(`Invoice ${invoice.number ?? '(no number yet)'}, ${invoice.status}, to ${invoice.customer.name}`, '', '  '),
    `for ${periodText(invoice.servicePeriod)}`,
    '',
    ...table(
      [
        { title: 'line', align: 'left' },
        { title: 'quantity', align: 'point' },
        { title: 'exact amount', align: 'point' },
        { title: 'amount', align: 'right' },
      ],
      [...rows, 'rule', total],
      WIDTH - 2,
    ),
  ]);
}

function marginText({ cost, exactTotal, margin, currency }: Invoice): string[] {
  const percent = marginPercent(margin, exactTotal);
  const share = percent === null ? '' : `, ${percent} % of revenue`;
  return indented([`revenue ${exactTotal} − cost ${cost.amount} = margin ${margin} ${currency}${share}`]);
}

function explanationText(line: InvoiceLine, { steps, breakdown, events }: Explanation): string[] {
  return indented([
    `Line ${line.position} explained`,
    ...steps.flatMap((step, index) => wrap(step, `  ${index + 1}. `, '     ', WIDTH - 2)),
    ...(breakdown.length === 0 ? [] : ['', ...indented(breakdownText(breakdown))]),
    '',
    ...indented(eventsText(events)),
  ]);
}

function breakdownText(rows: readonly BreakdownRow[]): string[] {
  return table(
    [
      { title: 'part', align: 'left' },
      { title: 'from', align: 'right' },
      { title: 'up to', align: 'right' },
      { title: 'quantity', align: 'point' },
      { title: 'unit price', align: 'point' },
      { title: 'exact amount', align: 'point' },
    ],
    rows.map(({ description, from, upTo, quantity, unitPrice, amount }) => [
      description,
      from ?? '',
      upTo ?? (from === null ? '' : 'open'),
      quantity,
      unitPrice ?? '',
      amount,
    ]),
    WIDTH - 4,
  );
}

function eventsText({ count, items }: Explanation['events']): string[] {
  if (count === 0) return ['No event stands behind this line.'];
  const heading =
    count > items.length
      ? `${grouped(count)} events stand behind this line, the first ${items.length} of them:`
      : 'The events behind this line:';
  const rows = items.map((event) => [
    event.id,
    timeText(event.time),
    event.task ?? '',
    tokens(event, 'input_tokens'),
    tokens(event, 'output_tokens') || tokens(event, 'generated_tokens'),
    costOf(event) ?? 'none',
  ]);
  return [
    heading,
    ...table(
      [
        { title: 'event', align: 'left' },
        { title: 'time (UTC)', align: 'left' },
        { title: 'task', align: 'left' },
        { title: 'tokens in', align: 'right' },
        { title: 'tokens out', align: 'right' },
        { title: 'cost', align: 'point' },
      ],
      rows,
      WIDTH - 4,
    ),
  ];
}

function tokens(event: ExplainedEvent, field: string): string {
  const value = event.data?.[field];
  return typeof value === 'number' || typeof value === 'string' ? String(value) : '';
}

/** 2023-11-16T18:15:46.680590Z → 2023-11-16 18:15:46.680590 */
function timeText(time: string): string {
  return time.replace('T', ' ').replace(/Z$/, '');
}

/** 1 Nov 2023 up to, and not including, 1 Dec 2023. */
function periodText({ start, end }: DemoPeriod): string {
  return `${dayText(start)} to ${dayText(end)} (UTC, the last day not included)`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function dayText(time: string): string {
  const at = new Date(time);
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()] ?? ''} ${at.getUTCFullYear()}`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
