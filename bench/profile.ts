import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

interface CpuProfile {
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds from each sample's predecessor to it. */
  readonly timeDeltas: readonly number[];
}

/** A stretch of the monotonic clock, in microseconds. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Something the process was busy with, and how long in all windows together. */
export interface Spent {
  readonly name: string;
  readonly place: string;
  readonly seconds: number;
  readonly share: number;
}

export interface ProfileSummary {
  /** Functions by the time in themselves, not in what they call. */
  readonly functions: readonly Spent[];
  /** The same by file, packages as a whole. */
  readonly files: readonly Spent[];
  /** Our own functions by the time in themselves and all they call. */
  readonly inclusive: readonly Spent[];
}

/**
 * Sums a .cpuprofile up. Its clock is the wall's: a function that was interrupted by another process is charged for
 * the interruption, so on a busy machine system calls look dearer than they are.
 */
export async function summarize(file: string, windows: readonly Window[], count: number): Promise<ProfileSummary> {
  const profile = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
  const own = ownMicros(profile, windows);
  const parents = new Map<number, number>();
  for (const { id, children = [] } of profile.nodes) for (const child of children) parents.set(child, id);

  const functionOf = new Map<number, string>();
  const fileOf = new Map<number, string>();
  for (const { id, callFrame } of profile.nodes) {
    const place = placeOf(callFrame.url);
    functionOf.set(
      id,
      `${callFrame.functionName || '(anonymous)'}\t${place === '' ? '' : `${place}:${callFrame.lineNumber + 1}`}`,
    );
    fileOf.set(id, `${place || callFrame.functionName}\t`);
  }

  const functions = new Map<string, number>();
  const files = new Map<string, number>();
  const inclusive = new Map<string, number>();
  let busy = 0;
  for (const [id, micros] of own) {
    if (functionOf.get(id) === '(idle)\t') continue;
    busy += micros;
    add(functions, functionOf.get(id)!, micros);
    add(files, fileOf.get(id)!, micros);
    // A function that calls itself is counted once.
    const callers = new Set<string>();
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) callers.add(functionOf.get(at)!);
    for (const name of callers) if (OURS.test(name)) add(inclusive, name, micros);
  }
  const largest = (map: Map<string, number>): Spent[] =>
    [...map]
      .sort(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([key, micros]) => {
        const [name = '', place = ''] = key.split('\t');
        return { name, place, seconds: micros / 1e6, share: micros / busy };
      });
  return { functions: largest(functions), files: largest(files), inclusive: largest(inclusive) };
}

const OURS = /\tsrc\//;

function add(map: Map<string, number>, key: string, micros: number): void {
  map.set(key, (map.get(key) ?? 0) + micros);
}

/** Microseconds by node, of the samples that lie in a window. */
function ownMicros({ startTime, samples, timeDeltas }: CpuProfile, windows: readonly Window[]): Map<number, number> {
  const own = new Map<number, number>();
  let at = startTime;
  samples.forEach((id, index) => {
    const delta = timeDeltas[index]!;
    at += delta;
    if (windows.some(({ from, to }) => at >= from && at < to)) own.set(id, (own.get(id) ?? 0) + delta);
  });
  return own;
}

/** Where a function is, short: `src/room/file.js`, a package's name and file, a module of Node. */
function placeOf(url: string): string {
  const path = url.replace(/^file:\/\//, '');
  const inPackage = path.lastIndexOf('/node_modules/');
  if (inPackage >= 0) return path.slice(inPackage + '/node_modules/'.length);
  const inDist = path.lastIndexOf('/dist/');
  if (inDist >= 0) return path.slice(inDist + '/dist/'.length);
  return path.startsWith('/') ? `${basename(dirname(path))}/${basename(path)}` : path;
}
