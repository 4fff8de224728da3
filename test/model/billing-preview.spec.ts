import fc from 'fast-check';
import { startTestServer, type TestServer } from '../support/server';
import { command, type Command, setting } from './billing-commands';
import { periodAt } from './billing-reference';
import { BillingWorld } from './billing-world';

/**
 * What a preview of a change says is what happens: the invoice at once, and the lines of the next one when nothing more
 * is used. A preview itself changes nothing.
 */
const RUNS = Number(process.env.WEIR_PREVIEW_RUNS ?? 6);
const SEED = Number(process.env.WEIR_PREVIEW_SEED ?? (process.env.WEIR_PREVIEW_RUNS === undefined ? 5_155 : Date.now() % 1_000_000)); // prettier-ignore
const PATH = process.env.WEIR_PREVIEW_PATH;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
});
afterAll(() => server.stop());

const CHANGES = ['plan', 'seats', 'pause', 'resume', 'cancel'];
const BEFORE = [...CHANGES, 'advance', 'use', 'late'];
const changes = command.filter((each) => CHANGES.includes(each.do));
const before = command.filter((each) => BEFORE.includes(each.do) && !(each.do === 'cancel'));

/** The body of a preview. */
function asked(change: Command, plans: readonly { key: string }[]): object {
  switch (change.do) {
    case 'plan':
      return { kind: 'change', plan: plans[change.plan]!.key, at: change.at, invoice: change.invoice };
    case 'seats':
      return { kind: 'change', quantities: { seats: String(change.seats) }, at: 'now', invoice: change.invoice };
    case 'pause':
      return { kind: 'pause', bills: change.bills };
    case 'cancel':
      return { kind: 'cancel', at: change.at, settle: change.settle };
    default:
      return { kind: 'resume' };
  }
}

type Told = Awaited<ReturnType<BillingWorld['get']>>;
const linesOf = (invoice: Told): string[] =>
  invoice.lines.map(({ kind, key, servicePeriod: { start, end }, quantity, amount }: Told) => `${kind} ${key} ${start} ${end} ${quantity} ${amount}`); // prettier-ignore
const said = (invoice: Told): object | null =>
  invoice === null ? null : { lines: linesOf(invoice), subtotal: invoice.subtotal, taxTotal: invoice.taxTotal, total: invoice.total }; // prettier-ignore

it(
  `what a preview says is what happens (WEIR_PREVIEW_SEED=${SEED})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(setting, fc.array(before, { maxLength: 6 }), changes, async (about, history, change) => {
        const world = await BillingWorld.of(server, about);
        for (const each of history) await world.act(each);
        // What is waiting as a draft would share the day of the next invoice.
        do await world.act({ do: 'advance', minutes: 1_500 });
        while (world.model.invoices.some(({ status }) => status === 'draft'));
        const subscription = world.model.subscriptions[0]!;
        const path = '/v1/subscriptions/sub-0/preview';
        const body = { change: asked(change, about.plans) };
        const answer = await world.api('POST', path, body);
        const invoices = await world.invoices();
        fc.pre(await world.act(change));
        const told = { story: world.story, ...answer.body };
        const has = await world.invoices();
        const known = new Set(invoices.map(({ id }) => id));
        const made = has.filter(({ id }) => !known.has(id));
        expect({ ...told, says: said(answer.body.now) }).toEqual({ ...told, says: said(made[0] ?? null) });

        const period = subscription.open === null ? null : periodAt(subscription, subscription.open);
        if (answer.body.next === null || period === null) return;
        await world.act({ do: 'advance', minutes: Math.ceil((period.to - world.model.now) / 60_000) });
        const after = (await world.invoices()).filter(({ id }) => !has.some((each) => each.id === id));
        expect({ ...told, says: said(answer.body.next) }).toEqual({ ...told, says: said(after[0] ?? null) });
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true, ...(PATH === undefined ? {} : { path: PATH }) },
    );
  },
  120_000 + RUNS * 60_000,
);
