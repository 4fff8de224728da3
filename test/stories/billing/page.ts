import { CHAPTERS } from './all';
import { inWords } from './local-time';
import { inPlain } from './plans';
import type { ExpectedInvoice, ExpectedLine, Story } from './story';
import { splitSum } from './sums';
import { decimalsOf } from './world';
import { money } from './arithmetic';

/** The page for finance, made of the stories themselves. */
export function page(): string {
  const count = CHAPTERS.reduce((sum, [, stories]) => sum + stories.length, 0);
  const text = [
    '# Billing, story by story',
    `${count} customers, each with a few months of life: what they have, what happens, every line of every invoice, and the sum behind it. Each story is played on a test clock against a real server by \`npm test\` (\`test/stories/billing\`), and this page is made of the same data, so what you read here is what Weir does.`,
    'Times are those of the customer’s zone; a day alone means its first moment. A period’s end isn’t part of it. `round(…)` rounds to the currency’s smallest unit, halves up; every other figure is exact until the line is rounded, once. A draft is finalized by itself a day after its period has ended, so most invoices are issued on the second. Words are explained in [invoices.md](invoices.md) and [plans.md](plans.md).',
    ...CHAPTERS.flatMap(([title, stories]) => [`## ${title}`, ...stories.map(told)]),
  ];
  return `${text.join('\n\n')}\n`;
}

function told(story: Story): string {
  const zone = story.timeZone === undefined ? '' : ` Time zone: ${story.timeZone}.`;
  return [
    `### ${story.title}`,
    `${story.shows}${zone}`,
    story.plans.map((plan) => `- ${inPlain(plan)}`).join('\n'),
    table(
      ['when', 'what happens'],
      story.steps.filter(({ says }) => says !== '').map(({ at, says }) => [inWords(at), says]),
    ),
    ...(story.invoices.length === 0 ? ['No invoice.'] : story.invoices.map((invoice) => asPrinted(invoice, story))),
    ...(story.ledger === undefined ? [] : [`The ledger on ${inWords(story.until)}: ${balances(story.ledger)}.`]),
    ...(story.also ?? []).map(({ says }) => `Also: ${says}.`),
  ].join('\n\n');
}

const balances = (ledger: Readonly<Record<string, string>>): string =>
  Object.entries(ledger)
    .map(([account, balance]) => `\`${account}\` ${shown(balance)}`)
    .join(', ');

function asPrinted(invoice: ExpectedInvoice, story: Story): string {
  const { number, issued, status, lines, taxes, total, credit, due } = invoice;
  const nothing = money('0', decimalsOf(story));
  const head = issued === null ? 'A draft' : `**${number}**, issued on ${inWords(issued)}`;
  const rows = [
    ...lines.map((line) => [nameOf(line, story), stretch(line), sumOf(line), shown(splitSum(line.sum).amount)]),
    ...taxes.map(([name, sum]) => [name, '', splitSum(sum).work, shown(splitSum(sum).amount)]),
    ['**total**', '', '', `**${shown(total)}**`],
    ...(credit === nothing || credit === '0' ? [] : [['credit used up', '', '', shown(`-${credit}`)]]),
  ];
  const isPlain = due === total || status === 'paid';
  const left = isPlain ? '' : `; ${shown(due)} to pay`;
  return `${head}: ${status}${left}\n\n${table(['line', 'service', 'worked out', 'amount'], rows, 3)}`;
}

const KINDS: Readonly<Record<string, string>> = {
  credit: ', unused',
  adjustment: ', late or corrected',
  threshold_credit: ', billed before',
};

function nameOf({ kind, key, note }: ExpectedLine, story: Story): string {
  const names = new Map(story.plans.flatMap(({ prices }) => prices.map((price) => [price.key, price.name] as const)));
  const plain = names.get(key) ?? PLAN_LINES[key.replace(/:\d+$/, '')] ?? key;
  return `${plain}${KINDS[kind] ?? ''}${note === undefined ? '' : ` (${note})`}`;
}

const PLAN_LINES: Readonly<Record<string, string>> = {
  'plan:true_up': 'Commitment, what is missing',
  'plan:threshold': 'Usage so far',
  item: 'Item',
};

const stretch = ({ from, to }: ExpectedLine): string => `${from.replace('T', ' ')} to ${to.replace('T', ' ')}`;

function sumOf({ sum }: ExpectedLine): string {
  const { work, amount } = splitSum(sum);
  return work === amount || work === amount.replace('-', '−') ? '' : work;
}

const shown = (amount: string): string => amount.replace(/^-/, '−');

/** As prettier would have it: cells as wide as the widest of their column. */
function table(head: readonly string[], rows: readonly (readonly string[])[], right = -1): string {
  const widths = head.map((title, column) => Math.max(3, ...[title, ...rows.map((row) => row[column]!)].map(width)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => (column === right ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join(' | ')} |`; // prettier-ignore
  const rule = widths.map((wide, column) => (column === right ? `${'-'.repeat(wide - 1)}:` : '-'.repeat(wide)));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

const width = (text: string): number => text.length;
