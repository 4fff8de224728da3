import { ProgramError } from './program-error';

/** A flag that can't be taken. The message is a sentence without its full stop. */
export function refusal(what: string): ProgramError {
  return new ProgramError(`${what} (--help lists the flags).`, 2);
}

/**
 * What `parseArgs` found wrong. Node's own message goes on with advice about positional arguments, which the programs
 * don't follow.
 */
export function unreadableFlags(error: unknown): ProgramError {
  const [firstSentence = 'The flags can not be read'] = (error as Error).message.split(/\. |\n/);
  return refusal(firstSentence.replace(/\.$/, ''));
}

/** @throws ProgramError (exit code 2) that names the flag */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw refusal(`${flag} takes a whole number from ${least} to ${most}, not '${text.slice(0, 40)}'`);
}

/** @param given by `--key` @throws ProgramError (exit code 2) */
export function apiKeyOf(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const key = given ?? env['WEIR_KEY'] ?? '';
  if (key === '') throw refusal('An API key is needed: --key, or WEIR_KEY in the environment');
  return key;
}

/** @param given by `--url` @throws ProgramError (exit code 2) */
export function serverOf(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  return webAddress(given ?? env['WEIR_URL'] ?? 'http://127.0.0.1:8787');
}

/** A server's address without a slash at its end. @throws ProgramError (exit code 2) */
export function webAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw refusal(`--url takes an address such as http://127.0.0.1:8787, not '${text.slice(0, 80)}'`);
  }
  return url.href.replace(/\/+$/, '');
}
