import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartupError } from '../startup-error';
import { holderOf, isRunning, lockDirectory } from './embedded-lock';

const QUICK = { renewEveryMs: 20, givenUpAfterMs: 200 };
let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-lock-'));
  path = join(directory, 'weir.lock');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The lock that this process would write, with some of it changed. */
async function lockWith(changes: Record<string, unknown>): Promise<string> {
  const lock = await lockDirectory(directory);
  const mine = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  lock.release();
  return JSON.stringify({ ...mine, ...changes });
}

it('is held until it is released', async () => {
  const lock = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toThrow(StartupError);
  await expect(lockDirectory(directory)).rejects.toThrow(
    `is in use by another Weir (process ${process.pid}): stop that one, or set WEIR_DATA_DIR`,
  );
  expect(await holderOf(directory)).toBe(process.pid);

  lock.release();
  lock.release();
  expect(await holderOf(directory)).toBeNull();
  (await lockDirectory(directory)).release();
  expect(readdirSync(directory)).toEqual([]);
});

it('goes to one of many that come at once, over a dead lock', async () => {
  writeFileSync(path, await lockWith({ pid: 2 ** 22 + 1 }));
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockDirectory(directory, QUICK)));
  expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  for (const one of tries) if (one.status === 'fulfilled') one.value.release();
});

it.each`
  changes                                    | because
  ${{ pid: 2 ** 22 + 1 }}                    | ${'no process has that number'}
  ${{ startedAt: '1' }}                      | ${'the process with that number now is another one'}
  ${{ place: 'a container that went away' }} | ${'nobody renews it'}
`('replaces a lock left behind: $because', async ({ changes }: { changes: Record<string, unknown> }) => {
  writeFileSync(path, await lockWith(changes));
  (await lockDirectory(directory, QUICK)).release();
});

it.each(['', '{"pid":', '[]', 'null', '17'])('replaces a lock that says %j and is not renewed', async (text) => {
  writeFileSync(path, text);
  (await lockDirectory(directory, QUICK)).release();
});

it('leaves a lock alone that a Weir in another container renews', async () => {
  writeFileSync(path, await lockWith({ place: 'another container' }));
  const renewal = setInterval(() => utimesSync(path, new Date(), new Date()), 20);
  try {
    await expect(lockDirectory(directory, QUICK)).rejects.toThrow('is in use by another Weir');
  } finally {
    clearInterval(renewal);
  }
});

it('renews its own lock', async () => {
  const lock = await lockDirectory(directory, QUICK);
  const text = readFileSync(path, 'utf8').replace(/"place":"[^"]*"/, '"place":"elsewhere"');
  rmSync(path);
  writeFileSync(path, text);
  // Seen from elsewhere, only the renewals show that it is alive.
  await expect(lockDirectory(directory, QUICK)).rejects.toThrow('is in use by another Weir');
  lock.release();
});

it('does not remove a lock that is no longer its own', async () => {
  const lock = await lockDirectory(directory);
  writeFileSync(path, 'another');
  lock.release();
  expect(readFileSync(path, 'utf8')).toBe('another');
});

it('counts a process as running while it does', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  expect(isRunning(child.pid!)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isRunning(child.pid!)).toBe(false);
});
