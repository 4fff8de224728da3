import { parse } from 'yaml';
import { readPlanFile, writePlanFile } from './plan-file';

const amountOf = (yaml: string): unknown => readPlanFile(`amount: ${yaml}`, 'f').document['amount'];

it.each`
  yaml                        | sent                        | because
  ${'0.10'}                   | ${'0.10'}                   | ${'a fraction keeps its digits, the zero too'}
  ${'0.1'}                    | ${'0.1'}                    | ${'also where a double would print the same'}
  ${'"0.10"'}                 | ${'0.10'}                   | ${'quoted is the same'}
  ${'3'}                      | ${3}                        | ${'whole numbers may count something'}
  ${'-3'}                     | ${-3}                       | ${'what is wrong about it is for the server to say'}
  ${'9007199254740993'}       | ${'9007199254740993'}       | ${'a double would make it …992'}
  ${'0.30000000000000000001'} | ${'0.30000000000000000001'} | ${'a double would drop the last digit'}
  ${'1e3'}                    | ${'1e3'}                    | ${'as written'}
  ${'1.0'}                    | ${'1.0'}                    | ${'as written'}
  ${'0x1F'}                   | ${'0x1F'}                   | ${'as written, for the server to refuse'}
  ${'.5'}                     | ${'.5'}                     | ${'as written, for the server to refuse'}
  ${'.inf'}                   | ${'.inf'}                   | ${'no number for money'}
  ${'1_000'}                  | ${'1_000'}                  | ${'text in YAML 1.2'}
  ${'no'}                     | ${'no'}                     | ${'Norway is no boolean in YAML 1.2'}
  ${'2026-01-01'}             | ${'2026-01-01'}             | ${'a day stays text'}
  ${'null'}                   | ${null}                     | ${'nothing'}
  ${'true'}                   | ${true}                     | ${'a boolean'}
`('$yaml is sent as $sent: $because', ({ yaml, sent }) => {
  expect(amountOf(yaml)).toBe(sent);
});

it('leaves numbers that are compared with, or handed on, as numbers', () => {
  const { document } = readPlanFile('{value: 0.5, equals: 1.5, in: {value: [0.25, 0.10]}, amount: [0.5]}', 'f');
  expect(document).toEqual({ value: 0.5, equals: 1.5, in: { value: [0.25, '0.10'] }, amount: ['0.5'] });
});

it('keeps keys as they are written', () => {
  expect(readPlanFile('prices: {1.10: a, "2": b}', 'f').document).toEqual({ prices: { '1.10': 'a', 2: 'b' } });
});

it('takes JSON, anchors and aliases', () => {
  expect(readPlanFile('{"plans": [{"amount": 0.10}]}', 'f').document).toEqual({ plans: [{ amount: '0.10' }] });
  const shared = 'one: &tiers [{upTo: 10}]\ntwo: *tiers\n';
  expect(readPlanFile(shared, 'f').document).toEqual({ one: [{ upTo: 10 }], two: [{ upTo: 10 }] });
});

const BOMB = ['a: &a [x, x, x, x, x, x, x, x, x]', ...'bcdefgh'.split('').map((name, at) => {
  const before = 'abcdefg'[at];
  return `${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`;
})].join('\n'); // prettier-ignore

it.each`
  text                             | says                               | because
  ${''}                            | ${/^f is empty/}                   | ${'nothing would be applied'}
  ${'# only a comment'}            | ${/^f is empty/}                   | ${'nothing would be applied'}
  ${'- plans'}                     | ${/^f must name features/}         | ${'a list has no names'}
  ${'plans: []\n---\nplans: []'}   | ${/^f holds several documents/}    | ${'one would be left out'}
  ${'plans: []\nplans: []'}        | ${/^f:2: Map keys must be unique/} | ${'one would be left out'}
  ${'plans:\n  - key: a\n key: b'} | ${/^f:3: /}                        | ${'the line is told'}
  ${'plans: !money 5'}             | ${/^f:1: Unresolved tag/}          | ${'a tag would be skipped'}
  ${'plans: *none'}                | ${/^f:?\d*: .*none/}               | ${'an alias of nothing'}
  ${BOMB}                          | ${/^f: Excessive alias count/}     | ${'a file that grows without end'}
`('refuses what is not a file of plans: $because', ({ text, says }) => {
  expect(() => readPlanFile(text, 'f')).toThrow(says);
});

it('tells the line of a field', () => {
  const { placeOf } = readPlanFile(
    ['# prices', 'plans:', '  - key: pro', '    prices:', '      - key: base', '        charge:', '          amount: -1', '      - {key: b}'].join('\n'),
    'plans.yaml',
  ); // prettier-ignore
  expect(placeOf('plans[0].prices[0].charge.amount')).toBe('plans.yaml:7');
  expect(placeOf('plans[0].prices[0].charge.model')).toBe('plans.yaml:6');
  expect(placeOf('plans[0].prices[1].charge')).toBe('plans.yaml:8');
  expect(placeOf('plans[0].name')).toBe('plans.yaml:3');
  expect(placeOf('meters[3].key')).toBe('plans.yaml:2');
});

it('writes what it reads, with decimals in quotes for every other reader', () => {
  const document = {
    plans: [{ key: 'pro', name: '2026', prices: [{ amount: '0.10', upTo: null, free: 3, on: 'yes', at: 'a: b' }] }],
  };
  const text = writePlanFile(document, 'Plans.\nOf ours.');
  expect(text).toMatch(/^# Plans\.\n# Of ours\.\nplans:\n {2}- key: pro\n/);
  expect(text).toContain('amount: "0.10"');
  expect(readPlanFile(text, 'f').document).toEqual(document);
  expect(parse(text)).toEqual(document);
});
