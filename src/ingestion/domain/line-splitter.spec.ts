import fc from 'fast-check';
import { LineSplitter } from './line-splitter';

/** The lines of a text that comes in these pieces, as [number, text]; text null where a line is too long. */
function linesOf(pieces: readonly (string | Buffer)[], longest = 1_000): [number, string | null][] {
  const splitter = new LineSplitter(longest);
  const lines = pieces.flatMap((piece) => splitter.push(Buffer.from(piece)));
  return [...lines, ...splitter.end()].map(({ number, bytes }) => [number, bytes?.toString() ?? null]);
}

it.each`
  pieces                                                                         | lines                              | because
  ${[]}                                                                          | ${[]}                              | ${'nothing has no lines'}
  ${['a\nb\n']}                                                                  | ${[[1, 'a'], [2, 'b']]}            | ${'a line feed ends a line'}
  ${['a\nb']}                                                                    | ${[[1, 'a'], [2, 'b']]}            | ${'the last may have none'}
  ${['a\r\nb\r\n']}                                                              | ${[[1, 'a\r'], [2, 'b\r']]}        | ${'a carriage return is white space to JSON'}
  ${['a', 'b', '\n', 'c', '\nd']}                                                | ${[[1, 'ab'], [2, 'c'], [3, 'd']]} | ${'pieces end anywhere'}
  ${['\n\na\n \t\r\n\r\nb\n\n']}                                                 | ${[[3, 'a'], [6, 'b']]}            | ${'blank lines are counted and left out'}
  ${['\ufeffa\n\ufeffb']}                                                        | ${[[1, 'a'], [2, '\ufeffb']]}      | ${'a byte order mark begins a file, not a line'}
  ${['\ufeff\n']}                                                                | ${[]}                              | ${'a byte order mark alone is blank'}
  ${[Buffer.from('\ufeffa').subarray(0, 1), Buffer.from('\ufeffa').subarray(1)]} | ${[[1, 'a']]}                      | ${'it may come in two pieces'}
  ${['1234567890\nb']}                                                           | ${[[1, '1234567890'], [2, 'b']]}   | ${'as long as it may be'}
  ${['12345678901\nb']}                                                          | ${[[1, null], [2, 'b']]}           | ${'one too long spoils no other'}
  ${['123456', '789012', '34', '\nb']}                                           | ${[[1, null], [2, 'b']]}           | ${'nor in pieces'}
  ${['12345678901']}                                                             | ${[[1, null]]}                     | ${'nor at the end'}
`('$pieces: $because', ({ pieces, lines }: { pieces: (string | Buffer)[]; lines: unknown }) => {
  expect(linesOf(pieces, 10)).toEqual(lines);
});

const text = fc.string({ unit: fc.constantFrom('a', 'é', '\n', '\n', '\r', ' ', '😀'), maxLength: 60 });

it('finds the same lines however the text is cut', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(80)), fc.integer({ min: 1, max: 12 }), (whole, cuts, longest) => {
      const bytes = Buffer.from(whole);
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).map((place, index) => bytes.subarray(places[index], place));
      const expected = whole.split('\n').flatMap((line, index): [number, string | null][] => {
        if (Buffer.byteLength(line) > longest) return [[index + 1, null]];
        return /^[ \t\r]*$/.test(line) ? [] : [[index + 1, line]];
      });
      expect(linesOf(pieces, longest)).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});

it('holds no more than a line may have, however long one is', () => {
  const splitter = new LineSplitter(100);
  for (let piece = 0; piece < 10_000; piece += 1) {
    expect(splitter.push(Buffer.alloc(64, 'x'))).toEqual([]);
    expect(splitter.held).toBeLessThanOrEqual(100);
  }
  expect(splitter.push(Buffer.from('\n'))).toEqual([{ number: 1, bytes: null }]);
});
