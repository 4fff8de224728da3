import { HELP, readOptions } from './options';

const NOTHING_ASKED = {
  trace: null,
  rows: null,
  seed: 1,
  saveTrace: null,
  json: null,
  keep: false,
  resume: false,
  server: null,
};

describe('the command line', () => {
  it.each`
    args                                                      | asksFor
    ${[]}                                                     | ${{}}
    ${['--rows', '600', '--json', 'out.json']}                | ${{ rows: 600, json: 'out.json' }}
    ${['--trace=day.csv.gz', '--keep']}                       | ${{ trace: 'day.csv.gz', keep: true }}
    ${['--seed', '4294967295', '--save-trace', 'made.csv']}   | ${{ seed: 4_294_967_295, saveTrace: 'made.csv' }}
    ${['--resume']}                                           | ${{ resume: true }}
    ${['--url', 'http://127.0.0.1:8787/', '--key', 'weir_k']} | ${{ server: { url: 'http://127.0.0.1:8787', apiKey: 'weir_k' } }}
  `('$args', ({ args, asksFor }) => {
    expect(readOptions(args)).toEqual({ ...NOTHING_ASKED, ...asksFor });
  });

  it.each([['--help'], ['-h'], ['--rows', '5', '--help']])('%s asks for help', (...args) => {
    expect(readOptions(args)).toBe('help');
  });

  it.each`
    args                                               | says                          | because
    ${['--trase', 'x']}                                | ${"Unknown option '--trase'"} | ${'a misspelt flag must not run another demo'}
    ${['day.csv']}                                     | ${"'day.csv'"}                | ${'a file without its flag is not guessed at'}
    ${['--trace']}                                     | ${'--trace'}                  | ${'the value is missing'}
    ${['--trace', '']}                                 | ${'--trace needs a file'}     | ${'the value is empty'}
    ${['--rows', '0']}                                 | ${'--rows takes a whole'}     | ${'nothing to post'}
    ${['--rows', '-5']}                                | ${'--rows'}                   | ${'rows are not negative'}
    ${['--rows', '1e3']}                               | ${'--rows takes a whole'}     | ${'an exponent is no plain number'}
    ${['--rows', '2000001']}                           | ${'1 to 2000000'}             | ${'it would not fit in memory'}
    ${['--seed', '4294967296']}                        | ${'--seed takes a whole'}     | ${'the seed has 32 bits'}
    ${['--seed', '2', '--trace', 'x']}                 | ${'--seed picks'}             | ${'a trace has no seed'}
    ${['--url', 'http://h']}                           | ${'go together'}              | ${'the key is missing'}
    ${['--key', 'weir_k']}                             | ${'go together'}              | ${'the address is missing'}
    ${['--url', 'h:8787', '--key', 'k']}               | ${'--url takes an address'}   | ${'that is no web address'}
    ${['--url', 'http://h', '--key', 'k', '--keep']}   | ${'do not go with --url'}     | ${'a server of others stays up anyway'}
    ${['--url', 'http://h', '--key', 'k', '--resume']} | ${'do not go with --url'}     | ${'its data are where it has them'}
    ${['--keep=yes']}                                  | ${'--keep'}                   | ${'the flag takes no value'}
  `('$args is refused: $because', ({ args, says }) => {
    const read = () => readOptions(args);
    expect(read).toThrow(says);
    expect(read).toThrow(expect.objectContaining({ exitCode: 2, message: expect.not.stringContaining('\n') }));
  });

  it('help fits a terminal and names every flag', () => {
    for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    for (const flag of ['trace', 'rows', 'seed', 'save-trace', 'json', 'keep', 'resume', 'url', 'key', 'help']) {
      expect(HELP).toContain(`--${flag}`);
    }
  });
});
