import { DomainError } from '../../kernel';

/** The body is not JSON. */
export class MalformedJsonError extends DomainError {
  readonly code = 'malformed_json';
  readonly kind = 'malformed';
}

/**
 * A number literal that a double may not hold: 16 or more characters, or an exponent. Literals follow `:`, `,`, `[` or
 * white space (or begin the text), which keeps most strings from matching; a false alarm only costs the slow path.
 */
const SUSPECT_NUMBER = /(?:^|[:,[\s])-?\d(?:[\d.]{15}|[\d.]*[eE])/;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * Parses JSON without losing digits: a number that a double can't hold exactly (more than 15 significant digits that
 * don't survive, or an exponent) is handed on as a string of its own text, where a decimal is expected as a string
 * anyway. So 0.1000000000000000055 is refused for its digits instead of becoming 0.1.
 *
 * @throws MalformedJsonError with the parser's reason
 */
export function parseJson(text: string): unknown {
  const exact = SUSPECT_NUMBER.test(text) ? quoteInexactNumbers(text) : text;
  try {
    return JSON.parse(exact);
  } catch {
    // Parsed again as it came, so that the reason speaks of the sender's text; a stray literal that was quoted stays an error.
    try {
      JSON.parse(text);
    } catch (error) {
      throw new MalformedJsonError(`The body is not valid JSON: ${(error as Error).message.slice(0, 200)}.`);
    }
    throw new MalformedJsonError('The body is not valid JSON.');
  }
}

function quoteInexactNumbers(text: string): string {
  return text.replace(STRING_OR_NUMBER, (literal) => {
    if (literal.startsWith('"') || !/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(literal)) return literal;
    const digits = literal
      .replace(/[eE].*$/, '')
      .replace(/[-.]/g, '')
      .replace(/^0+/, '');
    const safe = !/[eE]/.test(literal) && (digits.length <= 15 || String(Number(literal)) === literal);
    return safe ? literal : `"${literal}"`;
  });
}
