import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');
const CRUISE = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** DESIGN's order, written out a second time on purpose: a change of the rules must be meant. */
const ROOMS = (
  'kernel platform access catalog customers wallet taxes events costing metering rating loops entitlements ' +
  'ingestion invoicing documents simulations stripe insights notifications portal'
).split(' ');
/** What only talks to a running server. */
const PROGRAMS = ['client', 'demo', 'import', 'plans'];

/** A small tree with the rooms' front doors and a few packages, to which each case adds a file that imports one thing. */
class Fixture {
  readonly directory = mkdtempSync(join(tmpdir(), 'weir-rules-'));
  private cases = 0;

  constructor() {
    this.write(
      'package.json',
      JSON.stringify({
        name: 'fixture',
        dependencies: Object.fromEntries(
          ['decimal.js', '@nestjs/common', 'typeorm', 'zod'].map((name) => [name, '1.0.0']),
        ),
        devDependencies: { jest: '1.0.0' },
      }),
    );
    this.write(
      'tsconfig.json',
      JSON.stringify({ compilerOptions: { module: 'nodenext', moduleResolution: 'nodenext' } }),
    );
    for (const name of ['decimal.js', '@nestjs/common', 'typeorm', 'zod', 'jest', 'unlisted']) {
      this.write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
      this.write(`node_modules/${name}/index.js`, 'exports.it = 1;');
    }
    for (const room of ROOMS) {
      this.write(`src/${room}/index.ts`, 'export const it = 1;');
      this.write(`src/${room}/inner.ts`, 'export const it = 1;');
      this.write(`src/${room}/domain/index.ts`, 'export const it = 1;');
      this.write(`src/${room}/domain/inner.ts`, 'export const it = 1;');
    }
    this.write('src/platform/http/index.ts', 'export const it = 1;');
    this.write('src/demo/steps.ts', 'export const it = 1;');
    this.write('src/attic/index.ts', 'export const it = 1;');
    this.write('src/app.module.ts', 'export const it = 1;');
    this.write('migrations/index.ts', 'export const it = 1;');
    this.write('test/support/index.ts', 'export const it = 1;');
    this.write('src/events/round.ts', "import { it as other } from './about';\nexport const it = other;");
    this.write('src/events/about.ts', "import { it as other } from './round';\nexport const it = other;");
  }

  /** Adds a file named for `from` that imports `to`: a path in the tree, or a package. @returns the file */
  importing(from: string, to: string, keyword = 'import'): string {
    this.cases += 1;
    const file = from.replace('*', `case-${this.cases}`);
    const inTree = /^(?:src|test|migrations)\//.test(to);
    const path = relative(dirname(file), to).replace(/\.ts$/, '');
    this.write(
      file,
      `${keyword} { it } from '${inTree ? (path.startsWith('.') ? path : `./${path}`) : to}';\nexport type It = typeof it;`,
    );
    return file;
  }

  /** The rules that each file breaks. */
  cruise(): Map<string, string[]> {
    const output = execFileSync(
      process.execPath,
      [CRUISE, 'src', 'migrations', 'test', '--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json'],
      { cwd: this.directory, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    );
    const { summary } = JSON.parse(output) as { summary: { violations: { from: string; rule: { name: string } }[] } };
    const broken = new Map<string, string[]>();
    for (const { from, rule } of summary.violations) broken.set(from, [...(broken.get(from) ?? []), rule.name]);
    return broken;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private write(file: string, text: string): void {
    const path = join(this.directory, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

// prettier-ignore
const OTHER_CASES = [
  // from                       to                            rules broken                   because
  ['src/rating/*.ts',           'src/metering/inner.ts',      ['enter-by-the-front-door'],   'a room is not entered by a side window'],
  ['src/rating/*.ts',           'src/metering/domain/index.ts', [],                          "a domain's index is a front door"],
  ['src/rating/*.ts',           'src/metering/domain/inner.ts', ['enter-by-the-front-door'], "a domain's inside is not a front door"],
  ['src/rating/*.ts',           'src/rating/domain/inner.ts', [],                            'at home one walks freely'],
  ['src/rating/*.ts',           'src/kernel/inner.ts',        ['enter-by-the-front-door'],   'the kernel has a front door too'],
  ['src/rating/*.ts',           'src/platform/http/index.ts', [],                            'platform has a door for each of its parts'],
  ['src/platform/*.ts',         'src/rating/domain/index.ts', ['platform-looks-left'],       'platform knows no billing word, not even a pure one'],
  ['src/rating/domain/*.ts',    'src/kernel/index.ts',        [],                            'money and time are for everyone'],
  ['src/rating/domain/*.ts',    'src/rating/domain/inner.ts', [],                            'a domain knows itself'],
  ['src/rating/domain/*.ts',    'src/metering/domain/index.ts', [],                          "pure code may use another room's pure code"],
  ['src/rating/domain/*.ts',    'src/metering/index.ts',      ['domain-stays-in-domain'],    'what a service needs, pure code does not'],
  ['src/rating/domain/*.ts',    'src/rating/inner.ts',        ['domain-stays-in-domain'],    'a service loads and saves; the domain decides'],
  ['src/rating/domain/*.ts',    'src/platform/http/index.ts', ['domain-stays-in-domain'],    'pure code does not know HTTP'],
  ['src/rating/domain/*.ts',    'src/invoicing/domain/index.ts', ['rating-looks-left'],      'pure code looks left as well'],
  ['src/rating/domain/*.ts',    '@nestjs/common',             ['domain-is-pure'],            'no Nest in a domain'],
  ['src/rating/domain/*.ts',    'typeorm',                    ['domain-is-pure'],            'no TypeORM in a domain'],
  ['src/rating/domain/*.ts',    'zod',                        ['domain-is-pure'],            'shapes from outside are checked before the domain'],
  ['src/rating/domain/*.ts',    'node:fs',                    ['domain-is-pure'],            'no files in a domain'],
  ['src/rating/domain/*.ts',    'fs',                         ['domain-is-pure'],            'nor under its older name'],
  ['src/rating/domain/*.ts',    'node:crypto',                [],                            'a digest is a pure function'],
  ['src/rating/domain/*.ts',    'node:util',                  [],                            'comparing values reaches nothing outside'],
  ['src/rating/domain/*.spec.ts', 'jest',                     [],                            'a spec may use what it likes'],
  ['src/rating/domain/*.ts',    'decimal.js',                 ['decimal.js-lives-in-kernel', 'domain-is-pure'], 'precision is set once, in the kernel'],
  ['src/rating/*.ts',           'decimal.js',                 ['decimal.js-lives-in-kernel'], 'precision is set once, in the kernel'],
  ['src/kernel/*.ts',           'decimal.js',                 [],                            'the kernel is its home'],
  ['src/kernel/*.ts',           'node:crypto',                [],                            'ids are made of random bytes'],
  ['src/kernel/*.ts',           'node:fs',                    ['kernel-stands-alone'],       'the kernel is pure'],
  ['src/kernel/*.ts',           'zod',                        ['kernel-stands-alone'],       'the kernel needs two packages only'],
  ['src/demo/*.ts',             'src/kernel/index.ts',        [],                            'the demo adds up decimals'],
  ['src/demo/*.ts',             'src/rating/index.ts',        ['programs-talk-http'],           'the demo is a client like any other'],
  ['src/demo/*.ts',             'src/demo/steps.ts',          [],                            'at home one walks freely'],
  ['src/rating/*.ts',           'src/demo/steps.ts',          ['nothing-needs-the-entry'],   'the product does not need its demo'],
  ['src/rating/*.ts',           'src/app.module.ts',          ['nothing-needs-the-entry'],   'the whole is made of rooms, not the reverse'],
  ['src/main-*.ts',             'src/portal/index.ts',        [],                            'the entry composes all rooms'],
  ['src/rating/*.ts',           'src/attic/index.ts',         ['every-folder-is-a-room'],    'a folder without a place in the order has no direction'],
  ['migrations/*.ts',           'src/rating/index.ts',        ['migrations-are-history'],    "history must not change with today's code"],
  ['src/platform/*.ts',         'migrations/index.ts',        [],                            'platform runs the migrations'],
  ['src/rating/*.ts',           'test/support/index.ts',      ['product-needs-no-test'],     'what is shipped needs no test'],
  ['src/rating/*.ts',           'jest',                       ['product-needs-no-dev-dependency'], 'a pruned container lacks it'],
  ['src/rating/*.spec.ts',      'jest',                       [],                            'a spec is not shipped'],
  ['src/rating/*.ts',           'unlisted',                   ['packages-are-listed'],       'a package that happens to be there may go'],
  ['src/rating/*.ts',           'src/rating/missing.ts',      ['imports-exist'],             'a typo is not a module'],
  ['test/*.ts',                 'src/metering/domain/inner.ts', [],                          'tests may see all'],
  ['src/metering/*.spec.ts',    'src/portal/index.ts',        [],                            'tests may see all'],
] as const;

describe('the dependency rules', () => {
  const fixture = new Fixture();
  afterAll(() => fixture.remove());

  const looks = ROOMS.map((room, position) => ({
    room,
    left: ROOMS.slice(0, position),
    right: ROOMS.slice(position + 1),
    towards: new Map(
      ROOMS.filter((other) => other !== room).map((other) => [
        other,
        fixture.importing(`src/${room}/*.ts`, `src/${other}/index.ts`),
      ]),
    ),
  }));
  const others = OTHER_CASES.map(([from, to, rules, because]) => {
    return { from, to, rules: [...rules], because, file: fixture.importing(from, to) };
  });
  const typeOnly = fixture.importing('src/rating/*.ts', 'src/portal/index.ts', 'import type');

  let broken: Map<string, string[]>;
  beforeAll(() => {
    broken = fixture.cruise();
  });
  const brokenBy = (file: string): string[] => [...new Set(broken.get(file))].sort();

  it.each(looks)('let $room look left only', ({ room, left, right, towards }) => {
    const stopped = ROOMS.filter((other) => brokenBy(towards.get(other) ?? '').includes(`${room}-looks-left`));
    const free = [...towards].filter(([, file]) => brokenBy(file).length === 0).map(([other]) => other);

    expect({ stopped, free }).toEqual({ stopped: right, free: left });
  });

  it.each(others)('$from → $to: $because', ({ file, rules }) => {
    expect(brokenBy(file)).toEqual(rules.sort());
  });

  it('count a type import: who knows the type knows the room', () => {
    expect(brokenBy(typeOnly)).toEqual(['rating-looks-left']);
  });

  it('notice a cycle within a room', () => {
    expect([...brokenBy('src/events/about.ts'), ...brokenBy('src/events/round.ts')]).toContain('no-cycles');
  });
});

describe('the rooms of src/', () => {
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  const rooms = folders.filter((folder) => !PROGRAMS.includes(folder));

  it.each(folders)('%s has a place in the order', (folder) => {
    expect([...ROOMS, ...PROGRAMS]).toContain(folder);
  });

  it.each(rooms)('%s has a front door', (room) => {
    const doors = [`src/${room}/index.ts`, `src/${room}/domain/index.ts`];
    expect(room === 'platform' || doors.some((door) => existsSync(join(ROOT, door)))).toBe(true);
  });

  it.each(rooms)('%s has a README that says what it owns, leaves to others, always holds, and how it fails', (room) => {
    expect(existsSync(join(ROOT, `src/${room}/README.md`))).toBe(true);
  });
});
