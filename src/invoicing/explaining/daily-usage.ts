import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { type MeterEntity, MetersService } from '../../catalog';
import { Clock, decimalText, localTimeOf, windowStarts } from '../../kernel';
import { UsageQueryService } from '../../metering';
import type { StoredDailyUsage } from '../persistence/invoice-line.entity';

export type { StoredDailyUsage } from '../persistence/invoice-line.entity';

/** What of a line its usage by day is told from. */
export interface LineOfDays {
  readonly id: string;
  readonly meterId: string | null;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly events: number;
}

/** Lines of one customer. */
export interface DaysWanted {
  readonly customer: { readonly id: string; readonly timeZone: string };
  readonly lines: readonly LineOfDays[];
}

/** Bars of more days than this are too thin to see, so a line of a longer time has none. */
const MOST_DAYS = 100;

/** Lines that one question answers: of one meter, in one period, by one calendar. */
interface Question {
  readonly meterId: string;
  readonly start: Date;
  readonly end: Date;
  readonly timeZone: string;
  readonly asked: { readonly customerId: string; readonly line: LineOfDays }[];
}

/** Tells usage by day, which is stored with a line when its invoice is finalized: later events don't change what was billed. */
@Injectable()
export class DailyUsageService {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(UsageQueryService) private readonly usage: UsageQueryService,
  ) {}

  /**
   * Usage by day of the lines of many customers, by the line's id. A question for each meter, period and time zone,
   * however many lines and customers there are. Called in a transaction, it joins it.
   *
   * A line has none where it isn't what the line was made from: where nothing was measured, where the period is too long
   * for a chart, and where other events are counted now than the line is of.
   */
  async of(tenant: Tenant, wanted: readonly DaysWanted[]): Promise<ReadonlyMap<string, StoredDailyUsage>> {
    const questions = questionsOf(wanted);
    const found = new Map<string, StoredDailyUsage>();
    if (questions.length === 0) return found;
    const meters = await this.meters.byIds(tenant, [...new Set(questions.map(({ meterId }) => meterId))]);
    for (const question of questions) {
      const meter = meters.get(question.meterId);
      if (meter === undefined) continue;
      for (const [lineId, daily] of await this.answer(tenant, meter, question)) found.set(lineId, daily);
    }
    return found;
  }

  private async answer(
    tenant: Tenant,
    meter: MeterEntity,
    { start, end, timeZone, asked }: Question,
  ): Promise<[string, StoredDailyUsage][]> {
    const period = { start, end };
    const starts = windowStarts(period, 'day', timeZone, MOST_DAYS);
    if (starts === null) return [];
    const customerIds = [...new Set(asked.map(({ customerId }) => customerId))];
    const rows = await this.usage.query(
      tenant,
      {
        ...{ meter, customerIds, period, window: 'day', timeZone, byCustomer: true },
        ...{ groupBy: [], filters: new Map(), withEmpty: false, now: this.clock.now() },
      },
      null,
      starts.length * customerIds.length,
    );

    const days = new Map(customerIds.map((id) => [id, { events: 0, quantities: starts.map(() => '0') }]));
    for (const { customerId, window, events, quantity } of rows) {
      const ofCustomer = days.get(customerId!)!;
      ofCustomer.events += events;
      ofCustomer.quantities[window] = quantity === null ? '0' : decimalText(quantity);
    }
    const { date: first } = localTimeOf(start, timeZone);
    return asked.flatMap(({ customerId, line }): [string, StoredDailyUsage][] => {
      const { events, quantities } = days.get(customerId)!;
      return events === line.events ? [[line.id, { first, quantities }]] : [];
    });
  }
}

function questionsOf(wanted: readonly DaysWanted[]): Question[] {
  const questions = new Map<string, Question>();
  for (const { customer, lines } of wanted) {
    for (const line of lines) {
      const { meterId, periodStart: start, periodEnd: end, events } = line;
      if (meterId === null || events === 0) continue;
      const key = [meterId, start.getTime(), end.getTime(), customer.timeZone].join(' ');
      const known = questions.get(key) ?? { meterId, start, end, timeZone: customer.timeZone, asked: [] };
      known.asked.push({ customerId: customer.id, line });
      questions.set(key, known);
    }
  }
  return [...questions.values()];
}
