import fc from 'fast-check';
import { startTestServer, type TestServer } from '../support/server';
import { expectAgreement } from './billing-checks';
import { command, setting } from './billing-commands';
import { BillingWorld } from './billing-world';

/**
 * Random sequences of what can happen to a customer, against the real database on a test clock and against a small pure
 * model. Replay what failed: WEIR_BILLING_SEED and WEIR_BILLING_PATH as they are printed; WEIR_BILLING_SHRINK=1 makes it short.
 */
const RUNS = Number(process.env.WEIR_BILLING_RUNS ?? 15);
/** The same lives each time in `npm test`, so that it is steady; others in each long run. */
const SEED = Number(process.env.WEIR_BILLING_SEED ?? (process.env.WEIR_BILLING_RUNS === undefined ? 643_155 : Date.now() % 1_000_000)); // prettier-ignore
const PATH = process.env.WEIR_BILLING_PATH;
/** Looks for the shortest sequence that fails as well, which takes minutes. */
const SHRINK = process.env.WEIR_BILLING_SHRINK === '1';
/** After how many steps everything is compared, besides after the last. */
const EVERY = Number(process.env.WEIR_BILLING_EVERY ?? 4);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
});
afterAll(() => server.stop());

it(
  `bills what a small model bills (WEIR_BILLING_SEED=${SEED})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(setting, fc.array(command, { minLength: 4, maxLength: 18 }), async (about, commands) => {
        const world = await BillingWorld.of(server, about);
        try {
          for (const [index, each] of commands.entries()) {
            const done = await world.act(each);
            if (done && index % EVERY === EVERY - 1) await expectAgreement(world);
          }
          // Everything that is still to come of what happened.
          await world.act({ do: 'advance', minutes: 100 * 1_440 });
          await expectAgreement(world);
        } catch (error) {
          throw new Error(`${world.story.join('\n')}\n${error instanceof Error ? error.message : String(error)}`, {
            cause: error,
          });
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: !SHRINK, ...(PATH === undefined ? {} : { path: PATH }) },
    );
  },
  120_000 + RUNS * 60_000,
);
