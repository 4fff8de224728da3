import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVER_PROGRAM } from '../stories/demo-program';

const LOOK_EVERY_MS = 20;

/** A built server as a process of its own, which can be killed. */
export interface ServerProcess {
  readonly url: string;
  /** Only of the start that made the organisation. */
  readonly apiKey: string | undefined;
  /** Ends it at once (SIGKILL: no handler runs) or asks it to stop (SIGTERM). @returns exit code and signal */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<unknown[]>;
}

const running = new Set<ChildProcess>();
let started = 0;

/** Starts the built server on a database. Build before. @param folder of the test, for the file that says it is ready */
export async function startServerProcess(
  databaseUrl: string,
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const readyFile = join(folder, `ready-${(started += 1)}.json`);
  const child = spawn(process.execPath, [SERVER_PROGRAM], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: databaseUrl,
      WEIR_PORT: '0',
      WEIR_LOG_LEVEL: 'warn',
      WEIR_READY_FILE: readyFile,
      ...settings,
    },
    stdio: 'ignore',
  });
  running.add(child);
  const exited = once(child, 'exit').finally(() => running.delete(child));
  for (;;) {
    const ready = await readFile(readyFile, 'utf8').catch(() => null);
    if (ready !== null) {
      const { url, apiKey } = JSON.parse(ready) as { url: string; apiKey: string | undefined };
      return {
        url,
        apiKey,
        end: (signal) => {
          child.kill(signal);
          return exited;
        },
      };
    }
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode} before it was ready.`);
    await new Promise((soon) => setTimeout(soon, LOOK_EVERY_MS));
  }
}

/** For `afterAll`: whatever a failed test left running. */
export function killServerProcesses(): void {
  for (const child of running) child.kill('SIGKILL');
}
