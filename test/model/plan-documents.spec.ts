import fc from 'fast-check';
import { usageNeeds } from '../../src/catalog';
import { Decimal, decimalText } from '../../src/kernel';
import { made } from '../support/books';
import { startTestServer, type TestServer } from '../support/server';
import { DIMENSIONS } from './pricing-charges';
import { toCharge } from './pricing-engine';
import { plans } from './pricing-plans';
import type { ReferencePlan } from './rating-reference/index';

/**
 * Random plans of every charge model, with everything that can stand around a price: published from a file, they are
 * written to a file as they were, and that one changes nothing.
 */
let server: TestServer;
beforeAll(async () => (server = await startTestServer()), 60_000);
afterAll(() => server.stop());

const CASES = Math.min(Number(process.env['WEIR_MODEL_CASES'] ?? 12), 100);
const SEED = Number(process.env['WEIR_MODEL_SEED'] ?? Date.now() % 2 ** 31);

const METER = {
  key: 'everything',
  name: 'Everything',
  eventType: 'use',
  aggregation: 'sum',
  value: 'data.value',
  groupBy: Object.keys(DIMENSIONS),
};

/** A random plan as it stands in a file: costs are kept in dollars, so it is in dollars. */
function inFile({ prices, terms }: ReferencePlan, key: string) {
  return {
    key,
    name: 'Random',
    currency: 'USD',
    interval: 'month',
    prices: prices.map((price) => ({
      key: price.key,
      name: price.key,
      ...(usageNeeds(toCharge(price.charge)).meter === 'none' ? {} : { meter: METER.key }),
      ...(price.allowance === null ? {} : { allowance: price.allowance }),
      charge: price.charge,
      ...price.terms,
    })),
    ...terms,
  };
}

/** Without lists of nothing, which say nothing, and numbers without zeros at their end. */
function normal(value: unknown): unknown {
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return decimalText(new Decimal(value));
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([key, field]) => key !== 'discounts' || (field as unknown[]).length > 0);
  return Object.fromEntries(fields.map(([key, field]) => [key, normal(field)]));
}

it(
  'a plan comes back from the database, and from a file, as it was',
  async () => {
    process.stderr.write(`plan documents: ${CASES} cases, WEIR_MODEL_SEED=${SEED}\n`);
    const seen = new Set<string>();
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(plans, { minLength: 6, maxLength: 6 }), async (random) => {
        number += 1;
        const { apiKey } = await server.organisation(`Of plan ${number}`);
        const apply = (document: object) => made(server.api('POST', '/v1/plans/apply', document, apiKey));
        const inIt = random.map((plan, index) => inFile(plan, `random-${index}`));
        const document = { features: [], meters: [METER], plans: inIt };

        await apply(document);
        const exported = await made(server.api('GET', '/v1/plans/export', undefined, apiKey));
        expect(exported).toEqual(normal(document));
        expect(normal(exported)).toEqual(exported);
        const { changes } = await apply(exported);
        expect(new Set(changes.map(({ action }: { action: string }) => action))).toEqual(new Set(['unchanged']));
        expect((await made(server.api('POST', '/v1/plans', exported.plans[0], apiKey))).version).toBe(1);
        for (const { prices } of random) for (const { charge } of prices) seen.add(charge.model);
      }),
      { numRuns: CASES, seed: SEED, endOnFailure: true },
    );
    if (CASES >= 12) expect(seen.size).toBe(15);
  },
  60_000 + CASES * 5_000,
);
