import { HELP, readOptions } from './options';

const KEY = { WEIR_KEY: 'weir_key' };

it('takes address and key from the environment, and flags before them', () => {
  expect(readOptions(['apply', 'plans.yaml'], { ...KEY, WEIR_URL: 'https://weir.example/' })).toEqual({
    command: 'apply',
    file: 'plans.yaml',
    url: 'https://weir.example',
    apiKey: 'weir_key',
    dryRun: false,
    reason: null,
    json: false,
  });
  const flags = ['apply', 'f', '--url', 'http://127.0.0.1:1', '--key', 'other', '--dry-run', '--reason', 'a gift'];
  expect(readOptions(flags, KEY)).toMatchObject({ url: 'http://127.0.0.1:1', apiKey: 'other', dryRun: true, reason: 'a gift' }); // prettier-ignore
  expect(readOptions(['export'], KEY)).toMatchObject({ command: 'export', file: null });
  expect(readOptions(['templates', 'hybrid', '--json'], KEY)).toMatchObject({ name: 'hybrid', json: true });
  expect(readOptions(['--help'], {})).toBe('help');
});

it.each`
  args                             | env    | says
  ${[]}                            | ${KEY} | ${'Say what to do: apply, export or templates'}
  ${['applY', 'f']}                | ${KEY} | ${"'applY' is none of apply, export and templates"}
  ${['apply']}                     | ${KEY} | ${'Name the file to apply'}
  ${['apply', 'a', 'b']}           | ${KEY} | ${"'b' is a second one"}
  ${['apply', 'a']}                | ${{}}  | ${'An API key is needed'}
  ${['export', '--dry-run']}       | ${KEY} | ${'--dry-run goes with apply'}
  ${['export', '--reason', 'x']}   | ${KEY} | ${'--reason goes with apply'}
  ${['apply', 'a', '--force']}     | ${KEY} | ${"Unknown option '--force'"}
  ${['apply', 'a', '--url', 'ab']} | ${KEY} | ${'--url takes an address'}
`('refuses $args: $says', ({ args, env, says }) => {
  expect(() => readOptions(args, env)).toThrow(expect.objectContaining({ message: expect.stringContaining(says), exitCode: 2 })); // prettier-ignore
});

it('fits the help into a terminal', () => {
  for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});
