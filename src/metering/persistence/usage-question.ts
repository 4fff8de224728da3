import type { MeterDefinition } from '../../catalog/domain';
import { formatMicros, type Micros } from '../../kernel';
import type { UsageWindows } from '../domain';

/** A place among a meter's group-by fields, from 0, and the values that are asked for there; null is for none. */
export interface DimensionFilter {
  readonly place: number;
  readonly values: readonly (string | null)[];
}

/** What is asked of one meter's usage. */
export interface UsageQuestion {
  readonly organisationId: string;
  /** What the meter's usage is kept under. */
  readonly usageId: string;
  readonly meter: Pick<MeterDefinition, 'aggregation' | 'timeUnit'>;
  /** Null for the whole organisation. */
  readonly customerIds: readonly string[] | null;
  readonly windows: UsageWindows;
  /** Kept apart by customer. */
  readonly byCustomer: boolean;
  /** Kept apart by these of the meter's group-by fields, by their places. */
  readonly groupBy: readonly number[];
  readonly filters: readonly DimensionFilter[];
  /** Until when the last value of a time-weighted meter has held by now. */
  readonly now: Micros;
  /** The same for customers who live by a clock of their own. */
  readonly ownNow: ReadonlyMap<string, Micros>;
  /** Rows for windows without usage too, in every group that has usage in another. */
  readonly withEmpty: boolean;
}

/** Values of a statement's parameters, in the order in which they are mentioned. */
export class Parameters {
  readonly values: unknown[] = [];

  /** The SQL that stands for a value. */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** Instants as text, which keeps their microseconds. */
export function instants(micros: readonly Micros[]): string[] {
  return micros.map(formatMicros);
}

/** The columns by which rows are kept apart. */
export function groupNames({ byCustomer, groupBy }: UsageQuestion): string[] {
  const groups = groupBy.map((_, index) => `g${index}`);
  return byCustomer ? ['customer_id', ...groups] : groups;
}

/** Those of them that are made of the stored dimensions. Places are numbers of ours, never text of others. */
export function groupColumns({ groupBy }: UsageQuestion): string {
  return groupBy.map((place, index) => `, weir_dimension(dimensions, ${place}) AS g${index}`).join('');
}

export function filterConditions({ filters }: UsageQuestion, parameters: Parameters): string {
  const conditions = filters.map(
    ({ place, values }) =>
      `weir_dimension(dimensions, ${place}) = ANY(${parameters.add(
        values.map((value) => JSON.stringify(value)),
        'text[]',
      )})`,
  );
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}
