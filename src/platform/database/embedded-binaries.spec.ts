import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartupError } from '../startup-error';
import { completeInstallation, locateBinaries } from './embedded-binaries';

it('finds a PostgreSQL that runs', async () => {
  const { postgres, catalog } = await locateBinaries();
  expect(execFileSync(postgres, ['--version'], { encoding: 'utf8' })).toMatch(/^postgres \(PostgreSQL\) \d+/);
  expect(readFileSync(catalog, 'utf8')).not.toBe('');
});

describe('an installation whose install script did not run', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'weir-binaries-'));
    mkdirSync(join(root, 'native/lib'), { recursive: true });
    mkdirSync(join(root, 'native/bin'));
    writeFileSync(join(root, 'native/lib/libpq.so.5.18'), 'a library');
    for (const name of ['initdb', 'postgres', 'pg_ctl'])
      writeFileSync(join(root, 'native/bin', name), '', { mode: 0o644 });
    const links = [
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
    ];
    writeFileSync(join(root, 'native/pg-symlinks.json'), JSON.stringify(links));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('gets its links, relative so that it can be moved, and programs that may be run', async () => {
    await Promise.all([completeInstallation(root), completeInstallation(root)]);
    await completeInstallation(root);
    expect(readlinkSync(join(root, 'native/lib/libpq.so.5'))).toBe('libpq.so.5.18');
    expect(readFileSync(join(root, 'native/lib/libpq.so'), 'utf8')).toBe('a library');
    expect(statSync(join(root, 'native/bin/postgres')).mode & 0o777).toBe(0o755);
  });

  it('says what to do where it can not be completed', async () => {
    rmSync(join(root, 'native/bin/postgres'));
    const completed = completeInstallation(root);
    await expect(completed).rejects.toThrow(StartupError);
    await expect(completed).rejects.toThrow(/is incomplete .* run `npm rebuild` as the owner of node_modules/);
  });

  const ordinaryUser = process.getuid?.() === 0 ? it.skip : it;
  ordinaryUser('says so when node_modules is not ours to write to', async () => {
    chmodSync(join(root, 'native/lib'), 0o555);
    await expect(completeInstallation(root)).rejects.toThrow('run `npm rebuild` as the owner of node_modules');
    chmodSync(join(root, 'native/lib'), 0o755);
  });
});
