import { ENTITIES } from '../../app.module';
import { newUuid, scaledFromText, scaledText } from '../../kernel';
import { Database } from '../../platform/database';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres';
import { type Amounts, type AmountsJson, NO_AMOUNTS, toAmountsJson } from '../domain';
import { SizingService } from './sizing.service';

let file: TestDatabase;
let database: Database;
beforeAll(async () => {
  file = await createTestDatabase();
  database = await Database.connect({ url: file.url, entities: ENTITIES, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await file.drop();
});

const ALICE = newUuid();
const BOB = newUuid();
const METER = newUuid();
/** Minutes since the test began to tell time. */
let minute = 0;

interface Told {
  readonly organisationId: string;
  readonly customerId?: string;
  readonly taskClass?: string | null;
  readonly status?: string;
  readonly flags?: string;
  readonly booked?: AmountsJson | null;
}

/** Holds as they are stored once they have ended, each a minute after the one before. */
async function stored(count: number, told: Told): Promise<void> {
  const { organisationId, customerId = ALICE, taskClass = 'answer', status = 'settled', flags = '{}' } = told;
  const booked = told.booked === undefined ? { cost: '0.2' } : told.booked;
  await database.owner.query(
    `INSERT INTO hold (id, organisation_id, customer_id, request_hash, status, scope, task_class, held, booked, split, first_held,
                       counters, wallets, answer, flags, asked_at, counts_at, expires_at)
     SELECT gen_random_uuid(), $1, $2, gen_random_uuid(), $3, '{}', $4, '{}', $5, '{}', '{"cost":"1"}', '{}', '{}', '', $6, at, at, at
       FROM generate_series(1, $7::int) AS number, LATERAL (SELECT timestamptz '2026-11-01Z' + ($8::int + number) * interval '1 minute' AS at) AS times`,
    [
      organisationId,
      customerId,
      status,
      taskClass,
      booked === null ? null : JSON.stringify(booked),
      flags,
      count,
      minute,
    ],
  );
  minute += count;
}

async function organisation(settings: { risk?: string; unknownPrice?: string } = {}): Promise<string> {
  const id = newUuid();
  await database.owner.query(
    `INSERT INTO organisation (id, name, currency, created_at) VALUES ($1, 'Test', 'USD', now())`,
    [id],
  );
  if (settings.risk !== undefined || settings.unknownPrice !== undefined) {
    await database.owner.query(
      `INSERT INTO entitlement_settings (organisation_id, sizing_risk, unknown_price_amount, changed_at) VALUES ($1, $2, $3, now())`,
      [id, settings.risk ?? '0.05', settings.unknownPrice ?? null],
    );
  }
  return id;
}

const bound = (cost: string, more: Partial<Amounts> = {}): Amounts => ({
  ...NO_AMOUNTS,
  cost: scaledFromText(cost),
  ...more,
});

async function sized(
  organisationId: string,
  upperBound: Amounts | null = null,
  customerId = ALICE,
  taskClass = 'answer',
) {
  const answer = await new SizingService(database).size({ organisationId }, { customerId, taskClass, upperBound });
  return answer === null ? null : { ...toAmountsJson(answer.amounts), ...answer.note };
}

describe('sizing from stored holds', () => {
  it('takes the customer’s own, once there are enough', async () => {
    const organisationId = await organisation();
    await stored(300, { organisationId, customerId: BOB, booked: { cost: '7' } });
    await stored(100, { organisationId });
    expect(await sized(organisationId)).toEqual({ cost: '0.2', risk: 0.05, from: 'customer', samples: 100 });
  });

  it('takes the class for a new customer, and the organisation for a new class', async () => {
    const organisationId = await organisation();
    await stored(150, { organisationId, customerId: BOB, booked: { cost: '3' } });
    await stored(150, { organisationId, customerId: BOB, taskClass: 'report', booked: { cost: '9' } });
    expect(await sized(organisationId)).toEqual({ cost: '3', risk: 0.05, from: 'class', samples: 150 });
    // 100 of each class that there is: half of 200 wanted.
    expect(await sized(organisationId, null, ALICE, 'new')).toEqual({
      cost: '9',
      risk: 0.05,
      from: 'organisation',
      samples: 200,
    });
  });

  it('learns from what ended as work ends, by what it came to last', async () => {
    const organisationId = await organisation();
    await stored(250, { organisationId, booked: { cost: '5' } });
    await stored(200, { organisationId, booked: { cost: '0.1' } });
    const dear = { organisationId, booked: { cost: '50' } };
    await stored(60, { ...dear, status: 'released' });
    await stored(60, { ...dear, flags: '{estimated}' });
    await stored(60, { ...dear, flags: '{overrun,partial}' });
    await stored(60, { ...dear, taskClass: null });
    await stored(60, { ...dear, status: 'open', booked: null });
    await stored(200, { ...dear, customerId: BOB });
    expect(await sized(organisationId)).toEqual({ cost: '0.1', risk: 0.05, from: 'customer', samples: 200 });
  });

  it('sizes each measure by itself, from the holds that tell of it, and none above what it can come to', async () => {
    const organisationId = await organisation();
    await stored(60, { organisationId, booked: { cost: '0.2', actions: '1' } });
    await stored(60, {
      organisationId,
      booked: { cost: '0.2', actions: '3', spend: { USD: '0.5' }, units: { [METER]: '800' } },
    });
    expect(await sized(organisationId)).toMatchObject({
      cost: '0.2',
      actions: '3',
      spend: { USD: '0.5' },
      units: { [METER]: '800' },
    });
    expect(
      await sized(
        organisationId,
        bound('0.15', { actions: scaledFromText('1'), spend: new Map([['EUR', scaledFromText('4')]]) }),
      ),
    ).toEqual({
      cost: '0.15',
      actions: '1',
      spend: { USD: '0.5', EUR: '4' },
      units: { [METER]: '800' },
      risk: 0,
      from: 'max_tokens',
      samples: 120,
    });
  });

  it('of another organisation it knows nothing; nothing known is no amount', async () => {
    const [organisationId, other] = [await organisation(), await organisation()];
    await stored(300, { organisationId: other });
    expect(await sized(organisationId)).toBeNull();
    expect(await sized(organisationId, bound('0.4'))).toEqual({ cost: '0.4', risk: 0, from: 'max_tokens', samples: 0 });
  });

  it('keeps to the organisation’s risk, and holds what it configured where history is thin', async () => {
    const strict = await organisation({ risk: '0.01', unknownPrice: '0.75' });
    await stored(60, { organisationId: strict });
    expect(await sized(strict)).toEqual({ cost: '0.75', risk: 0.0164, from: 'configured', samples: 60 });
    await stored(60, { organisationId: strict });
    expect(await sized(strict)).toEqual({ cost: '0.2', risk: 0.01, from: 'organisation', samples: 120 });
    expect(await sized(await organisation({ unknownPrice: '0.75' }))).toBeNull();
  });

  it('is quick from memory, and sees what ended later after ten seconds at most', async () => {
    const organisationId = await organisation();
    await stored(100, { organisationId });
    const service = new SizingService(database);
    const work = { customerId: ALICE, taskClass: 'answer', upperBound: null };
    const first = await service.size({ organisationId }, work);
    await stored(200, { organisationId, booked: { cost: '2' } });
    const query = jest.spyOn(database, 'tenant');
    expect(await service.size({ organisationId }, work)).toEqual(first);
    expect(query).not.toHaveBeenCalled();

    const later = performance.now() + 10_000;
    const clock = jest.spyOn(performance, 'now').mockReturnValue(later);
    const fresh = await service.size({ organisationId }, work);
    expect(scaledText(fresh!.amounts.cost)).toBe('2');
    clock.mockRestore();
    query.mockRestore();
  });
});
