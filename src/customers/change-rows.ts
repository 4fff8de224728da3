import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { BILLING_INTERVALS, PERIOD_ANCHORS } from '../kernel';
import { overlaps, PAUSE_BILLS, SETTLES } from './domain';

const instant = z.iso.datetime().transform((text) => new Date(text));
const id = z.uuid();

const PhaseRow = z.object({ fromAt: instant, planId: id, moveId: id.nullable(), changeId: id.nullable() });
const CycleRow = z.object({
  fromAt: instant,
  firstIndex: z.number(),
  interval: z.enum(BILLING_INTERVALS),
  intervalCount: z.number(),
  anchor: z.enum(PERIOD_ANCHORS),
  previousEndAt: instant,
  previousCancelledAt: instant.nullable(),
  previousSettle: z.enum(SETTLES).nullable(),
  changeId: id,
});
const OverrideRow = z.object({
  id,
  priceKey: z.string(),
  definition: z.unknown(),
  fromAt: instant,
  toAt: instant.nullable(),
  reason: z.string(),
  createdAt: instant,
  changeId: id.nullable(),
});
const PauseRow = z.object({
  id,
  fromAt: instant,
  toAt: instant.nullable(),
  bills: z.enum(PAUSE_BILLS),
  reason: z.string().nullable(),
  changeId: id,
  createdAt: instant,
});
const EndingRow = z.object({
  endAt: instant,
  cancelledAt: instant,
  cancelSettle: z.enum(SETTLES),
  cancelReason: z.string().nullable(),
});

export type PhaseRow = z.output<typeof PhaseRow>;
export type CycleRow = z.output<typeof CycleRow>;
export type OverrideRow = z.output<typeof OverrideRow>;
export type PauseRow = z.output<typeof PauseRow>;
export type EndingRow = z.output<typeof EndingRow>;

/** Everything of a subscription that changes in time, as it is stored: what changes change. */
export interface TimeRows {
  readonly phases: readonly PhaseRow[];
  readonly cycles: readonly CycleRow[];
  readonly overrides: readonly OverrideRow[];
  readonly pauses: readonly PauseRow[];
  /** At most one. */
  readonly ending: readonly EndingRow[];
}

function replaced<Row extends z.ZodType>(row: Row) {
  return z.array(z.object({ from: row.nullable(), to: row.nullable() }));
}

const RowChangesSchema = z.object({
  phases: replaced(PhaseRow),
  cycles: replaced(CycleRow),
  overrides: replaced(OverrideRow),
  pauses: replaced(PauseRow),
  ending: replaced(EndingRow),
});

/** What a change made of rows: each as it was and as it is since, null where there is none. */
export type RowChanges = z.output<typeof RowChangesSchema>;

/** What makes a row the same one. */
const KEYS = {
  phases: ({ fromAt }: PhaseRow) => fromAt.toISOString(),
  cycles: ({ fromAt }: CycleRow) => fromAt.toISOString(),
  overrides: ({ id: own }: OverrideRow) => own,
  pauses: ({ id: own }: PauseRow) => own,
  ending: () => 'end',
} as const;

export function differences(before: TimeRows, after: TimeRows): RowChanges {
  return {
    phases: differencesIn(before.phases, after.phases, KEYS.phases),
    cycles: differencesIn(before.cycles, after.cycles, KEYS.cycles),
    overrides: differencesIn(before.overrides, after.overrides, KEYS.overrides),
    pauses: differencesIn(before.pauses, after.pauses, KEYS.pauses),
    ending: differencesIn(before.ending, after.ending, KEYS.ending),
  };
}

function differencesIn<Row>(
  before: readonly Row[],
  after: readonly Row[],
  keyOf: (row: Row) => string,
): { from: Row | null; to: Row | null }[] {
  const old = new Map(before.map((row) => [keyOf(row), row]));
  const now = new Map(after.map((row) => [keyOf(row), row]));
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((key) => ({ from: old.get(key) ?? null, to: now.get(key) ?? null }))
    .filter(({ from, to }) => !isDeepStrictEqual(from, to));
}

export function isNothing(changes: RowChanges): boolean {
  return Object.values(changes).every((rows) => rows.length === 0);
}

/** What takes changes back. */
export function reversed(changes: RowChanges): RowChanges {
  return {
    phases: changes.phases.map(({ from, to }) => ({ from: to, to: from })),
    cycles: changes.cycles.map(({ from, to }) => ({ from: to, to: from })),
    overrides: changes.overrides.map(({ from, to }) => ({ from: to, to: from })),
    pauses: changes.pauses.map(({ from, to }) => ({ from: to, to: from })),
    ending: changes.ending.map(({ from, to }) => ({ from: to, to: from })),
  };
}

/** The rows with changes made; null where one of them isn't as the changes expect it, so that they were made to others. */
export function withChanges(rows: TimeRows, changes: RowChanges): TimeRows | null {
  const phases = changed(rows.phases, changes.phases, KEYS.phases);
  const cycles = changed(rows.cycles, changes.cycles, KEYS.cycles);
  const overrides = changed(rows.overrides, changes.overrides, KEYS.overrides);
  const pauses = changed(rows.pauses, changes.pauses, KEYS.pauses);
  const ending = changed(rows.ending, changes.ending, KEYS.ending);
  if (phases === null || cycles === null || overrides === null || pauses === null || ending === null) return null;
  const clash = overrides.some((one, position) =>
    overrides.slice(position + 1).some((other) => one.priceKey === other.priceKey && overlaps(one, other)),
  );
  return clash || haveOverlap(pauses) ? null : { phases, cycles, overrides, pauses, ending };
}

function changed<Row extends object>(
  rows: readonly Row[],
  changes: readonly { from: Row | null; to: Row | null }[],
  keyOf: (row: Row) => string,
): readonly Row[] | null {
  const result = new Map(rows.map((row) => [keyOf(row), row]));
  for (const { from, to } of changes) {
    const key = keyOf((from ?? to)!);
    if (!isDeepStrictEqual(result.get(key) ?? null, from)) return null;
    if (to === null) result.delete(key);
    else result.set(key, to);
  }
  return [...result.values()];
}

function haveOverlap(stretches: readonly PauseRow[]): boolean {
  return stretches.some((one, position) => stretches.slice(position + 1).some((other) => overlaps(one, other)));
}

/** What changes are about: only the last one about something can be taken back. */
export function subjectsOf({ phases, cycles, overrides, pauses, ending }: RowChanges): ReadonlySet<string> {
  const prices = overrides.map(({ from, to }) => `price ${(from ?? to)!.priceKey}`);
  return new Set([
    ...(phases.length + cycles.length > 0 ? ['plan'] : []),
    ...prices,
    ...(pauses.length > 0 ? ['pause'] : []),
    ...(ending.length > 0 ? ['end'] : []),
  ]);
}

/** @throws ZodError when what is stored is not that, which is a fault of ours */
export function fromStoredChanges(stored: unknown): RowChanges {
  return RowChangesSchema.parse(stored);
}

/** As JSON keeps it: instants as text. */
export function toStoredChanges(changes: RowChanges): object {
  return JSON.parse(JSON.stringify(changes)) as object;
}
