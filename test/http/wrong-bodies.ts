/** What is wrong with the body of one endpoint: why, what is sent, the code and the field of the refusal. */
export type Row = [because: string, body: unknown, code: string, field: string | undefined];

export const LONG = 'x'.repeat(30_000);

const TEXTS: [because: string, text: unknown][] = [
  ['missing', undefined],
  ['null', null],
  ['a number', 1],
  ['a list', ['a']],
  ['empty', ''],
  ['a NUL', 'a\0b'],
  ['a line break', 'a\nb'],
  ['broken Unicode', 'a\ud800'],
  ['too long', LONG],
];

/** A text that must be there. */
export const text = (field: string, base: object): Row[] =>
  TEXTS.map(([because, value]) => [`${field} is ${because}`, { ...base, [field]: value }, 'invalid_request', field]);

export const key = (base: object): Row[] => [
  ...text('key', base),
  ...['a b', '__proto__', 'ä', '.a', 'a/b', 'a%b', 'x'.repeat(101), 'cus_00000000000000000000000000'].map(
    (value): Row => [`key is ${value.slice(0, 30)}`, { ...base, key: value }, 'invalid_request', 'key'],
  ),
];

/** What is no amount, in the words of the schema or of the room. */
export const AMOUNTS: unknown[] = [
  null,
  true,
  [],
  {},
  '',
  'free',
  'NaN',
  '1e3',
  '0x1',
  '1,5',
  '01',
  '.5',
  '1234567890123456',
  '0.1234567890123',
];
