import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CapsWorld, CUSTOMERS, Dice, SESSIONS, type Told } from '../model/caps-world';
import { dollars, thousandths } from '../model/caps-ledger';
import { build } from '../stories/demo-program';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import { killServerProcesses, type ServerProcess, startServerProcess } from '../support/server-process';

/**
 * Two processes decide over the same caps; one of them is killed (SIGKILL) again and again in the middle of it. Whoever
 * got no answer asks again by the same key or id. In the end every hold there is has ended, and the caps have counted
 * what the holds and events say.
 */
const KILLS = 6;
const ACTORS = 8;
/** So long a request that met a dead server waits before it is made again. */
const SOON_MS = 30;
const TIME_MS = 240_000;
const SEED = 5_501;

interface StoredHold {
  readonly id: string;
  readonly customer: string;
  readonly session: string;
  readonly status: string;
  readonly booked: { readonly cost?: string } | null;
}

let folder: string;
let database: TestDatabase;
let apiKey: string;
let steady: ServerProcess;
let fragile: ServerProcess;
const settings = { WEIR_DATABASE_POOL: '4' };
beforeAll(async () => {
  await build();
  folder = await mkdtemp(join(tmpdir(), 'weir-caps-killed-'));
  database = await createTestDatabase();
  steady = await startServerProcess(database.url, folder, settings);
  apiKey = steady.apiKey!;
  fragile = await startServerProcess(database.url, folder, settings);
}, TIME_MS);
afterAll(async () => {
  await steady.end('SIGTERM');
  killServerProcesses();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

it(
  `${KILLS} times: nothing is let in above a cap, nothing is counted twice or lost, and no hold is left`,
  async () => {
    const urls = [steady.url, fragile.url];
    const world = new CapsWorld(urls, apiKey, 'killed', { customer: 30_000, session: 12_000 });
    await world.open();
    const stop = new AbortController();
    /** Asks until somebody answers, on whichever server is up. */
    const insisting = async (method: string, path: string, body: object, server: number): Promise<Told> => {
      for (;;) {
        const told = await world.request(method, path, body, server).catch(() => null);
        if (told !== null && told.status !== 503) return told;
        await new Promise((later) => setTimeout(later, SOON_MS));
      }
    };
    const sent: { customer: string; cost: number; id: string; hold: boolean }[] = [];
    const said = new Map<string, number>();
    const overLimit: string[] = [];

    const life = async (dice: Dice): Promise<void> => {
      while (!stop.signal.aborted) {
        const server = dice.below(2);
        const work = { customer: world.customer(dice.one(CUSTOMERS)), session: dice.one(SESSIONS) };
        const estimate = { amount: dollars(1 + dice.below(300)) };
        const key = world.nextName();
        const told = await insisting('POST', '/v1/holds', { key, ...work, estimate }, server);
        if (told.status !== 200) throw new Error(JSON.stringify(told));
        if (told.body.decision !== 'allow') continue;
        for (const cap of told.body.caps as { settled: string; held: string; limit: string }[]) {
          if (thousandths(cap.settled) + thousandths(cap.held) > thousandths(cap.limit))
            overLimit.push(JSON.stringify(cap));
        }
        const hold = told.body.hold as string;
        const cost = dice.below(40);
        if (dice.below(2) === 0) {
          const ended = await insisting('POST', `/v1/holds/${hold}/settle`, { amount: dollars(cost) }, server);
          if (ended.status !== 200) throw new Error(JSON.stringify(ended));
          said.set(hold, cost);
          continue;
        }
        const id = world.nextName();
        const money = { amount: dollars(cost), currency: 'USD' };
        // One in four forgets its hold, which runs out by itself; here it is released at the end.
        const named = dice.below(4) > 0;
        const event = { id, type: 'work', ...work, cost: money, ...(named ? { hold } : {}) };
        const answered = await insisting('POST', '/v1/events', [event], server);
        if (answered.status !== 200) throw new Error(JSON.stringify(answered));
        sent.push({ customer: work.customer, cost, id, hold: named });
        if (named) said.set(hold, cost);
      }
    };

    const lives = Array.from({ length: ACTORS }, (_, actor) => life(new Dice(SEED + actor)));
    const failed = Promise.all(lives);
    failed.catch(() => stop.abort());
    const stopped = (): boolean => stop.signal.aborted;
    for (let kill = 0; kill < KILLS && !stopped(); kill += 1) {
      const before = said.size;
      while (said.size < before + 40 && !stopped()) await new Promise((later) => setTimeout(later, SOON_MS));
      await fragile.end('SIGKILL');
      fragile = await startServerProcess(database.url, folder, settings);
      urls[1] = fragile.url;
    }
    stop.abort();
    await failed;
    expect(overLimit).toEqual([]);

    const open = (await holds(world)).filter(({ status }) => status === 'open');
    for (const { id } of open) await world.made('POST', `/v1/holds/${id}/release`, {});
    const all = await holds(world);
    // Each hold that was answered is booked with what was said of it, or what its event cost.
    for (const hold of all)
      expect([hold.id, hold.booked?.cost ?? '0']).toEqual([hold.id, dollars(said.get(hold.id) ?? 0)]);
    expect([...said.keys()].filter((id) => !all.some((hold) => hold.id === id))).toEqual([]);

    const counted = await world.counted();
    for (const each of CUSTOMERS) {
      const customer = world.customer(each);
      const booked = all
        .filter((hold) => hold.customer === customer)
        .map((hold) => thousandths(hold.booked?.cost ?? '0'));
      const free = sent.filter((event) => event.customer === customer && !event.hold).map(({ cost }) => cost);
      const settled = [...booked, ...free].reduce((total, amount) => total + amount, 0);
      expect([each, counted[each]]).toEqual([each, { settled, held: 0 }]);
    }
  },
  TIME_MS,
);

async function holds(world: CapsWorld): Promise<StoredHold[]> {
  const all: StoredHold[] = [];
  for (const each of CUSTOMERS) {
    for (let cursor: string | null = ''; cursor !== null;) {
      const path = `/v1/holds?customer=${world.customer(each)}&limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page: { items: StoredHold[]; nextCursor: string | null } = await world.made('GET', path);
      all.push(...page.items.map((hold) => ({ ...hold, customer: world.customer(each) })));
      cursor = page.nextCursor;
    }
  }
  return all;
}
