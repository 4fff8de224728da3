import { parse } from 'csv-parse/sync';
import { InvalidRequestError } from '../kernel';

const COLUMNS: ReadonlyMap<string, string> = new Map([
  ['base', 'base'],
  ['quote', 'quote'],
  ['rate', 'rate'],
  ['validfrom', 'validFrom'],
  ['valid_from', 'validFrom'],
]);
const NAMES = 'base, quote, rate, validFrom';

/**
 * The rows of a CSV upload as the JSON list that says the same; the schema of that list checks them.
 * The first line names the columns, in any order: `base,quote,rate,validFrom` (or `valid_from`).
 *
 * @throws InvalidRequestError when it is no CSV, or one of other columns
 */
export function ratesFromCsv(text: string): Record<string, string>[] {
  let rows: string[][];
  try {
    rows = parse(text, { bom: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    throw refusal(`is not CSV: ${(error as Error).message}`);
  }
  const header = rows[0]?.map((name) => COLUMNS.get(name.toLowerCase())) ?? [];
  const complete = new Set(header).size === 4 && header.length === 4 && !header.includes(undefined);
  if (!complete) throw refusal(`must begin with a line that names the columns ${NAMES}, each once`);
  return rows.slice(1).map((row) => Object.fromEntries(row.map((cell, index) => [header[index]!, cell])));
}

function refusal(detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_request', `body: ${detail}`, [{ field: 'body', detail }]);
}
