import { Decimal } from '../../kernel';
import type { Queryable } from '../../platform/database';

/** Holds of one task class that have ended as work ends, in the currency of costs. */
export interface ClassHolds {
  readonly taskClass: string;
  readonly holds: number;
  readonly held: Decimal;
  readonly real: Decimal;
  /** How many came to more than was held when they began. */
  readonly overruns: number;
  /** By how much, together. */
  readonly overrunAmount: Decimal;
  /** Their stated risks, added up; zero for holds whose amount the sender named. */
  readonly announced: Decimal;
}

/** Classes with the most holds are told; an organisation that makes up a class for each task sees the first of them. */
export const MOST_CLASSES_TOLD = 200;

interface Row {
  readonly task_class: string;
  readonly sized: boolean;
  readonly holds: number;
  readonly held: string;
  readonly real: string;
  readonly overruns: number;
  readonly overrun_amount: string;
  readonly announced: string;
}

/**
 * Adds up what was held when holds began and what they came to. Holds that are open, were released or expired, were settled
 * at their estimate or broke off are left out: what they would have come to is not known.
 *
 * @param fromAt holds that were asked for from here on
 * @param toAt   and before this
 * @returns      by class, those that were sized and those whose sender named an amount apart
 */
export async function holdsByClass(
  db: Queryable,
  organisationId: string,
  fromAt: Date,
  toAt: Date,
): Promise<{ readonly sized: ClassHolds[]; readonly stated: ClassHolds[] }> {
  // What was held at first stands in the answer: the hold itself may have been extended since.
  const rows = await db.query<Row>(
    `SELECT task_class, sized, count(*)::int AS holds, sum(held)::text AS held, sum(real)::text AS real,
            (count(*) FILTER (WHERE real > held))::int AS overruns,
            sum(greatest(real - held, 0))::text AS overrun_amount, sum(risk)::text AS announced
       FROM (SELECT task_class, sized_risk IS NOT NULL AS sized, coalesce(sized_risk, 0) AS risk,
                    coalesce((answer::jsonb -> 'held' ->> 'cost')::numeric, 0) AS held,
                    coalesce((booked::jsonb ->> 'cost')::numeric, 0) AS real
               FROM hold
              WHERE organisation_id = $1 AND task_class IS NOT NULL AND asked_at >= $2 AND asked_at < $3
                AND status = 'settled' AND booked IS NOT NULL AND NOT flags && '{estimated,partial}') AS ended
      GROUP BY task_class, sized ORDER BY count(*) DESC, task_class`,
    [organisationId, fromAt, toAt],
  );
  return { sized: ofSome(rows, true), stated: ofSome(rows, false) };
}

function ofSome(rows: readonly Row[], sized: boolean): ClassHolds[] {
  return rows
    .filter((row) => row.sized === sized)
    .map((row) => ({
      taskClass: row.task_class,
      holds: row.holds,
      held: new Decimal(row.held),
      real: new Decimal(row.real),
      overruns: row.overruns,
      overrunAmount: new Decimal(row.overrun_amount),
      announced: new Decimal(row.announced),
    }));
}
