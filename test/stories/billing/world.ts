import { advance, made, makeClock } from '../../support/books';
import type { Answer, TestServer } from '../../support/server';
import { instantOf, localOf } from './local-time';

/** What of a story its world is made from. */
export interface Scene {
  readonly title: string;
  readonly timeZone?: string;
  readonly plans: readonly PlanRequest[];
  readonly steps: readonly { readonly at: string }[];
  readonly ledger?: Readonly<Record<string, string>>;
}

/** A plan as it is asked for; a story says what of it matters. */
export interface PlanRequest {
  readonly key: string;
  readonly name: string;
  readonly currency: string;
  readonly interval: string;
  readonly prices: readonly PriceRequest[];
  readonly [term: string]: unknown;
}

export interface PriceRequest {
  readonly key: string;
  readonly name: string;
  readonly charge: Readonly<Record<string, unknown>>;
  readonly [term: string]: unknown;
}

export const CUSTOMER = 'acme';
export const MAIN = 'main';

const DECIMALS: Readonly<Record<string, number>> = { JPY: 0, KWD: 3 };
export const decimalsOf = (story: Pick<Scene, 'plans'>): number => DECIMALS[story.plans[0]!.currency] ?? 2;

/** An organisation of its own, with the customer, the clock and the plans of one story. */
export class World {
  private sent = 0;
  /** When the step that is done now is, by the customer's clock. */
  stepAt = '';
  /** The newest change of the subscription, as it was answered. */
  lastChange: Answer['body'];

  private constructor(
    private readonly server: TestServer,
    private readonly apiKey: string,
    readonly story: Scene,
    readonly timeZone: string,
    private now: string,
    private readonly clock: string,
  ) {}

  static async of(server: TestServer, story: Scene): Promise<World> {
    const { apiKey } = await server.organisation(story.title.slice(0, 100));
    const timeZone = story.timeZone ?? 'UTC';
    const now = instantOf(story.steps[0]!.at, timeZone);
    const api = { api: (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey) };
    const world = new World(server, apiKey, story, timeZone, now, await makeClock(api, now));
    for (const [key, name] of METERS) {
      await world.post('/v1/meters', { key, name, eventType: key, aggregation: 'sum', value: 'data.n' });
    }
    await world.post('/v1/customers', { key: CUSTOMER, name: 'Acme Ltd', timeZone, testClock: world.clock });
    for (const plan of story.plans) await world.post('/v1/plans', plan);
    return world;
  }

  api(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.server.api(method, path, body, this.apiKey);
  }

  get = (path: string): Promise<Answer['body']> => made(this.api('GET', path));
  post = (path: string, body: unknown = {}): Promise<Answer['body']> => made(this.api('POST', path, body));
  put = (path: string, body: unknown): Promise<Answer['body']> => made(this.api('PUT', path, body));
  patch = (path: string, body: unknown): Promise<Answer['body']> => made(this.api('PATCH', path, body));
  delete = (path: string): Promise<Answer['body']> => made(this.api('DELETE', path));

  at = (local: string): string => instantOf(local, this.timeZone);
  local = (instant: string): string => localOf(instant, this.timeZone);

  async clockTo(local: string): Promise<void> {
    this.stepAt = local;
    const to = this.at(local);
    if (Date.parse(to) <= Date.parse(this.now)) return;
    await advance(this, this.clock, to);
    this.now = to;
  }

  async use(meter: string, n: number | string, local: string, id = `e-${(this.sent += 1)}`): Promise<void> {
    const event = { id, source: CUSTOMER, type: meter, customer: CUSTOMER, time: this.at(local), data: { n } };
    const answer = await this.post('/v1/events', [event]);
    if (answer.accepted !== 1) throw new Error(`An event was refused: ${JSON.stringify(answer)}`);
  }

  /** Every invoice with its lines, as they were issued; drafts last, by their period. */
  async invoices(): Promise<Answer['body'][]> {
    const { items } = await this.get(`/v1/customers/${CUSTOMER}/invoices?limit=200`);
    const all: Answer['body'][] = [];
    for (const { id } of items) all.push(await this.get(`/v1/invoices/${id}`));
    // Numbers come before no number, and are as long as each other.
    const place = ({ number, servicePeriod }: Answer['body']): string => number ?? `Z ${servicePeriod.start}`;
    return all.sort((one, other) => (place(one) < place(other) ? -1 : 1));
  }

  /** @param number of an invoice, or `draft` for the only one that has none */
  async find(number: string): Promise<Answer['body']> {
    if (number !== 'draft') return this.get(`/v1/invoices/${number}`);
    const drafts = (await this.invoices()).filter(({ status }) => status === 'draft');
    if (drafts.length !== 1) throw new Error(`There are ${drafts.length} drafts`);
    return drafts[0];
  }
}

/** Meters that plans may use, each of the events of its own name. */
export const METERS = [
  ['calls', 'Calls'],
  ['tokens', 'Tokens'],
  ['pages', 'Pages'],
] as const;
