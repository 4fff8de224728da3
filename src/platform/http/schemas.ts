import { z } from 'zod';
import { Decimal, decimalProblem, decimalText, parseRfc3339 } from '../../kernel';

/**
 * A decimal from a request: a string such as "0.25", or a JSON number where that is exact.
 * Arrives as `Decimal`; at most 15 digits before and 12 after the point.
 */
export function decimalString(options: { min?: string; max?: string } = {}) {
  return z
    .union([z.string(), z.number()])
    .transform((given, context) => {
      const problem = typeof given === 'number' ? numberProblem(given) : decimalProblem(given);
      if (problem !== null) {
        context.addIssue({ code: 'custom', message: problem });
        return z.NEVER;
      }
      const value = new Decimal(String(given));
      if (options.min !== undefined && value.lessThan(options.min)) {
        context.addIssue({ code: 'custom', message: `must be at least ${options.min}` });
        return z.NEVER;
      }
      if (options.max !== undefined && value.greaterThan(options.max)) {
        context.addIssue({ code: 'custom', message: `must be at most ${options.max}` });
        return z.NEVER;
      }
      return value;
    })
    .meta({ examples: ['0.25'] });
}

/**
 * Why a JSON number can't be taken as it is, or null. A double keeps any decimal of 15 significant digits, so a number
 * with more may already have lost some on the way here.
 */
export function numberProblem(value: number): string | null {
  if (!Number.isFinite(value)) return 'must be a number';
  const text = decimalText(new Decimal(value));
  if (!Number.isSafeInteger(value) && text.replace(/[-.]/g, '').replace(/^0+/, '').length > 15) {
    return 'must be sent as a decimal string: a JSON number keeps 15 digits';
  }
  return decimalProblem(text);
}

/** An instant with its offset from UTC, such as `2026-11-21T09:30:00.250Z`. Arrives as `Date`, to the millisecond. */
export function instant() {
  return z
    .string()
    .transform((text, context) => {
      const micros = parseRfc3339(text);
      if (micros !== null) return new Date(Math.floor(micros / 1_000));
      context.addIssue({
        code: 'custom',
        message: 'must be an RFC 3339 instant with an offset, such as 2026-11-21T09:30:00.250Z',
      });
      return z.NEVER;
    })
    .meta({ format: 'date-time', examples: ['2026-11-21T09:30:00.250Z'] });
}

const isClean = (value: string): boolean => value.isWellFormed() && !/\p{Cc}/u.test(value);
const NOT_CLEAN = 'must not contain control characters or broken Unicode';

/** Text a person reads: not empty, no control characters, which no database or page shows well. */
export function text(max: number) {
  return z.string().min(1).max(max).refine(isClean, NOT_CLEAN);
}

/** The caller's own id for a thing; the thing can be addressed by it wherever our id is taken. */
export function key() {
  return z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/,
      'must be 1 to 100 letters, digits or . _ : @ - and start with a letter or digit',
    )
    .refine((value) => !/^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(value), 'must not look like one of our ids');
}

/** Our id or the caller's own key. */
export function reference() {
  return z.string().min(1).max(255).refine(isClean, NOT_CLEAN);
}

/** ISO 4217's codes as ICU has them, past currencies among them, and two units of account that ICU leaves out. */
const CURRENCIES: ReadonlySet<string> = new Set([...Intl.supportedValuesOf('currency'), 'CLF', 'UYW']);

/** An ISO 4217 currency code. One that nobody has heard of would be rounded to two decimals and billed. */
export function currency() {
  return z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as USD')
    .refine((code) => CURRENCIES.has(code), 'is not the code of a currency');
}

/** Query parameters of every list. */
export const PageQuery = z.object({
  limit: z
    .string()
    .optional()
    .transform((given, context) => {
      if (given === undefined) return 50;
      const value = /^\d{1,4}$/.test(given) ? Number(given) : 0;
      if (value >= 1 && value <= 200) return value;
      context.addIssue({ code: 'custom', message: 'must be a whole number from 1 to 200' });
      return z.NEVER;
    })
    .describe('How many items at most, 1 to 200; 50 without it.'),
  cursor: z.string().max(500).optional().describe('The `nextCursor` of the page before.'),
});
export type PageQuery = z.output<typeof PageQuery>;

/** Answer of every list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe('Give it as `cursor` for the next page; null on the last.'),
  });
}
