import { invariant } from '../../kernel';

/**
 * Which names a catalogue entry stands for, in the words of the genai-prices catalogue. Letters' case doesn't matter,
 * except that a regular expression is tried on the name in lower case as it is written.
 * Regular expressions come from the catalogue only, never from a request: a hostile one could stop the process.
 */
export type NameMatch =
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }
  | { readonly and: readonly NameMatch[] }
  | { readonly or: readonly NameMatch[] };

/** Says whether a name, given in lower case and trimmed (`normalName`), is meant. */
export type NameTest = (name: string) => boolean;

/** The form in which names are compared. */
export function normalName(name: string): string {
  return name.trim().toLowerCase();
}

/** Turns a match into a test, compiling its regular expressions once. */
export function compileNameMatch(match: NameMatch): NameTest {
  if ('equals' in match) {
    const whole = match.equals.toLowerCase();
    return (name) => name === whole;
  }
  if ('starts_with' in match) {
    const start = match.starts_with.toLowerCase();
    return (name) => name.startsWith(start);
  }
  if ('ends_with' in match) {
    const end = match.ends_with.toLowerCase();
    return (name) => name.endsWith(end);
  }
  if ('contains' in match) {
    const part = match.contains.toLowerCase();
    return (name) => name.includes(part);
  }
  if ('regex' in match) {
    const pattern = new RegExp(match.regex);
    return (name) => pattern.test(name);
  }
  if ('and' in match) {
    const tests = match.and.map(compileNameMatch);
    return (name) => tests.every((test) => test(name));
  }
  invariant('or' in match, `a name match is one of the seven kinds, not ${JSON.stringify(match)}`);
  const tests = match.or.map(compileNameMatch);
  return (name) => tests.some((test) => test(name));
}

const COMPACT_DATE = /(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g;

/**
 * A model's name with its date written apart: `gpt-4o-20240806` → `gpt-4o-2024-08-06`. Gateways write the date of a
 * model either way, the catalogue mostly the second. A run of digits that is no date stays.
 */
export function withDashedDate(name: string): string {
  return name.replace(COMPACT_DATE, (whole: string, dash: string, year: string, month: string, day: string) =>
    Number(day) > daysInMonth(Number(year), Number(month)) ? whole : `${dash}${year}-${month}-${day}`,
  );
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
