import { CapsLedger, dollars, type RecordedHold, thousandths } from './caps-ledger';

/** What came back of a request. `body` is the parsed JSON. */
export interface Told {
  readonly status: number;
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- a test says itself what it expects
}

export interface CapsLimits {
  /** Of each customer and month, in thousandths of a dollar. */
  readonly customer: number;
  /** Of each session. */
  readonly session: number;
}

export const CUSTOMERS = ['ada', 'ben'];
export const SESSIONS = ['s1', 's2', 's3'];
const CURRENCY = 'USD';
/** Enough for a cap to be raised for as long as a test lasts. */
const AN_HOUR_MS = 3_600_000;

/** Random numbers that are the same for the same seed. */
export class Dice {
  constructor(private state: number) {}

  below(bound: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * bound);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }
}

/** Some customers under hard caps, on however many servers of one database; and what was done to them. */
export class CapsWorld {
  readonly ledger = new CapsLedger();
  /** Answers that let work in although a hard cap had no room for it, by the answer's own figures. */
  readonly broken: string[] = [];
  private numbers = 0;

  constructor(
    /** Addresses, which may change while servers are killed and started. */
    readonly urls: string[],
    private readonly apiKey: string,
    readonly name: string,
    private readonly limits: CapsLimits,
  ) {}

  customer = (customer: string): string => `${this.name}-${customer}`;

  async open(): Promise<void> {
    for (const each of CUSTOMERS) {
      const customer = this.customer(each);
      await this.made('POST', '/v1/customers', { key: customer, name: each });
      const cap = { scope: { customer }, measure: 'cost', kind: 'hard' };
      await this.made('POST', '/v1/caps', {
        ...cap,
        key: `${customer}-month`,
        period: 'month',
        limit: dollars(this.limits.customer),
      });
      await this.made('POST', '/v1/caps', {
        ...cap,
        key: `${customer}-session`,
        each: ['session'],
        period: 'session',
        limit: dollars(this.limits.session),
      });
    }
  }

  async request(method: string, path: string, body?: unknown, server = 0): Promise<Told> {
    const response = await fetch(`${this.urls[server % this.urls.length]}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** A request that must be taken. */
  async made(method: string, path: string, body?: unknown): Promise<Told['body']> {
    const { status, body: answer } = await this.request(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path} was answered ${status}: ${JSON.stringify(answer)}`);
    return answer;
  }

  nextName(): string {
    return `${this.name}-${(this.numbers += 1)}`;
  }

  /** Asks for a hold. @returns it where it was granted */
  async hold(
    server: number,
    work: { customer: string; session: string },
    amount: number,
    ttl = '10m',
  ): Promise<RecordedHold | null> {
    const key = this.nextName();
    const body = { key, ...work, ttl, estimate: { amount: dollars(amount) } };
    const { status, body: answer } = await this.request('POST', '/v1/holds', body, server);
    if (status !== 200) throw new Error(`A hold was answered ${status}: ${JSON.stringify(answer)}`);
    if (answer.decision !== 'allow') return null;
    for (const cap of answer.caps as { key: string; kind: string; settled: string; held: string; limit: string }[]) {
      if (thousandths(cap.settled) + thousandths(cap.held) > thousandths(cap.limit))
        this.broken.push(`${key} was let in: ${JSON.stringify(cap)}`);
    }
    const hold: RecordedHold = {
      id: answer.hold,
      ...work,
      held: amount,
      state: 'open',
      stated: null,
      estimated: false,
      used: null,
    };
    this.ledger.holds.set(hold.id, hold);
    return hold;
  }

  /** @param amount null says nothing, so that what was held is booked as an estimate */
  async settle(server: number, hold: RecordedHold, amount: number | null): Promise<Told> {
    const body = amount === null ? {} : { amount: dollars(amount) };
    const told = await this.request('POST', `/v1/holds/${hold.id}/settle`, body, server);
    if (told.status === 200 && hold.stated === null) {
      // What an estimate stood for is what was held when it was settled.
      hold.stated = amount ?? hold.held;
      hold.estimated = amount === null;
      if (hold.state === 'open') hold.state = 'settled';
    }
    return told;
  }

  async release(server: number, hold: RecordedHold): Promise<Told> {
    const told = await this.request('POST', `/v1/holds/${hold.id}/release`, {}, server);
    if (told.status === 200) hold.state = 'released';
    return told;
  }

  /** More of the same hold. @returns whether it was granted */
  async extend(server: number, hold: RecordedHold, more: number): Promise<boolean> {
    const told = await this.request('POST', `/v1/holds/${hold.id}/extend`, { amount: dollars(more) }, server);
    if (told.status !== 200 || told.body.decision !== 'allow') return false;
    hold.held += more;
    return true;
  }

  /** Work that was done: of a hold, or of none. */
  async event(server: number, work: { customer: string; session: string } | RecordedHold, cost: number): Promise<void> {
    const hold = 'id' in work ? work : null;
    const event = {
      id: this.nextName(),
      type: 'work',
      customer: work.customer,
      session: work.session,
      cost: { amount: dollars(cost), currency: CURRENCY },
      ...(hold === null ? {} : { hold: hold.id }),
    };
    const { status, body } = await this.request('POST', '/v1/events', event, server);
    if (status !== 200) throw new Error(`An event was answered ${status}: ${JSON.stringify(body)}`);
    if (hold === null) {
      this.ledger.events.push({ customer: work.customer, session: work.session, cost });
      return;
    }
    hold.used = (hold.used ?? 0) + cost;
    if (hold.state === 'open') hold.state = 'settled';
  }

  /** Lets a cap allow more for an hour. */
  async raise(server: number, capKey: string, by: number): Promise<void> {
    const until = new Date(Date.now() + AN_HOUR_MS).toISOString();
    const body = { by: dollars(by), until, approvedBy: 'kim', reason: 'a test' };
    const { status, body: answer } = await this.request('POST', `/v1/caps/${capKey}/raise`, body, server);
    if (status >= 300) throw new Error(`A raise was answered ${status}: ${JSON.stringify(answer)}`);
  }

  /** What the server says its caps have counted: by customer, and by customer and session. */
  async counted(): Promise<Record<string, { settled: number; held: number }>> {
    const all: Record<string, { settled: number; held: number }> = {};
    for (const each of CUSTOMERS) {
      for (const suffix of ['month', 'session']) {
        const cap = await this.made('GET', `/v1/caps/${this.customer(each)}-${suffix}`);
        for (const { values, settled, held } of cap.counters as { values: object; settled: string; held: string }[])
          all[[each, ...Object.values(values)].join(' ')] = { settled: thousandths(settled), held: thousandths(held) };
      }
    }
    return all;
  }

  /** What it should say, as far as there is anything. */
  expected(): Record<string, { settled: number; held: number }> {
    const all: Record<string, { settled: number; held: number }> = {};
    for (const each of CUSTOMERS) {
      const customer = this.customer(each);
      for (const session of [null, ...SESSIONS]) {
        const name = session === null ? each : `${each} ${session}`;
        all[name] = { settled: this.ledger.settled(customer, session), held: this.ledger.held(customer, session) };
      }
    }
    return all;
  }
}
