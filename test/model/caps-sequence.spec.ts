import fc from 'fast-check';
import { Clock } from '../../src/kernel';
import { startTestServer, type TestServer } from '../support/server';
import { bookedOf, dollars, type RecordedHold, thousandths } from './caps-ledger';

/**
 * One request after the other, against a small model that knows each answer beforehand: who is let in, by which cap who
 * isn't, what is booked, and in which day. Replay: WEIR_CAPS_SEED; more: WEIR_CAPS_RUNS.
 */
const RUNS = Number(process.env.WEIR_CAPS_RUNS ?? 12);
const SEED = Number(process.env.WEIR_CAPS_SEED ?? 410_903);

const START = Date.parse('2026-03-30T09:00:00Z');
const MINUTE = 60_000;
const DAY = 86_400_000;
const TTL_MINUTES = 30;
const SESSIONS = ['s1', 's2'];

class HandClock extends Clock {
  at = START;
  now(): Date {
    return new Date(this.at);
  }
}

type Command =
  | { do: 'hold'; session: number; amount: number }
  | { do: 'settle'; hold: number; amount: number | null }
  | { do: 'release'; hold: number }
  | { do: 'extend'; hold: number; more: number }
  | { do: 'event'; hold: number | null; session: number; cost: number }
  | { do: 'raise'; cap: number; to: number; minutes: number }
  | { do: 'wait'; minutes: number };

const hold = fc.nat(9);
const amount = fc.integer({ min: 1, max: 4_000 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('hold' as const), session: fc.nat(1), amount }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), hold, amount: fc.option(amount) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), hold }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('extend' as const), hold, more: fc.nat(900) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('event' as const),
      hold: fc.option(hold),
      session: fc.nat(1),
      cost: amount,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('raise' as const),
      cap: fc.nat(2),
      to: fc.integer({ min: 1, max: 20_000 }),
      minutes: fc.integer({ min: 1, max: 2_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 900 }) }) },
);

interface ModelHold extends RecordedHold {
  readonly day: number;
  expiresAt: number;
}

interface ModelCap {
  readonly key: 'day' | 'session' | 'total';
  readonly limit: number;
  readonly raises: { readonly to: number; readonly until: number }[];
}

/** What should happen. */
class Model {
  readonly holds: ModelHold[] = [];
  private readonly events: { session: string; day: number; cost: number }[] = [];
  readonly caps: ModelCap[] = [
    { key: 'day', limit: 9_000, raises: [] },
    { key: 'session', limit: 11_000, raises: [] },
    { key: 'total', limit: 25_000, raises: [] },
  ];

  constructor(private readonly clock: HandClock) {}

  today = (): number => Math.floor(this.clock.at / DAY);

  counted(cap: ModelCap, session: string, day = this.today()): { settled: number; held: number } {
    const inCap = (work: { session: string; day: number }): boolean =>
      cap.key === 'total' || (cap.key === 'day' ? work.day === day : work.session === session);
    const add = (total: number, each: number): number => total + each;
    return {
      settled:
        this.events.filter(inCap).map(({ cost }) => cost).reduce(add, 0) +
        this.holds.filter(inCap).map(bookedOf).reduce(add, 0),
      held: this.holds.filter((each) => inCap(each) && this.isOpen(each)).map(({ held }) => held).reduce(add, 0),
    }; // prettier-ignore
  }

  isOpen(each: ModelHold): boolean {
    return each.state === 'open' && each.expiresAt > this.clock.at;
  }

  limit({ limit, raises }: ModelCap): number {
    return Math.max(limit, ...raises.filter(({ until }) => until > this.clock.at).map(({ to }) => to));
  }

  /** The caps that have no room for so much more. */
  refusing(session: string, more: number, day = this.today()): string[] {
    return this.caps
      .filter((cap) => {
        const { settled, held } = this.counted(cap, session, day);
        return settled + held + more > this.limit(cap);
      })
      .map(({ key }) => key);
  }

  event(session: string, cost: number): void {
    this.events.push({ session, day: this.today(), cost });
  }
}

let server: TestServer;
const clock = new HandClock();
let organisations = 0;
beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' }, { clock });
});
afterAll(() => server.stop());

it(
  `lets in and counts what a small model lets in and counts (WEIR_CAPS_SEED=${SEED})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 30 }), async (commands) => {
        clock.at = START;
        const life = await Life.begin();
        for (const each of commands) await life.act(each);
        await life.compare();
      }),
      { numRuns: RUNS, seed: SEED },
    );
  },
  60_000 + RUNS * 20_000,
);

class Life {
  private readonly model = new Model(clock);
  private names = 0;

  private constructor(private readonly apiKey: string) {}

  static async begin(): Promise<Life> {
    const { apiKey } = await server.organisation(`Caps ${(organisations += 1)}`);
    const life = new Life(apiKey);
    await life.made('POST', '/v1/customers', { key: 'acme', name: 'Acme', timeZone: 'UTC' });
    const cap = { scope: { customer: 'acme' }, measure: 'cost', kind: 'hard' };
    const [day, session, total] = life.model.caps;
    await life.made('POST', '/v1/caps', { ...cap, key: 'day', period: 'day', limit: dollars(day!.limit) });
    const each = { each: ['session'], period: 'session' };
    await life.made('POST', '/v1/caps', { ...cap, key: 'session', ...each, limit: dollars(session!.limit) });
    await life.made('POST', '/v1/caps', { ...cap, key: 'total', period: 'lifetime', limit: dollars(total!.limit) });
    return life;
  }

  private request(method: string, path: string, body?: unknown): ReturnType<TestServer['api']> {
    return server.api(method, path, body, this.apiKey);
  }

  private async made(method: string, path: string, body?: unknown): Promise<any> { // eslint-disable-line @typescript-eslint/no-explicit-any
    const { status, body: answer } = await this.request(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path} was answered ${status}: ${JSON.stringify(answer)}`);
    return answer;
  } // prettier-ignore

  async act(command: Command): Promise<void> {
    switch (command.do) {
      case 'wait':
        clock.at += command.minutes * MINUTE;
        return;
      case 'hold':
        return this.hold(SESSIONS[command.session]!, command.amount);
      case 'settle':
        return this.settle(this.pick(command.hold), command.amount);
      case 'release':
        return this.release(this.pick(command.hold));
      case 'extend':
        return this.extend(this.pick(command.hold), command.more);
      case 'event':
        return this.event(command.hold === null ? null : this.pick(command.hold), command.session, command.cost);
      case 'raise':
        return this.raise(this.model.caps[command.cap]!, command.to, command.minutes);
    }
  }

  private pick(index: number): ModelHold | null {
    const { holds } = this.model;
    return holds.length === 0 ? null : holds[index % holds.length]!;
  }

  private async hold(session: string, amount: number): Promise<void> {
    const refusing = this.model.refusing(session, amount);
    const ttl = `${TTL_MINUTES}m`;
    const answer = await this.made('POST', '/v1/holds', {
      customer: 'acme',
      session,
      ttl,
      estimate: { amount: dollars(amount) },
    });
    expect([answer.decision, answer.reason]).toEqual(
      refusing.length === 0 ? ['allow', null] : ['deny', 'cap_exceeded'],
    );
    const exceeded = (answer.caps as { key: string; exceeded: boolean }[]).filter((cap) => cap.exceeded);
    expect(exceeded.map(({ key }) => key).sort()).toEqual(refusing.sort());
    if (refusing.length > 0) return;
    this.model.holds.push({
      id: answer.hold,
      customer: 'acme',
      session,
      held: amount,
      state: 'open',
      stated: null,
      estimated: false,
      used: null,
      day: this.model.today(),
      expiresAt: clock.at + TTL_MINUTES * MINUTE,
    });
    for (const cap of answer.caps as { key: string; settled: string; held: string; limit: string }[]) {
      const own = this.model.caps.find(({ key }) => key === cap.key)!;
      const { settled, held } = this.model.counted(own, session);
      expect(cap).toMatchObject({ settled: dollars(settled), limit: dollars(this.model.limit(own)) });
      // What has run out since the last look may still be there.
      expect(thousandths(cap.held)).toBeGreaterThanOrEqual(held);
    }
  }

  private async settle(hold: ModelHold | null, amount: number | null): Promise<void> {
    if (hold === null) return;
    const body = amount === null ? {} : { amount: dollars(amount) };
    const { status, body: answer } = await this.request('POST', `/v1/holds/${hold.id}/settle`, body);
    const isCertain = hold.stated !== null && !hold.estimated;
    if (hold.state === 'released' || isCertain) {
      // Said before, or given up: the same again is answered the same, anything else is refused.
      if (status !== 200) expect([status, answer.code]).toEqual([409, 'hold_ended']);
      return;
    }
    expect(status).toBe(200);
    // An estimate gives way to what is said later.
    const isFirst = hold.stated === null;
    if (!isFirst && amount === null) return;
    const late = !this.model.isOpen(hold);
    hold.stated = amount ?? hold.held;
    hold.estimated = amount === null;
    if (hold.state === 'open') hold.state = 'settled';
    if (isFirst) expect((answer.flags as string[]).includes('late')).toBe(late && hold.used === null);
    expect((answer.flags as string[]).includes('estimated')).toBe(hold.estimated && hold.used === null);
    expect(answer.booked.cost ?? '0').toBe(dollars(bookedOf(hold)));
  }

  private async release(hold: ModelHold | null): Promise<void> {
    if (hold === null || !this.model.isOpen(hold)) return;
    await this.made('POST', `/v1/holds/${hold.id}/release`, {});
    hold.state = 'released';
  }

  private async extend(hold: ModelHold | null, more: number): Promise<void> {
    if (hold === null || !this.model.isOpen(hold)) return;
    const refusing = this.model.refusing(hold.session, more, hold.day);
    const answer = await this.made('POST', `/v1/holds/${hold.id}/extend`, { amount: dollars(more) });
    expect(answer.decision).toBe(refusing.length === 0 ? 'allow' : 'deny');
    if (refusing.length === 0) hold.held += more;
  }

  private async event(hold: ModelHold | null, session: number, cost: number): Promise<void> {
    const work = { customer: 'acme', session: hold === null ? SESSIONS[session]! : hold.session };
    await this.made('POST', '/v1/events', {
      ...work,
      id: `event-${(this.names += 1)}`,
      type: 'work',
      time: clock.now().toISOString(),
      cost: { amount: dollars(cost), currency: 'USD' },
      ...(hold === null ? {} : { hold: hold.id }),
    });
    if (hold === null) {
      this.model.event(work.session, cost);
      return;
    }
    hold.used = (hold.used ?? 0) + cost;
    if (this.model.isOpen(hold)) hold.state = 'settled';
  }

  private async raise(cap: ModelCap, to: number, minutes: number): Promise<void> {
    const until = clock.at + minutes * MINUTE;
    const body = { limit: dollars(to), until: new Date(until).toISOString(), approvedBy: 'kim', reason: 'a test' };
    const { status, body: answer } = await this.request('POST', `/v1/caps/${cap.key}/raise`, body);
    // What raises nothing is refused.
    if (to <= cap.limit) expect([status, answer.code]).toEqual([422, 'invalid_cap']);
    else {
      expect(status).toBeLessThan(300);
      cap.raises.push({ to, until });
    }
  }

  async compare(): Promise<void> {
    for (const cap of this.model.caps) {
      const { counters } = await this.made('GET', `/v1/caps/${cap.key}`);
      for (const session of cap.key === 'session' ? SESSIONS : ['']) {
        const { settled } = this.model.counted(cap, session);
        const own = (counters as { values: { session?: string }; settled: string }[]).find(
          ({ values }) => (values.session ?? '') === session,
        );
        expect([cap.key, session, own?.settled ?? '0']).toEqual([cap.key, session, dollars(settled)]);
      }
    }
  }
}
