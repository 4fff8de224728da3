import { decimalText } from '../../kernel';
import { currency, decimalString, instant, key, numberProblem, PageQuery, reference, text } from './schemas';

const accepts = (schema: { safeParse: (value: unknown) => { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

describe('a decimal', () => {
  it.each`
    given                             | text                              | because
    ${'0.25'}                         | ${'0.25'}                         | ${'a string'}
    ${'10.00'}                        | ${'10'}                           | ${'by value'}
    ${'-1.5'}                         | ${'-1.5'}                         | ${'below zero, where nothing forbids it'}
    ${'-0'}                           | ${'0'}                            | ${'zero has no sign'}
    ${'999999999999999.999999999999'} | ${'999999999999999.999999999999'} | ${'the largest'}
    ${5}                              | ${'5'}                            | ${'a whole number'}
    ${0.1}                            | ${'0.1'}                          | ${'a fraction that prints as it was sent'}
    ${5e-7}                           | ${'0.0000005'}                    | ${'a small one, which JavaScript prints with an exponent'}
    ${999999999999999}                | ${'999999999999999'}              | ${'15 digits'}
    ${-0}                             | ${'0'}                            | ${'-0'}
  `('$given: $because', ({ given, text: expected }) => {
    expect(decimalText(decimalString().parse(given))).toBe(expected);
  });

  it.each`
    given                 | because
    ${''}                 | ${'nothing'}
    ${'abc'}              | ${'words'}
    ${'NaN'}              | ${'no number'}
    ${'Infinity'}         | ${'nor that'}
    ${'1e3'}              | ${'an exponent'}
    ${'0x10'}             | ${'hexadecimal'}
    ${'1,5'}              | ${'a comma'}
    ${' 1'}               | ${'a space'}
    ${'01'}               | ${'a leading zero'}
    ${'1.'}               | ${'a point at its end'}
    ${'1000000000000000'} | ${'16 digits before the point'}
    ${'0.0000000000001'}  | ${'13 behind it'}
    ${1e15}               | ${'16 digits as a number'}
    ${1e21}               | ${'a number that prints with an exponent'}
    ${1e-13}              | ${'13 digits behind the point, as a number'}
    ${0.1 + 0.2}          | ${'digits that only a float could have made'}
    ${Number.MAX_VALUE}   | ${'the largest double'}
    ${NaN}                | ${'no number'}
    ${Infinity}           | ${'nor that'}
    ${true}               | ${'a boolean'}
    ${null}               | ${'null'}
    ${['1']}              | ${'a list'}
  `('$given is refused: $because', ({ given }) => {
    expect(accepts(decimalString(), given)).toBe(false);
  });

  it('keeps to its bounds, which belong to it', () => {
    const bounded = decimalString({ min: '0', max: '10.5' });
    for (const given of ['0', '-0', 0, '10.5', 10.5]) expect(accepts(bounded, given)).toBe(true);
    for (const given of ['-0.000000000001', -1, '10.500000000001', 11]) expect(accepts(bounded, given)).toBe(false);
  });

  it('says what to do about a number that lost digits', () => {
    expect(numberProblem(0.1 + 0.2)).toBe('must be sent as a decimal string: a JSON number keeps 15 digits');
    expect(numberProblem(0.1)).toBeNull();
  });
});

it('an instant is kept to the millisecond before it', () => {
  expect(instant().parse('2026-11-21T09:30:00.250999Z')).toEqual(new Date('2026-11-21T09:30:00.250Z'));
  for (const given of ['', '2026-11-21', '2026-11-21T09:30:00', 'now', 0, null, new Date()]) {
    expect(accepts(instant(), given)).toBe(false);
  }
});

it.each`
  given                  | fine     | because
  ${'Acme & Söhne 株式'} | ${true}  | ${'any script'}
  ${'😀'.repeat(5)}      | ${true}  | ${'five characters'}
  ${'😀'.repeat(6)}      | ${false} | ${'six'}
  ${''}                  | ${false} | ${'nothing'}
  ${'a\tb'}              | ${false} | ${'a tab'}
  ${'a\0'}               | ${false} | ${'a NUL'}
  ${'a\u0085'}           | ${false} | ${'a C1 control character'}
  ${'\ud800'}            | ${false} | ${'half a character'}
  ${'a\u00a0b'}          | ${true}  | ${'a hard space is a space'}
`('text "$given": $because', ({ given, fine }) => {
  expect(accepts(text(given.startsWith('😀') ? 5 : 20), given)).toBe(fine);
});

it.each`
  given                               | fine     | because
  ${'acme'}                           | ${true}  | ${'plain'}
  ${'0'}                              | ${true}  | ${'a number of theirs'}
  ${'a.b_c:d@e-f'}                    | ${true}  | ${'all that may be inside'}
  ${'constructor'}                    | ${true}  | ${'a word like any other'}
  ${'x'.repeat(100)}                  | ${true}  | ${'the longest'}
  ${'x'.repeat(101)}                  | ${false} | ${'one more'}
  ${''}                               | ${false} | ${'nothing'}
  ${'_a'}                             | ${false} | ${'begins with a sign'}
  ${'a b'}                            | ${false} | ${'a space'}
  ${'a/b'}                            | ${false} | ${'part of an address'}
  ${'a\n'}                            | ${false} | ${'a line break'}
  ${'ä'}                              | ${false} | ${'which could be written in two ways'}
  ${'cus_00000000000000000000000000'} | ${false} | ${'an id of ours'}
  ${'zzz_00000000000000000000000000'} | ${false} | ${'or of a kind to come'}
  ${'cus_1'}                          | ${true}  | ${'no id of ours is that short'}
`('key "$given": $because', ({ given, fine }) => {
  expect(accepts(key(), given)).toBe(fine);
});

it('a reference is any name that could have been given', () => {
  for (const given of ['a', 'cus_00000000000000000000000000', 'é', ' ', 'x'.repeat(255)]) {
    expect(accepts(reference(), given)).toBe(true);
  }
  for (const given of ['', 'x'.repeat(256), 'a\0', '\ud800', 1, null]) expect(accepts(reference(), given)).toBe(false);
});

it('a currency is three capital letters that are one', () => {
  expect(['USD', 'JPY', 'KWD', 'CLF', 'UYW'].every((each) => accepts(currency(), each))).toBe(true);
  expect(['usd', 'US', 'USDT', 'USD\n', 'ÜSD', '', 'ZZZ'].some((each) => accepts(currency(), each))).toBe(false);
});

it('a page has 50 items unless it is told otherwise', () => {
  expect(PageQuery.parse({})).toEqual({ limit: 50 });
  expect(PageQuery.parse({ limit: '200' }).limit).toBe(200);
  for (const limit of ['0', '201', '-1', '1.0', '1e1', '', ' 1', 1]) expect(accepts(PageQuery, { limit })).toBe(false);
});
