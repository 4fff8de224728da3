/** Everything that the demo prints fits a terminal of so many columns. */
export const WIDTH = 100;

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right' | 'point';
}

export const RULE = '─';
const GAP = '  ';
const LEAST_FIRST_COLUMN = 16;

/**
 * Lays out cells under their titles: numbers aligned at their decimal point, the first column cut where the whole
 * would be wider than `width`, a column without any content left out. The row `'rule'` draws a line.
 *
 * @returns lines without trailing blanks
 */
export function table(
  allColumns: readonly Column[],
  allRows: readonly (readonly string[] | 'rule')[],
  width: number = WIDTH,
): string[] {
  const filled = (_: unknown, index: number) => allRows.some((row) => row !== 'rule' && (row[index] ?? '') !== '');
  const columns = allColumns.filter(filled);
  const rows = allRows.map((row) => (row === 'rule' ? row : row.filter(filled)));
  const cells = rows.filter((row) => row !== 'rule');
  const aligned = columns.map(({ align }, index) =>
    align === 'point' ? alignAtPoint(cells.map((row) => row[index] ?? '')) : cells.map((row) => row[index] ?? ''),
  );
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...aligned[index]!.map((cell) => cell.length)),
  );
  const tooWide = lineWidth(widths) - width;
  if (tooWide > 0) widths[0] = Math.max(LEAST_FIRST_COLUMN, widths[0]! - tooWide);

  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => fit(text, widths[index]!, columns[index]!.align === 'left' ? 'left' : 'right'))
      .join(GAP)
      .trimEnd();
  const rule = RULE.repeat(lineWidth(widths));

  let next = 0;
  const body = rows.map((row) => {
    if (row === 'rule') return rule;
    const position = next;
    next += 1;
    return line(aligned.map((column) => column[position]!));
  });
  return [line(columns.map(({ title }) => title)), rule, ...body];
}

/** Breaks a text between words; lines after the first start with `indent`. */
export function wrap(text: string, first: string, indent: string, width: number = WIDTH): string[] {
  const lines: string[] = [];
  let line = first;
  let fresh = true;
  for (const word of text.split(/\s+/)) {
    if (!fresh && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
      fresh = true;
    }
    line += fresh ? word : ` ${word}`;
    fresh = false;
  }
  return [...lines, line];
}

/** 19366 → 19,366. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Pads decimals on the right so that their points stand under each other once the column is set flush right. */
function alignAtPoint(texts: readonly string[]): string[] {
  const fractions = texts.map((text) => (/^-?[\d,]+\.\d+$/.test(text) ? text.length - text.indexOf('.') : 0));
  const longest = Math.max(0, ...fractions);
  return texts.map((text, index) => (/\d/.test(text) ? text + ' '.repeat(longest - fractions[index]!) : text));
}

function fit(text: string, width: number, side: 'left' | 'right'): string {
  if (text.length > width) return `${text.slice(0, width - 1)}…`;
  return side === 'left' ? text.padEnd(width) : text.padStart(width);
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, 0) + GAP.length * (widths.length - 1);
}
