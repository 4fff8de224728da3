import { readOptions } from './options';

const KEY = { WEIR_KEY: 'weir_key' };

it('takes address and key from the environment, and flags before them', () => {
  const fromEnv = readOptions(['usage.csv'], { ...KEY, WEIR_URL: 'https://weir.example/' });
  expect(fromEnv).toMatchObject({ file: 'usage.csv', url: 'https://weir.example', apiKey: 'weir_key', batch: 1_000 });
  const flags = ['usage.csv', '--url', 'http://127.0.0.1:1', '--key', 'other'];
  expect(readOptions(flags, KEY)).toMatchObject({ url: 'http://127.0.0.1:1', apiKey: 'other' });
  expect(readOptions(['--help'], {})).toBe('help');
});

it('reads mappings and constants', () => {
  const args = [
    'f',
    '--map',
    'customer=account',
    '--map',
    'data.n=a=b',
    '--set',
    'type=llm.request',
    '--set',
    'feature=',
  ];
  const options = readOptions(args, KEY);
  if (options === 'help') throw new Error('no options');
  expect([...options.mapping.columns]).toEqual([['customer', 'account'], ['data.n', 'a=b']]); // prettier-ignore
  expect([...options.mapping.constants]).toEqual([['type', 'llm.request'], ['feature', '']]); // prettier-ignore
});

it.each`
  args                                           | env    | says
  ${[]}                                          | ${KEY} | ${'Name the file'}
  ${['a', 'b']}                                  | ${KEY} | ${"'b' is a second one"}
  ${['a']}                                       | ${{}}  | ${'An API key is needed'}
  ${['a', '--map', 'customer']}                  | ${KEY} | ${'--map takes FIELD='}
  ${['a', '--map', 'tokens=x']}                  | ${KEY} | ${"not 'tokens=x'"}
  ${['a', '--set', 'type=a', '--set', 'type=b']} | ${KEY} | ${'--set names type twice'}
  ${['a', '--time-zone', 'Mars/Base']}           | ${KEY} | ${'--time-zone takes a name'}
  ${['a', '--time-format', 'unix']}              | ${KEY} | ${'--time-format takes one of'}
  ${['a', '--batch', '10001']}                   | ${KEY} | ${'--batch takes a whole number from 1 to 10000'}
  ${['a', '--url', 'weir']}                      | ${KEY} | ${'--url takes an address'}
  ${['a', '--delimiter', ';;']}                  | ${KEY} | ${'--delimiter takes one character'}
  ${['a', '--force']}                            | ${KEY} | ${"Unknown option '--force'"}
`('refuses $args: $says', ({ args, env, says }) => {
  expect(() => readOptions(args, env)).toThrow(says);
  expect(() => readOptions(args, env)).toThrow('--help lists the flags');
});
