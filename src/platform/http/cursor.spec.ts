import fc from 'fast-check';
import { decodeCursor, encodeCursor, toPage, UUID_TEXT } from './cursor';

const UUID = '01930000-0000-7000-8000-000000000000';
const PARTS = [/^\d{1,16}$/, UUID_TEXT];
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

it('a position comes back as it went out; no cursor is the beginning', () => {
  expect(decodeCursor(encodeCursor(['1700000000000000', UUID]), PARTS)).toEqual(['1700000000000000', UUID]);
  expect(decodeCursor(undefined, PARTS)).toBeNull();
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 3 }), (position) => {
      const cursor = encodeCursor(position);
      expect(cursor).toMatch(/^[\w-]*$/);
      const anything = position.map(() => /^[^]*$/);
      expect(decodeCursor(cursor, anything)).toEqual(JSON.parse(JSON.stringify(position)));
    }),
  );
});

it.each`
  cursor                                      | because
  ${''}                                       | ${'an empty text is not the beginning'}
  ${'next'}                                   | ${'words'}
  ${'{}'}                                     | ${'JSON that is not encoded'}
  ${encoded(null)}                            | ${'null'}
  ${encoded({ 0: '1', 1: UUID, length: 2 })}  | ${'an object that looks like a list'}
  ${encoded([1, UUID])}                       | ${'a number for text'}
  ${encoded(['1'])}                           | ${'a part too few'}
  ${encoded(['1', UUID, '1'])}                | ${'a part too many'}
  ${encoded(['-1', UUID])}                    | ${'a negative time'}
  ${encoded(['1e3', UUID])}                   | ${'an exponent'}
  ${encoded(['1', UUID.toUpperCase() + 'A'])} | ${'almost a uuid'}
  ${encoded(['1', `${UUID}\n`])}              | ${'a line break behind it'}
  ${encoded(['1', "' OR 1=1 --"])}            | ${'half a statement'}
`('"$cursor" is refused: $because', ({ cursor }) => {
  expect(() => decodeCursor(cursor, PARTS)).toThrow('The cursor is not one that a list gave out.');
});

it.each`
  rows         | items         | next
  ${[]}        | ${[]}         | ${null}
  ${[1]}       | ${['1']}      | ${null}
  ${[1, 2]}    | ${['1', '2']} | ${null}
  ${[1, 2, 3]} | ${['1', '2']} | ${encodeCursor(['2'])}
`('a page of two of $rows ends at $items', ({ rows, items, next }) => {
  expect(toPage(rows, 2, (row) => [String(row)], String)).toEqual({ items, nextCursor: next });
});
