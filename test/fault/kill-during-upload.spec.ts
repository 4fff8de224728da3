import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoResult } from '../../src/demo/result';
import { runDemo } from '../../src/demo/run';
import { type DemoServer, startServer } from '../../src/demo/server';
import { countOfEvents } from '../../src/demo/scenario';
import { traceText } from '../../src/demo/trace';
import { makeWorkload } from '../../src/demo/workload';
import { build, SERVER_PROGRAM } from '../stories/demo-program';
import { recompute } from '../stories/recompute-trace';

/**
 * The server is killed (SIGKILL: no handler runs) while batches are under way, and started again on the same data.
 * What was answered is kept, what was not is sent again under the same ids, and every event counts once.
 */
const ROWS = 12_000;
const STORY_MS = 180_000;
const requests = makeWorkload(ROWS, 21);
const events = countOfEvents(ROWS);

describe('SIGKILL of the server during the upload', () => {
  let folder: string;
  let running: DemoServer[];
  const never = new AbortController().signal;
  const start = async (port = 0) => {
    const server = await startServer({ folder, port, signal: never, onLog: () => undefined, program: SERVER_PROGRAM });
    running.push(server);
    return server;
  };

  beforeAll(build, STORY_MS);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-kill-'));
    running = [];
  });
  afterEach(async () => {
    for (const server of running) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }, STORY_MS);

  /** Runs the demo and calls `midway` once, when so many events are answered and others are under way. */
  const run = (server: DemoServer, patienceMs: number, after = Infinity, midway = () => undefined as unknown) => {
    let called = false;
    return runDemo({ url: server.url, apiKey: server.apiKey, patienceMs, signal: never }, requests, {
      step: () => undefined,
      uploading: ({ sent }) => {
        if (called || sent < after) return;
        called = true;
        midway();
      },
    });
  };

  function expectRecomputed({ customers }: DemoResult): void {
    const expected = recompute(traceText(requests));
    expect(expected.events).toBe(events);
    const shortest = (decimal: string) => (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal);
    expect(
      customers.map(({ key, invoice }) => ({
        key,
        cost: shortest(invoice.cost.amount),
        revenue: shortest(invoice.exactTotal),
        margin: shortest(invoice.margin),
        total: invoice.total,
        lines: invoice.lines.map(({ quantity, exactAmount, amount }) => ({
          quantity: shortest(quantity),
          exactAmount: shortest(exactAmount),
          amount,
        })),
      })),
    ).toEqual(expected.customers);
  }

  it(
    'the sender gives up; after a restart a second run resumes, twice over, and bills every event once',
    async () => {
      let answered = 0;
      for (const share of [0.3, 0.7]) {
        const server = await start();
        const broken = run(server, 300, events * share, () => process.kill(server.pid, 'SIGKILL'));
        await expect(broken).rejects.toThrow('does not answer POST /v1/events');
        await server.ended;
        answered = events * share;
      }

      const { events: counts, ...result } = await run(await start(), 300);
      expect(counts.sent).toBe(events);
      expect(counts.accepted + counts.duplicates).toBe(events);
      // All that was answered before is known, and some was still to come.
      expect(counts.duplicates).toBeGreaterThanOrEqual(answered);
      expect(counts.accepted).toBeGreaterThan(0);
      expectRecomputed({ events: counts, ...result });

      const again = await run(running.at(-1)!, 300);
      expect(again.events).toEqual({ sent: events, accepted: 0, duplicates: events });
      expectRecomputed(again);
    },
    STORY_MS,
  );

  it(
    'the sender waits; the server comes back at its old address and the same run ends as if nothing had been',
    async () => {
      const port = await freePort();
      const first = await start(port);
      let restarted: Promise<unknown> = Promise.resolve();
      const result = await run(first, 60_000, events / 2, () => {
        process.kill(first.pid, 'SIGKILL');
        restarted = first.ended.then(() => start(port));
      });
      await restarted;

      // A batch that was committed but whose answer was lost comes back as duplicates.
      expect(result.events.accepted + result.events.duplicates).toBe(events);
      expect(running).toHaveLength(2);
      expectRecomputed(result);
    },
    STORY_MS,
  );
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((ready) => probe.listen(0, '127.0.0.1', ready));
  const { port } = probe.address() as AddressInfo;
  await new Promise((closed) => probe.close(closed));
  return port;
}
