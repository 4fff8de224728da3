import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres';
import { formatMicros, scaledText } from '../../kernel';
import { BinaryRows, ELEMENT_OIDS, uuidBytes } from './binary-rows';

/** What was written comes back from PostgreSQL as it was: everything goes through a real COPY. */
let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  client = new Client({ connectionString: database.url, options: '-c timezone=UTC' });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

/** Copies one column of these values into a table and reads it back as text, in order. */
async function roundTrip<T>(
  type: string,
  values: readonly T[],
  write: (rows: BinaryRows, value: T) => void,
  read = 'value::text',
): Promise<(string | null)[]> {
  await client.query(`CREATE TEMPORARY TABLE copied (position int GENERATED ALWAYS AS IDENTITY, value ${type})`);
  try {
    const rows = new BinaryRows();
    for (const value of values) {
      rows.row(1);
      write(rows, value);
    }
    await pipeline(
      Readable.from([rows.finish()]),
      client.query(copyFrom('COPY copied (value) FROM STDIN (FORMAT binary)')),
    );
    const { rows: read_ } = await client.query<{ value: string | null }>(
      `SELECT ${read} AS value FROM copied ORDER BY position`,
    );
    return read_.map(({ value }) => value);
  } finally {
    await client.query('DROP TABLE copied');
  }
}

const RUNS = { numRuns: 15 };

/** Of every size: nothing, the smallest part, whole numbers, round ones, and more digits than anything we sum. */
const scaled: fc.Arbitrary<bigint> = fc
  .oneof(
    fc.constantFrom(0n, 1n, 9_999n, 10_000n, 10n ** 23n, 10n ** 24n, 10n ** 28n, 10n ** 48n - 1n, 10n ** 60n),
    fc.bigInt({ min: 0n, max: 10n ** 60n }),
    fc.tuple(fc.bigInt({ min: 0n, max: 99_999n }), fc.nat(56)).map(([digits, zeros]) => digits * 10n ** BigInt(zeros)),
  )
  .chain((value) => fc.constantFrom(value, -value));

it('numeric, of all sizes and signs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(scaled, { minLength: 1, maxLength: 60 }), async (values) => {
      const back = await roundTrip('numeric', values, (rows, value) => rows.numeric(value));
      expect(back).toEqual(values.map((value) => scaledText(value)));
      // It is not only shown the same: PostgreSQL counts with it.
      const [sum] = await roundTrip('numeric', values, (rows, value) => rows.numeric(value), 'sum(value) OVER ()::text'); // prettier-ignore
      const total = values.reduce((all, value) => all + value, 0n);
      expect((await client.query('SELECT $1::numeric = $2::numeric AS same', [sum, scaledText(total)])).rows).toEqual([{ same: true }]); // prettier-ignore
    }),
    RUNS,
  );
});

const unicode = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed() && !text.includes('\0')),
  fc.constantFrom('', 'ä', '漢字', '🜚', "'; DROP TABLE event; --", '\\N', '\t\n"', 'x'.repeat(70_000)),
);

it('text of any Unicode, and NULL', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(unicode), { minLength: 1, maxLength: 40 }), async (values) => {
      expect(await roundTrip('text', values, (rows, value) => rows.text(value))).toEqual(values);
    }),
    RUNS,
  );
});

/** Years 1900 to 2199 in microseconds, on both sides of 1970 and of 2000, where PostgreSQL's clock begins. */
const micros = fc.oneof(
  fc.integer({ min: -2_208_988_800_000_000, max: 7_258_118_399_999_999 }),
  fc.constantFrom(-1, 0, 1, 946_684_799_999_999, 946_684_800_000_000, 4_102_444_800_000_001, 7_258_118_399_999_999),
);

it('instants before 2000 and after 2100, to the microsecond', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(micros, { minLength: 1, maxLength: 60 }), async (values) => {
      const format = `to_char(value, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
      const back = await roundTrip('timestamptz', values, (rows, value) => rows.timestamptz(value), format);
      expect(back).toEqual(values.map(formatMicros));
    }),
    RUNS,
  );
});

it('whole numbers to 2^53, on both sides of zero and of 2^32', async () => {
  const values = [0, 1, -1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]; // prettier-ignore
  expect(await roundTrip('bigint', values, (rows, value) => rows.bigint(value))).toEqual(values.map(String));
  const ints = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)];
  expect(await roundTrip('int', ints, (rows, value) => rows.int(value))).toEqual(ints.map(String));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.maxSafeInteger(), { minLength: 1 }), async (numbers) => {
      expect(await roundTrip('bigint', numbers, (rows, value) => rows.bigint(value))).toEqual(numbers.map(String));
    }),
    RUNS,
  );
});

it('uuids, booleans and single characters', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uuid(), { minLength: 1, maxLength: 20 }), async (uuids) => {
      expect(await roundTrip('uuid', uuids, (rows, uuid) => rows.uuid(uuidBytes(uuid)))).toEqual(uuids);
      const latin1 = uuids.map((uuid) => uuidBytes(uuid).toString('latin1'));
      expect(await roundTrip('uuid', latin1, (rows, key) => rows.uuidFromLatin1(key))).toEqual(uuids);
    }),
    RUNS,
  );
  expect(await roundTrip('boolean', [true, false], (rows, value) => rows.bool(value))).toEqual(['true', 'false']);
  expect(await roundTrip('"char"', ['p', 'n'], (rows, value) => rows.byte(value.charCodeAt(0)))).toEqual(['p', 'n']);
});

it('arrays of all of them, the empty one included', async () => {
  const list = <T>(element: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(element, { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(list(scaled), list(unicode), list(micros), list(fc.uuid()), list(fc.maxSafeInteger()), async (numerics, texts, times, uuids, counts) => {
      const array = <T>(oid: number, write: (rows: BinaryRows, value: T) => void) => (rows: BinaryRows, values: T[]) =>
        rows.array(oid, values, (value) => write(rows, value)); // prettier-ignore
      const json = 'to_jsonb(value::text[])::text';

      const back = async <T>(type: string, values: T[], write: (rows: BinaryRows, values: T[]) => void) =>
        JSON.parse((await roundTrip(type, [values], write, json))[0]!) as string[];
      expect(await back('numeric[]', numerics, array(ELEMENT_OIDS.numeric, (rows, value: bigint) => rows.numeric(value)))).toEqual(numerics.map((value) => scaledText(value)));
      expect(await back('text[]', texts, array(ELEMENT_OIDS.text, (rows, value: string) => rows.text(value)))).toEqual(texts);
      expect(await back('uuid[]', uuids, array(ELEMENT_OIDS.uuid, (rows, value: string) => rows.uuid(uuidBytes(value))))).toEqual(uuids);
      expect(await back('bigint[]', counts, array(ELEMENT_OIDS.int8, (rows, value: number) => rows.bigint(value)))).toEqual(counts.map(String));
      const epochs = `to_jsonb(ARRAY(SELECT (extract(epoch FROM each) * 1000000)::bigint::text FROM unnest(value) WITH ORDINALITY AS u (each, n) ORDER BY n))::text`;
      const [text] = await roundTrip('timestamptz[]', [times], array(ELEMENT_OIDS.timestamptz, (rows, value: number) => rows.timestamptz(value)), epochs);
      expect(JSON.parse(text!)).toEqual(times.map(String));
    }),
    RUNS,
  ); // prettier-ignore
});

it('many rows, past every size the buffer begins with', async () => {
  const values = Array.from({ length: 5_000 }, (_, index) => `${index} `.repeat(20));
  expect(await roundTrip('text', values, (rows, value) => rows.text(value))).toEqual(values);
});
