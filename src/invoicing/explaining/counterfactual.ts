import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import type { Charge } from '../../catalog/domain';
import {
  ConflictError,
  type Currency,
  type Decimal,
  decimalText,
  formatAmount,
  InvalidRequestError,
} from '../../kernel';
import { Database } from '../../platform/database';
import type { UsageToRate } from '../../rating/domain';
import { canBeLess, type Counterfactual, mostLess, withLessUsage } from '../domain';
import { lineOf } from './explanations.service';
import { InvoicesService, type InvoiceWithLines } from '../invoices.service';
import { PeriodRater } from '../drafts/period-rater';
import type { InvoiceLineEntity } from '../persistence/invoice-line.entity';
import { segmentsToRate } from '../drafts/rated-period';

/** Which usage there would have been less of. */
export interface LessWanted {
  readonly less: Decimal;
  /** Values of the charge's dimensions, in their order; null where none are named. */
  readonly group: readonly string[] | null;
  /** A window of its schedule by name; null where none is named. */
  readonly window: string | null;
}

export interface ToldCounterfactual extends Counterfactual {
  readonly found: InvoiceWithLines;
  /** As it stands on the invoice. */
  readonly stored: InvoiceLineEntity;
  readonly steps: readonly string[];
}

/** What a line would have been with less usage. */
@Injectable()
export class CounterfactualService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(PeriodRater) private readonly rater: PeriodRater,
  ) {}

  /**
   * Rates the line's period twice, as it is now and with less of the line's usage, and tells the difference. Writes
   * nothing. Tax isn't in it: it is asked on invoices, not on lines.
   *
   * @throws NotFoundError
   * @throws ConflictError       `not_counterfactual` for lines that aren't told from measured usage
   * @throws InvalidRequestError by field: more than there was, or no word on which group
   */
  async of(
    tenant: Tenant,
    invoiceReference: string,
    lineReference: string,
    wanted: LessWanted,
  ): Promise<ToldCounterfactual> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const found = await this.invoices.find(tenant, invoiceReference);
      const stored = lineOf(found, lineReference);
      const part = found.parts.find(({ id }) => id === stored.partId);
      if (stored.kind !== 'price' || part?.kind !== 'period') throw notCounterfactual(stored);
      const about = found.subscriptions.get(part.subscriptionId)!;
      const period = await this.rater.load(db, tenant, about, part.periodIndex);
      const segments = segmentsToRate(period);
      const segment = segments.find((each) => each.period.start.getTime() === stored.periodStart.getTime());
      const price = segment?.plan.prices.find(({ key }) => key === stored.key);
      if (segment === undefined || price === undefined || !canBeLess(price)) throw notCounterfactual(stored);

      const usage = segment.usage.of(price);
      const place = placeOf(usage, price.charge, wanted);
      const most = mostLess(usage, price.charge, place);
      if (wanted.less.greaterThan(most)) throw invalid('less', `must be at most ${decimalText(most)}, which is all there was`); // prettier-ignore
      const where = { key: stored.key, start: stored.periodStart };
      const told = withLessUsage(segments, period.before, where, { less: wanted.less, place });
      return { ...told, found, stored, steps: stepsOf(told, stored, wanted.less, found.invoice.currency) };
    });
  }
}

function placeOf(usage: UsageToRate, charge: Charge, { group, window }: LessWanted): number | null {
  if (usage.groups !== undefined) {
    if (window !== null) throw invalid('window', 'is not what this charge tells apart');
    const names = usage.groups.map(({ values }) => values);
    const asked = names.findIndex((values) => group !== null && sameValues(values, group));
    return asked !== -1 ? asked : onlyOne(names.length, 'group', names.map((values) => JSON.stringify(values))); // prettier-ignore
  }
  if (group !== null) throw invalid('group', 'is not what this charge tells apart');
  if (usage.windows !== undefined && charge.model === 'scheduled') {
    const names = [...charge.windows.map(({ name }) => name), 'otherwise'];
    const asked = names.findIndex((name) => name === window);
    return asked !== -1 ? asked : onlyOne(names.length, 'window', names);
  }
  if (window !== null) throw invalid('window', 'is not what this charge tells apart');
  return null;
}

/** Where there is one alone, nobody needs to name it. */
function onlyOne(count: number, field: string, names: readonly string[]): number {
  if (count === 1) return 0;
  const some = names.slice(0, MOST_NAMED).join(', ');
  throw invalid(field, `must say of which there would be less: ${some}${names.length > MOST_NAMED ? ', …' : ''}`);
}

const MOST_NAMED = 20;

function sameValues(values: readonly (string | null)[], asked: readonly string[]): boolean {
  return values.length === asked.length && values.every((value, index) => (value ?? '') === asked[index]);
}

function stepsOf(
  { line, would, saved, savedInPeriod }: Counterfactual,
  stored: InvoiceLineEntity,
  less: Decimal,
  currency: Currency,
): string[] {
  const money = (value: Decimal): string => `${formatAmount(value, currency)} ${currency}`;
  return [
    ...(stored.exactAmount.equals(line.exactAmount)
      ? []
      : [`Since the line was billed its usage has changed: it says ${money(stored.amount)} and would be ${money(line.amount)} now. What follows is told from the usage as it is now.`]),
    `With ${decimalText(less)} less, the quantity would be ${decimalText(would.quantity)} and not ${decimalText(line.quantity)}.`,
    ...would.steps,
    `That would be ${money(would.amount)} and not ${money(line.amount)}: ${money(saved)} less, before tax.`,
    ...(saved.equals(savedInPeriod)
      ? []
      : [`With what is agreed for the plan as a whole, and units that other prices share, the period would be ${money(savedInPeriod)} less.`]),
  ]; // prettier-ignore
}

function notCounterfactual({ description }: InvoiceLineEntity): ConflictError {
  return new ConflictError('not_counterfactual', `The line '${description}' isn't told from usage that could be less by a number of units.`); // prettier-ignore
}

function invalid(field: string, detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_request', `${field}: ${detail}`, [{ field, detail }]);
}
