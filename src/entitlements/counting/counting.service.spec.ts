import type { Logger } from '../../platform';
import type { Database } from '../../platform/database';
import { CountingService } from './counting.service';
import type { CountingOutcome, CountingTransaction } from './counting-transaction';

/** Turns that end when the test says so, each as it says. */
class Turns {
  readonly begun: string[] = [];
  private readonly ends: ((outcome: CountingOutcome | Error) => void)[] = [];
  private listeners: (() => void)[] = [];

  readonly transaction = {
    run: (organisationId: string, retryUnknown: boolean) =>
      new Promise<CountingOutcome>((resolve, reject) => {
        this.begun.push(`${organisationId}${retryUnknown ? ' again' : ''}`);
        this.ends.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)));
        for (const listener of this.listeners.splice(0)) listener();
      }),
  } as unknown as CountingTransaction;

  end(outcome: CountingOutcome | Error): void {
    this.ends.shift()!(outcome);
  }

  /** Resolves when so many have begun in all. */
  async count(turns: number): Promise<void> {
    while (this.begun.length < turns) await new Promise<void>((resolve) => this.listeners.push(resolve));
  }
}

function service(turns: Turns, isInTransaction = false): { counting: CountingService; told: unknown[] } {
  const told: unknown[] = [];
  const logger = { error: (what: object) => told.push(what), warn: (what: object) => told.push(what) };
  const database = { isInTransaction } as unknown as Database;
  return { counting: new CountingService(database, turns.transaction, logger as unknown as Logger), told };
}

it('counts what came while a turn was under way in one further turn, for all who ask', async () => {
  const turns = new Turns();
  const { counting } = service(turns);
  const [first, second, third] = [counting.now('o'), counting.now('o'), counting.now('o')];
  await turns.count(1);
  turns.end('done');
  await first;
  await turns.count(2);
  turns.end('nothing');
  await Promise.all([second, third]);
  expect(turns.begun).toEqual(['o', 'o']);
});

it('goes on while more waits, and begins again when it has to', async () => {
  const turns = new Turns();
  const { counting } = service(turns);
  const counted = counting.now('o');
  for (const [place, outcome] of (['again', 'more', 'again', 'done'] as const).entries()) {
    await turns.count(place + 1);
    turns.end(outcome);
  }
  await counted;
  expect(turns.begun).toHaveLength(4);
});

it('tells whoever asked that it failed, and the next one is none the worse', async () => {
  const turns = new Turns();
  const { counting } = service(turns);
  const [failing, next] = [counting.now('o'), counting.now('o')];
  await turns.count(1);
  turns.end(new Error('the database is away'));
  await expect(failing).rejects.toThrow('the database is away');
  await turns.count(2);
  turns.end('done');
  await next;
});

it('begins again once after a deadlock, and says so', async () => {
  const turns = new Turns();
  const { counting, told } = service(turns);
  const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' });
  const counted = counting.now('o');
  await turns.count(1);
  turns.end(deadlock);
  await turns.count(2);
  turns.end(deadlock);
  await expect(counted).rejects.toThrow('deadlock detected');
  expect(told).toHaveLength(1);
});

it('refuses to be asked within a transaction, which might wait for itself', async () => {
  await expect(service(new Turns(), true).counting.now('o')).rejects.toThrow('within a transaction');
});

it('a few organisations at a time; the others wait in their order', async () => {
  const turns = new Turns();
  const { counting } = service(turns);
  const all = ['a', 'b', 'c', 'd', 'e'].map((organisation) => counting.now(organisation));
  await turns.count(3);
  turns.end('nothing');
  await turns.count(4);
  expect(turns.begun).toEqual(['a', 'b', 'c', 'd']);
  for (let left = 0; left < 4; left += 1) {
    turns.end('nothing');
    await turns.count(Math.min(5, 5 + left));
  }
  await Promise.all(all);
});

it('a kick counts soon, however often it comes, and its failure is told to the log alone', async () => {
  const turns = new Turns();
  const { counting, told } = service(turns);
  counting.kick('o');
  counting.kick('o');
  await turns.count(1);
  turns.end(new Error('away'));
  await counting.drain();
  expect([turns.begun, told.length]).toEqual([['o'], 1]);
});

it('a stop waits for what is under way and begins nothing more', async () => {
  const turns = new Turns();
  const { counting } = service(turns);
  const counted = counting.now('o');
  counting.kick('p');
  let isDrained = false;
  const drained = counting.drain().then(() => (isDrained = true));
  await turns.count(1);
  expect(isDrained).toBe(false);
  turns.end('done');
  await Promise.all([counted, drained]);
  counting.kick('o');
  expect(turns.begun).toEqual(['o']);
});
