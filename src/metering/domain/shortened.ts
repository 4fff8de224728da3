import { hash } from 'node:crypto';

const KEPT_OF_SHORTENED = 16;

/** A text that is too long to be kept everywhere is cut and told apart by a hash. The same text always gives the same. */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, KEPT_OF_SHORTENED)}…${hash('sha256', JSON.stringify(text)).slice(0, 32)}`;
}
