import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { countedMeter, type MeterEntity } from '../catalog';
import { CustomersService } from '../customers';
import { InvalidRequestError, type Period, type Window, windowStarts } from '../kernel';
import { Database } from '../platform/database';
import { compileMeter, cutHours, type UsageWindows } from './domain';
import type { RowPosition, UsageRow } from './persistence/usage-query';
import { readUsageRows } from './usage-reader';

/** One question about one meter's usage, with the names of the API. */
export interface UsageRequest {
  readonly meter: MeterEntity;
  /** Null for the whole organisation. */
  readonly customerIds: readonly string[] | null;
  readonly period: Period;
  readonly window: Window | 'period';
  /** Whose calendar and clock the windows follow. */
  readonly timeZone: string;
  readonly byCustomer: boolean;
  /** Fields that the meter is grouped by. */
  readonly groupBy: readonly string[];
  /** Values asked for of such fields; null for what has none. */
  readonly filters: ReadonlyMap<string, readonly (string | null)[]>;
  readonly withEmpty: boolean;
  /** Until when a value that holds has held by now. */
  readonly now: Date;
}

/** Usage in one window and group, with the window's ends. */
export interface UsageAnswerRow extends UsageRow {
  readonly from: Date;
  readonly to: Date;
}

/** Most windows in one question. A minute is counted from single events, so of minutes there are fewer: 25 hours. */
const MOST_WINDOWS = { minute: 1_500, hour: 10_000, day: 10_000, month: 10_000 } as const;
/** Most windows when empty ones are answered too, each once for every group. */
const MOST_WITH_EMPTY = 1_500;
/** Most hours of which only a part lies in a window: each is counted from single events. A year of days, half an hour off. */
const MOST_CUT_HOURS = 400;

/** Answers questions about the usage of one meter: by window, customer and group. */
@Injectable()
export class UsageQueryService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  /**
   * Rows in the order of window, customer and group, at most `limit` of them, behind a position. All of them are of one
   * instant, at which every event that was accepted before is counted.
   *
   * @throws InvalidRequestError by field: a field the meter is not grouped by, too many windows
   */
  async query(
    tenant: Tenant,
    request: UsageRequest,
    after: RowPosition | null,
    limit: number,
  ): Promise<UsageAnswerRow[]> {
    const { meter, customerIds } = request;
    const windows = windowsOf(request);
    const question = {
      organisationId: tenant.organisationId,
      usageId: meter.usageId,
      meter,
      customerIds,
      windows,
      byCustomer: request.byCustomer,
      groupBy: request.groupBy.map((field, index) => placeOf(meter, field, `groupBy[${index}]`)),
      filters: [...request.filters].map(([field, values]) => ({ place: placeOf(meter, field, 'filter'), values })),
      now: request.now.getTime() * 1_000,
      withEmpty: request.withEmpty,
    };

    const rows = await this.database.snapshot(tenant.organisationId, async (db) => {
      const clocks = meter.aggregation === 'time_weighted' ? await this.customers.nowsOnTestClocks(tenant, customerIds) : new Map<string, Date>(); // prettier-ignore
      const ownNow = new Map([...clocks].map(([id, now]) => [id, now.getTime() * 1_000]));
      const compiled = compileMeter(countedMeter(meter));
      return readUsageRows(db, { ...question, ownNow }, compiled, after, limit);
    });

    return rows.map((row) => ({
      ...row,
      from: new Date(windows.starts[row.window]! / 1_000),
      to: new Date((windows.starts[row.window + 1] ?? windows.end) / 1_000),
    }));
  }
}

/** @throws InvalidRequestError when there would be too many, or too many hours cut by their edges */
function windowsOf({ period, window, timeZone, withEmpty }: UsageRequest): UsageWindows {
  const end = period.end.getTime() * 1_000;
  if (window === 'period') return { starts: [period.start.getTime() * 1_000], end };

  const most = withEmpty ? Math.min(MOST_WITH_EMPTY, MOST_WINDOWS[window]) : MOST_WINDOWS[window];
  const starts = windowStarts(period, window, timeZone, most);
  if (starts === null) {
    const within = withEmpty ? ' with empty windows' : '';
    throw tooMany(`has more than ${most} windows of a ${window} in this period${within}; ask for less at a time`);
  }
  const windows = { starts: starts.map((start) => start * 1_000), end };
  if (cutHours(windows).length > MOST_CUT_HOURS) {
    throw tooMany(`cuts more than ${MOST_CUT_HOURS} hours of UTC in two in ${timeZone}; ask for less at a time`);
  }
  return windows;
}

function tooMany(detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_request', `window: ${detail}`, [{ field: 'window', detail }]);
}

/** @throws InvalidRequestError when the meter does not keep the field's values apart */
function placeOf({ key, groupBy }: MeterEntity, dimension: string, field: string): number {
  const place = groupBy.indexOf(dimension);
  if (place >= 0) return place;
  const kept = groupBy.length === 0 ? 'by nothing' : `by ${groupBy.join(', ')}`;
  const detail = `'${dimension.slice(0, 100)}' is not what the meter '${key}' is grouped by: it is grouped ${kept}`;
  throw new InvalidRequestError('invalid_request', `${field}: ${detail}`, [{ field, detail }]);
}
