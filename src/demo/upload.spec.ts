import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, RefusedError, StoppedError } from '../client';
import { eventsOf, type UsageEvent } from './scenario';
import { upload, type UploadCounts } from './upload';
import { makeWorkload } from './workload';

type Answer = { status: number; body: unknown } | 'hang up' | 'no answer';

/** A server that counts events by id as Weir does, and fails on request before or after it has counted. */
class FakeWeir {
  readonly known = new Set<string>();
  readonly requests: { path: string; idempotencyKey: string | undefined; events: number }[] = [];
  inFlight = 0;
  mostInFlight = 0;
  private server: Server | null = null;

  private full: () => void = () => undefined;
  private readonly isFull = new Promise<void>((resolve) => (this.full = resolve));

  /** @param answersFrom it answers nobody until so many requests have been under way at once */
  constructor(
    private readonly failure: (request: number) => Answer | { after: Answer } | null = () => null,
    private readonly answersFrom = 1,
  ) {}

  async listen(): Promise<string> {
    this.server = createServer((request, response) => void this.answer(request, response));
    await new Promise<void>((ready) => this.server!.listen(0, '127.0.0.1', ready));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((closed) => this.server?.close(closed));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    if (this.inFlight >= this.answersFrom) this.full();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { events = [] } = JSON.parse(Buffer.concat(chunks).toString() || '{}') as { events?: UsageEvent[] };
    const number = this.requests.push({
      path: request.url!,
      idempotencyKey: request.headers['idempotency-key'] as string | undefined,
      events: events.length,
    });
    await this.isFull;

    const failure = this.failure(number);
    const fresh = events.filter(({ id }) => !this.known.has(id));
    if (failure === null || (typeof failure === 'object' && 'after' in failure)) {
      for (const { id } of fresh) this.known.add(id);
    }
    this.inFlight -= 1;
    const counted = { accepted: fresh.length, duplicates: events.length - fresh.length, rejected: 0, results: [] };
    const said =
      failure === null
        ? { status: 200, body: counted }
        : typeof failure === 'object' && 'after' in failure
          ? failure.after
          : failure;
    if (said === 'no answer') return;
    if (said === 'hang up') return void request.socket.destroy();
    response.writeHead(said.status, { 'content-type': 'application/json' });
    response.end(typeof said.body === 'string' ? said.body : JSON.stringify(said.body));
  }
}

describe('uploading', () => {
  let weir: FakeWeir;
  let stop: AbortController;
  const client = async (fake: FakeWeir, patienceMs = 2_000) => {
    weir = fake;
    stop = new AbortController();
    return new Client({ url: await fake.listen(), apiKey: 'weir_k', patienceMs, signal: stop.signal });
  };
  afterEach(() => weir.close());

  const events = (rows: number) => [...eventsOf(makeWorkload(rows, 1))];
  const problem = (status: number, code: string) => ({ status, body: { code, title: 'No', detail: 'Not so.' } });

  it('sends every event once in batches of 500, four at a time, and tells how far it is', async () => {
    const told: UploadCounts[] = [];
    const counts = await upload(await client(new FakeWeir(() => null, 4)), events(6_000), (soFar) => told.push(soFar));

    expect(counts).toEqual({ sent: 6_400, accepted: 6_400, duplicates: 0 });
    expect(weir.known.size).toBe(6_400);
    // With four under way, the last and smaller batch may overtake another.
    const sizes = weir.requests.map((request) => request.events).sort((a, b) => b - a);
    expect(sizes).toEqual([...Array<number>(12).fill(500), 400]);
    expect(weir.mostInFlight).toBe(4);
    expect(told).toHaveLength(13);
    expect(told.at(-1)).toEqual(counts);
  });

  it('a second upload only counts duplicates', async () => {
    const sender = await client(new FakeWeir());
    await upload(sender, events(600), () => undefined);
    expect(await upload(sender, events(600), () => undefined)).toEqual({ sent: 640, accepted: 0, duplicates: 640 });
  });

  it.each<[string, Answer | { after: Answer }, number]>([
    ['a connection that breaks before the events are counted', 'hang up', 384],
    ['a connection that breaks after', { after: 'hang up' }, 0],
    ['503 unavailable', problem(503, 'unavailable'), 384],
    ['429 too many requests', problem(429, 'slow_down'), 384],
  ])('after %s the same batch is sent again', async (_, failure, accepted) => {
    const flaky = new FakeWeir((request) => (request === 1 ? failure : null));
    const counts = await upload(await client(flaky), events(360), () => undefined);
    expect(counts).toEqual({ sent: 384, accepted, duplicates: 384 - accepted });
    expect(weir.known.size).toBe(384);
  });

  it('a server that stays away is given up after the patience, in one line', async () => {
    const sender = await client(new FakeWeir(), 300);
    await weir.close();
    await expect(upload(sender, events(600), () => undefined)).rejects.toThrow(
      /^The server at http:\S+ does not answer POST \/v1\/events \(ECONNREFUSED\)\. Is it up\?$/,
    );
  });

  it.each`
    answer                                                                                                                                                                             | says
    ${problem(401, 'invalid_key')}                                                                                                                                                     | ${'(401 invalid_key): Not so.'}
    ${{ status: 422, body: { code: 'bad', detail: 'No.', errors: [{ field: 'a.b', detail: 'c' }] } }}                                                                                  | ${'No. (a.b: c)'}
    ${{ status: 404, body: '<html>' }}                                                                                                                                                 | ${'Is this a Weir server?'}
    ${{ status: 200, body: 'hello' }}                                                                                                                                                  | ${'Is this a Weir server?'}
    ${{ status: 200, body: { accepted: 0, duplicates: 0, rejected: 500, results: [{ id: 'row-000001', status: 'rejected', code: 'event_too_old', detail: 'Older than 35 days.' }] } }} | ${'row-000001: event_too_old Older than 35 days. Start the server with WEIR_EVENT_MAX_AGE=36500d'}
    ${{ status: 200, body: { accepted: 0, duplicates: 0, rejected: 1, results: [{ id: 'row-000001', status: 'rejected', code: 'event_conflict', detail: 'Other content.' }] } }}       | ${'holds the demo of another workload'}
    ${{ status: 200, body: { accepted: 499, duplicates: 0, rejected: 0, results: [] } }}                                                                                               | ${'the server speaks of'}
  `('no try again helps where the server says $answer', async ({ answer, says }) => {
    const refusing = new FakeWeir(() => answer as Answer);
    await expect(upload(await client(refusing), events(600), () => undefined)).rejects.toThrow(says);
    expect(weir.requests.length).toBeLessThanOrEqual(2);
  });

  it('nothing more is sent once a batch was refused', async () => {
    const refusing = new FakeWeir((request) => (request === 3 ? problem(422, 'bad') : null));
    await expect(upload(await client(refusing), events(30_000), () => undefined)).rejects.toThrow(RefusedError);
    await new Promise((soon) => setTimeout(soon, 50));
    expect(weir.requests.length).toBeLessThan(10);
  });

  it('stops at once when it is told to, also while a request is under way', async () => {
    const sender = await client(new FakeWeir(() => 'no answer'));
    setTimeout(() => stop.abort(new StoppedError()), 50);
    await expect(upload(sender, events(600), () => undefined)).rejects.toThrow(StoppedError);
  });

  it('an Idempotency-Key goes along where one is given, the same at each try', async () => {
    const sender = await client(new FakeWeir((request) => (request === 1 ? 'hang up' : null)));
    await sender.post('/v1/test-clocks', { now: 'x' }, 'clock-1');
    expect(weir.requests.map(({ path, idempotencyKey }) => [path, idempotencyKey])).toEqual([
      ['/v1/test-clocks', 'clock-1'],
      ['/v1/test-clocks', 'clock-1'],
    ]);
  });
});
