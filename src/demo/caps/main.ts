import { rm } from 'node:fs/promises';
import { Client, listenForSignals, ProgramError, tell } from '../../client';
import { type DemoServer, makeTemporaryFolder, startServer } from '../server';
import { CapsStory, refuseDifference } from './story';

const HELP = `An agent under caps, against a real server of its own with embedded PostgreSQL.

  npm run demo:caps

It works, gets stuck in a loop, is caught and paused; somebody looks and lets it go on; it comes to
its cap, which is raised once; it finishes. In the end every cent is booked, and nothing is held.

  --server URL   use this server (key in WEIR_API_KEY) instead of starting one
`;
/** How long a request is tried again. */
const PATIENCE_MS = 15_000;

const closers: (() => Promise<void>)[] = [];

async function demo(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { url, apiKey } = await reach(args, signal);
  const client = new Client({ url, apiKey, patienceMs: PATIENCE_MS, signal });
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(2).padStart(6);
  const say = (who: string, what: string) => process.stdout.write(`${seconds()} s  ${who.padEnd(11)} ${what}\n`);

  const result = await new CapsStory(client, `demo-${Date.now()}`, say).play();
  refuseDifference(result);
  process.stdout.write(
    `\n${result.steps} steps, ${result.stuckSteps} of them in the loop before it was caught.\n` +
      `The events cost ${result.events} USD; the holds were booked with ${result.holds} USD.\n` +
      result.caps.map(({ key, settled, held }) => `${key}: settled ${settled}, held ${held}\n`).join(''),
  );
}

async function reach(args: readonly string[], signal: AbortSignal): Promise<{ url: string; apiKey: string }> {
  const [flag, url, ...others] = args;
  if (flag === '--server' && url !== undefined && others.length === 0) {
    const apiKey = process.env.WEIR_API_KEY;
    if (apiKey === undefined) throw new ProgramError('--server needs the API key in WEIR_API_KEY.', 2);
    return { url, apiKey };
  }
  if (flag !== undefined) throw new ProgramError(`"${args.join(' ')}" is not understood; --help says what is.`, 2);
  const folder = await makeTemporaryFolder();
  closers.push(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const server: DemoServer = await startServer({ folder, signal, onLog: (text) => process.stderr.write(text) });
  closers.push(() => server.stop());
  return server;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const stop = new AbortController();
  const signalled = listenForSignals(stop);
  try {
    await demo(args, stop.signal);
    return 0;
  } catch (error) {
    return signalled() ?? tell('demo', error);
  } finally {
    for (const close of closers.reverse()) await close().catch((error: unknown) => tell('demo', error));
  }
}

// A reader that went away (`npm run demo:caps | head`) is no reason to leave a server behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
