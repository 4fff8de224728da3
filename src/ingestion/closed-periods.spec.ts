import type { TouchedInvoice } from './changes/touched-invoices';
import { TouchedPeriods } from './closed-periods';
import type { IngestOptions } from './ingestion.service';
import type { PreparedEvent } from './persistence/pending-commit';

const invoice = (id: string, start: string): TouchedInvoice => ({
  ...{ id, number: `INV-${id}`, status: 'finalized', customerId: '01930000-0000-7000-8000-000000000001' },
  ...{ periodStart: new Date(start), periodEnd: new Date('2027-01-01T00:00:00Z') },
});
const uuid = (number: number) => `01930000-0000-7000-8000-${String(number).padStart(12, '0')}`;
/** What `ingest` does with its options, for so many accepted events. */
const accepting = (count: number) => (options: IngestOptions) => {
  options.onAccepted?.(Array.from({ length: count }, () => ({}) as PreparedEvent));
  return Promise.resolve('receipts');
};

it('each period is named once, in their order, whichever commit touched it', async () => {
  const commits = [
    [invoice(uuid(3), '2026-03-01'), invoice(uuid(2), '2026-02-01')],
    [invoice(uuid(2), '2026-02-01'), invoice(uuid(1), '2026-02-01')],
  ];
  const touched = new TouchedPeriods(() => Promise.resolve(commits.shift()!));
  expect(await touched.noting({}, accepting(5))).toBe('receipts');
  await touched.noting({}, accepting(5));
  const { closedPeriods, ...others } = touched.asFields;
  expect(closedPeriods).toMatchObject([
    { number: `INV-${uuid(1)}`, servicePeriod: { start: '2026-02-01T00:00:00.000Z' } },
    { number: `INV-${uuid(2)}` },
    { number: `INV-${uuid(3)}` },
  ]);
  expect(others).toEqual({});
});

it('nothing is looked up for a commit that accepted nothing', async () => {
  const lookUp = jest.fn(() => Promise.resolve([]));
  const touched = new TouchedPeriods(lookUp);
  await touched.noting({}, accepting(0));
  expect(lookUp).not.toHaveBeenCalled();
  expect(touched.asFields).toEqual({ closedPeriods: [] });
});

it('keeps ten thousand of them, and says that there are more', async () => {
  const all = Array.from({ length: 10_001 }, (_, index) => invoice(uuid(index), '2026-02-01'));
  const commits = [all.slice(0, 10_000), all.slice(0, 10_000), all.slice(10_000)];
  const touched = new TouchedPeriods(() => Promise.resolve(commits.shift()!));
  await touched.noting({}, accepting(1));
  await touched.noting({}, accepting(1));
  expect(touched.asFields).not.toHaveProperty('moreClosedPeriods');
  await touched.noting({}, accepting(1));
  expect(touched.asFields.closedPeriods).toHaveLength(10_000);
  expect(touched.asFields.moreClosedPeriods).toBe(true);
});
