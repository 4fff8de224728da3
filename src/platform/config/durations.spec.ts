import { parseDuration, parseSize } from './durations';

it.each`
  text        | ms                   | because
  ${'90s'}    | ${90_000}            | ${'seconds'}
  ${'5m'}     | ${300_000}           | ${'minutes'}
  ${'12h'}    | ${43_200_000}        | ${'hours'}
  ${'35d'}    | ${3_024_000_000}     | ${'days'}
  ${'250ms'}  | ${250}               | ${'milliseconds'}
  ${' 5M '}   | ${300_000}           | ${'blanks and case do not matter'}
  ${'0s'}     | ${0}                 | ${'none at all'}
  ${'36500d'} | ${3_153_600_000_000} | ${'a hundred years'}
  ${''}       | ${null}              | ${'nothing'}
  ${'5'}      | ${null}              | ${'no unit'}
  ${'m'}      | ${null}              | ${'no number'}
  ${'-5m'}    | ${null}              | ${'no time goes back'}
  ${'1.5h'}   | ${null}              | ${'whole numbers only'}
  ${'1e3s'}   | ${null}              | ${'digits only'}
  ${'5w'}     | ${null}              | ${'no such unit'}
  ${'5mb'}    | ${null}              | ${'a size is no duration'}
  ${'1h30m'}  | ${null}              | ${'one unit only'}
`('parseDuration($text): $because', ({ text, ms }: { text: string; ms: number | null }) => {
  expect(parseDuration(text)).toBe(ms);
});

it.each`
  text       | bytes            | because
  ${'512kb'} | ${524_288}       | ${'kibibytes'}
  ${'16mb'}  | ${16_777_216}    | ${'mebibytes'}
  ${'1gb'}   | ${1_073_741_824} | ${'gibibytes'}
  ${'100b'}  | ${100}           | ${'bytes'}
  ${'16MB'}  | ${16_777_216}    | ${'case does not matter'}
  ${'16'}    | ${null}          | ${'no unit'}
  ${'16m'}   | ${null}          | ${'minutes are no size'}
  ${'16 mb'} | ${null}          | ${'no blank inside'}
`('parseSize($text): $because', ({ text, bytes }: { text: string; bytes: number | null }) => {
  expect(parseSize(text)).toBe(bytes);
});
