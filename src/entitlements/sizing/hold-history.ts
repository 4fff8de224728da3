import type { Queryable } from '../../platform/database';
import type { Amounts } from '../domain';
import { amountsOfText } from '../persistence/amount-texts';

/**
 * What holds came to, from the holds themselves: nothing is kept beside them, and ending a hold writes nothing for it. The
 * indexes `hold_listed` and `hold_class` give the latest ones by when they began; those that are still open are passed over.
 */

/** Ended as work ends: not released or expired, and neither guessed nor broken off, which would teach from guesses. */
const TELLS = `status = 'settled' AND booked IS NOT NULL AND NOT flags && '{estimated,partial}'`;
/** How many holds are looked at for each that is wanted, since some are open, released, or of another class. */
const LOOKED_AT = 4;
/** The organisation's history is that of this many task classes, and of the latest holds of each. */
const MOST_CLASSES = 50;

interface BookedRow {
  readonly booked: string;
}

/** Of one customer and task class; the latest first. */
export async function customerHistory(
  db: Queryable,
  organisationId: string,
  customerId: string,
  taskClass: string,
  wanted: number,
): Promise<Amounts[]> {
  const rows = await db.query<BookedRow>(
    `SELECT booked FROM (
       SELECT status, flags, booked, task_class, asked_at FROM hold
        WHERE organisation_id = $1 AND customer_id = $2 ORDER BY asked_at DESC LIMIT $5
     ) AS latest
      WHERE task_class = $3 AND ${TELLS} ORDER BY asked_at DESC LIMIT $4`,
    [organisationId, customerId, taskClass, wanted, wanted * LOOKED_AT],
  );
  return rows.map(({ booked }) => amountsOfText(booked));
}

/** Of one task class, all customers; the latest first. */
export async function classHistory(
  db: Queryable,
  organisationId: string,
  taskClass: string,
  wanted: number,
): Promise<Amounts[]> {
  const rows = await db.query<BookedRow>(
    `SELECT booked FROM (
       SELECT status, flags, booked, asked_at FROM hold
        WHERE organisation_id = $1 AND task_class = $2 ORDER BY asked_at DESC LIMIT $4
     ) AS latest
      WHERE ${TELLS} ORDER BY asked_at DESC LIMIT $3`,
    [organisationId, taskClass, wanted, wanted * LOOKED_AT],
  );
  return rows.map(({ booked }) => amountsOfText(booked));
}

/** Of the organisation: the latest of each task class, as many of each. */
export async function organisationHistory(db: Queryable, organisationId: string, wanted: number): Promise<Amounts[]> {
  const rows = await db.query<BookedRow>(
    `WITH RECURSIVE class (name, position) AS (
       (SELECT task_class, 1 FROM hold WHERE organisation_id = $1 AND task_class IS NOT NULL ORDER BY task_class LIMIT 1)
       UNION ALL
       SELECT (SELECT task_class FROM hold
                WHERE organisation_id = $1 AND task_class > class.name ORDER BY task_class LIMIT 1), position + 1
         FROM class WHERE class.name IS NOT NULL AND position < $3
     )
     SELECT told.booked FROM class CROSS JOIN LATERAL (
       SELECT booked FROM (
         SELECT status, flags, booked, asked_at FROM hold
          WHERE organisation_id = $1 AND task_class = class.name ORDER BY asked_at DESC LIMIT $4
       ) AS latest
        WHERE ${TELLS} ORDER BY asked_at DESC
        LIMIT greatest(1, $2 / (SELECT count(*) FROM class WHERE name IS NOT NULL))
     ) AS told
      WHERE class.name IS NOT NULL`,
    [organisationId, wanted, MOST_CLASSES, wanted],
  );
  return rows.map(({ booked }) => amountsOfText(booked));
}

/** What an organisation has set of sizing. */
export interface SizingSettings {
  readonly risk: string;
  /** In the currency of costs; null: work of which nothing is known is refused. */
  readonly unknownPriceAmount: string | null;
}

export async function sizingSettings(db: Queryable, organisationId: string): Promise<SizingSettings | null> {
  const [row] = await db.query<{ sizing_risk: string; unknown_price_amount: string | null }>(
    'SELECT sizing_risk, unknown_price_amount FROM entitlement_settings WHERE organisation_id = $1',
    [organisationId],
  );
  return row === undefined ? null : { risk: row.sizing_risk, unknownPriceAmount: row.unknown_price_amount };
}
