import fc from 'fast-check';
import { MalformedJsonError, parseJson, parseJsonBytes } from './json';

it.each`
  text                               | expected                           | because
  ${'1'}                             | ${1}                               | ${'small numbers stay numbers'}
  ${'-0'}                            | ${-0}                              | ${'so does -0'}
  ${'123456789012345'}               | ${123456789012345}                 | ${'15 digits always survive'}
  ${'0.123456789012345'}             | ${0.123456789012345}               | ${'behind the point, too'}
  ${'0.1000000000000000'}            | ${'0.1000000000000000'}            | ${'written in more digits than a double prints'}
  ${'9007199254740993'}              | ${'9007199254740993'}              | ${'2^53 + 1 is no double'}
  ${'9007199254740992'}              | ${9007199254740992}                | ${'2^53 is one'}
  ${'0.30000000000000004'}           | ${0.30000000000000004}             | ${'a double’s own digits'}
  ${'0.30000000000000001'}           | ${'0.30000000000000001'}           | ${'would become 0.3'}
  ${'123456789012345.123456789012'}  | ${'123456789012345.123456789012'}  | ${'as long as an amount may be'}
  ${'1e2'}                           | ${'1e2'}                           | ${'an exponent is not for us to resolve'}
  ${'1E+400'}                        | ${'1E+400'}                        | ${'more than a double'}
  ${'-2.5e-7'}                       | ${'-2.5e-7'}                       | ${'less than one'}
  ${'0.0000001'}                     | ${0.0000001}                       | ${'plain digits that a double holds'}
  ${'[1e5,2,"1e5",{"a":1e5}]'}       | ${['1e5', 2, '1e5', { a: '1e5' }]} | ${'in every place of a value'}
  ${'{"1e5":1e5}'}                   | ${{ '1e5': '1e5' }}                | ${'a name is a string already'}
  ${'" 1e5, 12345678901234567890 "'} | ${' 1e5, 12345678901234567890 '}   | ${'digits in a string are text'}
  ${'"a\\" 1e5"'}                    | ${'a" 1e5'}                        | ${'behind an escaped quote as well'}
  ${'["a\\\\", 1e5]'}                | ${['a\\', '1e5']}                  | ${'an escaped backslash escapes no quote'}
  ${' \n[ 1e5 ,\t2 ]\r\n'}           | ${['1e5', 2]}                      | ${'white space is free'}
`('$text: $because', ({ text, expected }) => {
  expect(parseJson(text)).toEqual(expected);
});

it.each`
  text                            | because
  ${''}                           | ${'nothing'}
  ${'{1e5:1}'}                    | ${'a number is no name'}
  ${'{12345678901234567890 : 1}'} | ${'nor with a space behind it'}
  ${'[1e5'}                       | ${'a list that does not end'}
  ${'[1e5,"abc'}                  | ${'a string that does not end'}
  ${'[1e5,"abc\\'}                | ${'nor after its last backslash'}
  ${'[1e5,"a\\\nb"]'}             | ${'a backslash before a line break'}
  ${'[01e5]'}                     | ${'a leading zero'}
  ${'[1e]'}                       | ${'an exponent without digits'}
  ${'[1.e5]'}                     | ${'a point without digits'}
  ${'[+1e5]'}                     | ${'a plus'}
  ${'[--1e5]'}                    | ${'two signs'}
  ${'[1e5-1]'}                    | ${'a sum'}
  ${'[12345678901234567890.]'}    | ${'many digits and a point'}
  ${'[1e5"a"]'}                   | ${'no comma'}
  ${'1e5 1e5'}                    | ${'two values'}
  ${'NaN'}                        | ${'not a number of JSON'}
  ${'[1e5,-Infinity]'}            | ${'nor infinity'}
  ${'[-]'}                        | ${'a sign alone'}
`('$text is refused: $because', ({ text }) => {
  expect(() => parseJson(text)).toThrow(MalformedJsonError);
});

it('speaks of the text as it came', () => {
  expect(() => parseJson('{"a":1e5,}')).toThrow(/^The body is not valid JSON: .*position 9/);
  expect(() => parseJson(`[${'x'.repeat(1e6)}`)).toThrow(/^.{1,300}$/);
});

it('reads UTF-8 only: bytes that are not would all become one character', () => {
  expect(parseJsonBytes(Buffer.from('"é😀"'))).toBe('é😀');
  expect(parseJsonBytes(Buffer.from('[1e5]'))).toEqual(['1e5']);
  for (const broken of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
    const bytes = Buffer.from([0x22, ...broken, 0x22]);
    expect(() => parseJsonBytes(bytes)).toThrow('The body is not valid JSON: it is not UTF-8.');
  }
});

describe('on megabytes of whatever somebody thinks of', () => {
  const MANY = 2_000_000;
  it.each([
    ['a long string', `[1e5,"${'x'.repeat(8 * MANY)}"]`, true],
    ['a long string of escapes', `[1e5,"${'\\"'.repeat(MANY)}"]`, true],
    ['escaped quotes that never end', `[1e5,"${'\\"'.repeat(MANY)}`, false],
    ['escaped quotes that end at a broken escape', `[1e5,"${'\\"'.repeat(MANY)}\\\n"]`, false],
    ['quotes', `[1e5,${'"'.repeat(MANY)}`, false],
    ['backslashes', `[1e5,"${'\\'.repeat(MANY)}"]`, true],
    ['digits', '9'.repeat(MANY), true],
    ['digits and points', '1.'.repeat(MANY), false],
    ['signs', `[1e5,${'-'.repeat(MANY)}`, false],
    ['exponents', `[${'1e1,'.repeat(MANY)}1]`, true],
    ['white space behind a number', `[1e5${' '.repeat(MANY)}]`, true],
    ['spaced numbers', `[1e5${' 1'.repeat(MANY)}]`, false],
    ['brackets', `1e5${'['.repeat(MANY)}`, false],
  ])('%s: it stays quick', (_, text, isJson) => {
    const startedAt = performance.now();
    const outcome = () => parseJson(text);
    if (isJson) expect(outcome).not.toThrow();
    else expect(outcome).toThrow(MalformedJsonError);
    // A tenth of this is usual; what grows with the square of the length takes hours.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('loses no digit', () => {
  const digit = fc.integer({ min: 0, max: 9 }).map(String);
  const digits = (most: number) => fc.string({ unit: digit, minLength: 1, maxLength: most });
  const literal = fc
    .record({
      sign: fc.constantFrom('', '-'),
      integer: fc.oneof(
        fc.constant('0'),
        digits(25).map((text) => text.replace(/^0+(?=.)/, '')),
      ),
      fraction: fc.option(digits(25)),
      exponent: fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), digits(3))),
    })
    .map(({ sign, integer, fraction, exponent }) =>
      [sign, integer, fraction === null ? '' : `.${fraction}`, exponent?.join('') ?? ''].join(''),
    );
  /** A number's digits without their ends, and where its point is: equal only when the values are. */
  const value = (text: string) => {
    const [, sign, integer, fraction, exponent] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(text)!;
    const all = `${integer}${fraction ?? ''}`;
    const significant = all.replace(/^0+/, '').replace(/0+$/, '');
    if (significant === '') return '0';
    const scale = Number(exponent ?? 0) - (fraction ?? '').length + all.length - all.replace(/0+$/, '').length;
    return `${sign}${significant}e${scale}`;
  };

  it('of any number: it arrives as a double that prints the same value, or as its own text', () => {
    fc.assert(
      fc.property(literal, (text) => {
        const parsed = parseJson(text);
        if (typeof parsed === 'string') return parsed === text;
        return typeof parsed === 'number' && value(String(parsed)) === value(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of numbers anywhere in a document, and changes nothing else in it', () => {
    const marked = fc.tuple(literal, fc.constantFrom('', ' ', '\n', '\t'));
    const document = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        marked.map(([text, space]) => space + text + space),
        fc.json({ maxDepth: 0 }),
        fc
          .string({ unit: fc.constantFrom('"', '\\', '1', 'e', '5', ':', ',', '[', ' ', 'x') })
          .map((text) => JSON.stringify(text)),
        fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
        fc
          .array(fc.tuple(fc.string({ maxLength: 4 }), tie('value')), { maxLength: 4 })
          .map((entries) => `{${entries.map(([name, text]) => `${JSON.stringify(name)} : ${text}`).join(' , ')}}`),
      ),
    })).value;

    fc.assert(
      fc.property(document, (text) => {
        const plain: unknown = JSON.parse(text);
        const exact = parseJson(text);
        // Where ours is a text in place of a number, that text names a number which a double holds as the plain one.
        const same = (a: unknown, b: unknown): boolean => {
          if (typeof a === 'number' && typeof b === 'string') return Object.is(a, Number(b));
          if (typeof a !== 'object' || a === null) return Object.is(a, b);
          const [namesOfA, namesOfB] = [Object.keys(a), Object.keys(b as object)];
          return (
            namesOfA.join('\0') === namesOfB.join('\0') &&
            namesOfA.every((name) => same((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]))
          );
        };
        expect(same(plain, exact)).toBe(true);
      }),
    );
  });

  it('of what is no JSON: refused as JSON.parse refuses it', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '\\',
      '1e5',
      '12345678901234567890',
      '-',
      ' ',
      'a',
      '0',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (isJson) expect(() => parseJson(text)).not.toThrow();
        else expect(() => parseJson(text)).toThrow(MalformedJsonError);
      }),
      { numRuns: 5_000 },
    );
  });
});
