import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { build } from '../stories/demo-program';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import { killServerProcesses, type ServerProcess, startServerProcess } from '../support/server-process';
import { CUSTOMERS, type CapsLimits, CapsWorld, Dice, SESSIONS } from './caps-world';
import { dollars, type RecordedHold } from './caps-ledger';

/**
 * Holds, settlements, events and raises, many at once, on one, two and four server processes of one database. Whatever
 * their order was: no hold was let in above a hard cap, and what the caps have counted is what the actors were told.
 * Replay what failed with WEIR_CAPS_SEED; more of it with WEIR_CAPS_ROUNDS.
 */
const SEED = Number(process.env.WEIR_CAPS_SEED ?? 77_031);
const ROUNDS = Number(process.env.WEIR_CAPS_ROUNDS ?? 2);
const ACTORS = 12;
const STEPS = 25;
const LIMITS: CapsLimits = { customer: 20_000, session: 9_000 };
const TIME_MS = 240_000;

let folder: string;
let database: TestDatabase;
let observer: Client;
const servers: ServerProcess[] = [];
let apiKey = '';
beforeAll(async () => {
  await build();
  folder = await mkdtemp(join(tmpdir(), 'weir-caps-'));
  database = await createTestDatabase();
  observer = new Client({ connectionString: database.url });
  await observer.connect();
}, TIME_MS);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.end('SIGTERM')));
  killServerProcesses();
  await observer.end();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function urls(count: number): Promise<string[]> {
  while (servers.length < count) {
    const server = await startServerProcess(database.url, folder, { WEIR_DATABASE_POOL: '4' });
    if (server.apiKey !== undefined) apiKey = server.apiKey;
    servers.push(server);
  }
  return servers.slice(0, count).map(({ url }) => url);
}

/** The most that each hard cap was ever above its limit while others worked, looked at from outside. */
async function watched(name: string, work: Promise<unknown>): Promise<string[]> {
  const above: string[] = [];
  const over = new AbortController();
  const working = work.finally(() => over.abort());
  while (!over.signal.aborted) {
    const { rows } = await observer.query<{ key: string; counted: string }>(
      `SELECT cap.key, c.settled + c.held AS counted FROM cap_counter c JOIN cap ON cap.id = c.cap_id
        WHERE cap.key LIKE $1 AND c.settled + c.held > cap.limit_amount`,
      [`${name}-%`],
    );
    above.push(...rows.map(({ key, counted }) => `${key}: ${counted}`));
  }
  await working;
  return above;
}

describe.each([1, 2, 4])('on %i processes', (processes) => {
  it(
    '1,000 holds of 0.10 at once under a cap of 5: exactly 50 pass',
    async () => {
      const world = new CapsWorld(await urls(processes), apiKey, `burst-${processes}`, {
        customer: 5_000,
        session: 1_000_000,
      });
      await world.open();
      const work = { customer: world.customer('ada'), session: 's1' };
      // 200 callers with five requests each: as many sockets as a machine that is busy still takes at once.
      const caller = async (first: number): Promise<number> => {
        let passed = 0;
        for (let each = 0; each < 5; each += 1) if ((await world.hold(first + each, work, 100)) !== null) passed += 1;
        return passed;
      };
      const asked = Promise.all(Array.from({ length: 200 }, (_, index) => caller(index)));
      const above = await watched(world.name, asked);
      expect((await asked).reduce((all, passed) => all + passed, 0)).toBe(50);
      expect([...world.broken, ...above]).toEqual([]);
      expect((await world.counted())['ada']).toEqual({ settled: 0, held: 5_000 });
    },
    TIME_MS,
  );

  it(
    'work that never costs more than its hold: no cap is above its limit at any moment',
    async () => {
      const world = new CapsWorld(await urls(processes), apiKey, `tame-${processes}`, LIMITS);
      await world.open();
      const actors = Array.from({ length: ACTORS }, (_, actor) => tameLife(world, new Dice(SEED + actor)));
      const above = await watched(world.name, Promise.all(actors));
      expect([...world.broken, ...above]).toEqual([]);
      expect(await world.counted()).toEqual(world.expected());
    },
    TIME_MS,
  );

  it.each(Array.from({ length: ROUNDS }, (_, round) => SEED + 1_000 * round))(
    'whatever happens, in any order: what is counted is what happened (WEIR_CAPS_SEED=%i)',
    async (seed) => {
      const world = new CapsWorld(await urls(processes), apiKey, `wild-${processes}-${seed}`, LIMITS);
      await world.open();
      await Promise.all(Array.from({ length: ACTORS }, (_, actor) => wildLife(world, new Dice(seed + actor))));
      expect(world.broken).toEqual([]);
      expect(await world.counted()).toEqual(world.expected());
      // Nothing leaks: once all holds have ended, nothing is held.
      for (const hold of [...world.ledger.holds.values()].filter(({ state }) => state === 'open'))
        await world.release(0, hold);
      expect(await world.counted()).toEqual(world.expected());
      expect(Object.values(world.expected()).every(({ held }) => held === 0)).toBe(true);
    },
    TIME_MS,
  );
});

const workOf = (world: CapsWorld, dice: Dice) => ({
  customer: world.customer(dice.one(CUSTOMERS)),
  session: dice.one(SESSIONS),
});

/** Only holds, and work that stays within them. */
async function tameLife(world: CapsWorld, dice: Dice): Promise<void> {
  const own: RecordedHold[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const server = dice.below(8);
    const hold = own.length > 0 && dice.below(2) === 0 ? own.splice(dice.below(own.length), 1)[0]! : null;
    if (hold === null) {
      const granted = await world.hold(server, workOf(world, dice), 1 + dice.below(900));
      if (granted !== null) own.push(granted);
    } else if (dice.below(3) === 0) await world.release(server, hold);
    else if (dice.below(2) === 0) await world.event(server, hold, dice.below(hold.held + 1));
    else await world.settle(server, hold, dice.below(hold.held + 1));
  }
}

/** Everything: more than was held, nothing said, said twice, events of holds and of none, more of a hold, raised caps. */
async function wildLife(world: CapsWorld, dice: Dice): Promise<void> {
  const own: RecordedHold[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const server = dice.below(8);
    const work = workOf(world, dice);
    const hold = own.length > 0 ? dice.one(own) : null;
    const what = dice.below(12);
    if (hold === null || what < 4) {
      const granted = await world.hold(server, work, 1 + dice.below(900));
      if (granted !== null) own.push(granted);
    } else if (what < 5) await world.event(server, work, dice.below(400));
    else if (what < 7) await world.event(server, hold, dice.below(700));
    else if (what < 8) {
      if (hold.state === 'open') await world.extend(server, hold, 1 + dice.below(200));
    } else if (what < 9) {
      const cap = `${work.customer}-${dice.one(['month', 'session'])}`;
      await world.raise(server, cap, dice.below(500));
    } else if (what < 10) {
      if (hold.state === 'open') await world.release(server, hold);
    } else await settleSomehow(world, dice, server, hold);
  }
}

async function settleSomehow(world: CapsWorld, dice: Dice, server: number, hold: RecordedHold): Promise<void> {
  if (hold.state === 'released' || hold.stated !== null) return;
  const amount = dice.below(3) === 0 ? null : dice.below(1_200);
  if (dice.below(3) > 0) {
    await world.settle(server, hold, amount);
    return;
  }
  // The same twice, on two servers at once: once is booked, and both are told so.
  const [one, other] = await Promise.all([world.settle(server, hold, amount), world.settle(server + 1, hold, amount)]);
  if (one.status !== 200 || JSON.stringify(one.body) !== JSON.stringify(other.body))
    throw new Error(
      `Settled twice with ${amount === null ? 'nothing' : dollars(amount)}: ${JSON.stringify([one, other])}`,
    );
}
