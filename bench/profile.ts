import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function and the share of the process's busy time that was spent in itself, not in what it calls. */
export interface SelfTime {
  readonly name: string;
  readonly place: string;
  readonly seconds: number;
  readonly share: number;
}

/** The most expensive functions of a .cpuprofile. */
export async function mostExpensive(file: string, count: number): Promise<SelfTime[]> {
  const profile = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
  const functionOf = new Map<number, string>();
  for (const { id, callFrame } of profile.nodes) {
    const { functionName, url, lineNumber } = callFrame;
    functionOf.set(id, `${functionName || '(anonymous)'}\t${placeOf(url, lineNumber)}`);
  }
  const micros = new Map<string, number>();
  profile.samples.forEach((id, index) => {
    const name = functionOf.get(id) ?? 'unknown';
    micros.set(name, (micros.get(name) ?? 0) + profile.timeDeltas[index]!);
  });
  micros.delete('(idle)\t');
  const busy = [...micros.values()].reduce((total, each) => total + each, 0);
  return [...micros]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([key, own]) => {
      const [name = '', place = ''] = key.split('\t');
      return { name, place, seconds: own / 1e6, share: own / busy };
    });
}

function placeOf(url: string, line: number): string {
  if (url === '') return '';
  const path = url.replace(/^file:\/\//, '');
  const from = path.includes('/node_modules/') ? path.slice(path.lastIndexOf('/node_modules/') + 14) : undefined;
  return `${from ?? (path.startsWith('/') ? `${basename(dirname(path))}/${basename(path)}` : path)}:${line + 1}`;
}
