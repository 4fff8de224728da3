import { currencyOf, type SubscriptionWithPlan } from '../../customers';
import { type Currency, localTimeOf, newUuid, type Period, sum, ZERO } from '../../kernel';
import type { Adjusted } from '../adjusting/adjustments';
import { type BilledLine, type DraftLine, lessStanding } from '../domain';
import { InvoicePartEntity, type PartKind } from '../persistence/invoice-part.entity';
import type { RatedPeriod } from './rated-period';

/** A part with what it says, before it is on an invoice. */
export interface MadePart {
  /** Its `invoiceId` is to come. */
  readonly part: InvoicePartEntity;
  readonly about: SubscriptionWithPlan;
  /** Fees in advance: written with the part, and never computed again. */
  readonly written: readonly DraftLine[];
  /** Computed again as long as the invoice is a draft. */
  readonly computed: readonly DraftLine[];
  /** Of a period. */
  readonly rated: RatedPeriod | null;
  readonly adjusted: Adjusted | null;
}

/** What a part of a period says as its usage is now. */
export interface ComputedPeriod {
  readonly computed: readonly DraftLine[];
  readonly rated: RatedPeriod;
  readonly adjusted: Adjusted;
}

/** What the lines of a period's part are decided from, whoever loaded it. */
export interface PeriodDecision {
  readonly rated: RatedPeriod;
  readonly adjusted: Adjusted;
  /** What thresholds have billed of the period already. */
  readonly takeOffs: readonly DraftLine[];
  /** What of the period stands on other invoices, since its own was void; nothing without it. */
  readonly standing?: readonly BilledLine[];
}

/** Behind the charges of the period what thresholds billed of it, then what is different of earlier ones. */
export function computePeriod({ rated, adjusted, takeOffs, standing = [] }: PeriodDecision): ComputedPeriod {
  const own = lessStanding(rated.draft, standing);
  return { computed: [...own, ...takeOffs, ...adjusted.lines], rated, adjusted };
}

/** The part of a billing period that is over. */
export function periodPart(
  about: SubscriptionWithPlan,
  decision: PeriodDecision,
  written: readonly DraftLine[],
): MadePart {
  const { periodIndex, draft } = decision.rated;
  const part = newPart(about, 'period', periodIndex, draft.servicePeriod, draft.servicePeriod.end);
  Object.assign(part, { cost: draft.cost, pendingEvents: draft.pendingEvents });
  return withExactTotal({ part, about, written, ...computePeriod(decision) });
}

/** A part of lines that are written once; what it is about is the time they are for. */
export function writtenPart(
  about: SubscriptionWithPlan,
  kind: PartKind,
  { periodIndex, ordinal = 0, closesAt }: { periodIndex: number; ordinal?: number; closesAt: Date },
  written: readonly DraftLine[],
): MadePart {
  const part = newPart(about, kind, periodIndex, stretchOf(written), closesAt);
  part.ordinal = ordinal;
  return withExactTotal({ part, about, written, computed: [], rated: null, adjusted: null });
}

/** From the first instant of some lines to the last. */
export function stretchOf(lines: readonly Pick<DraftLine, 'servicePeriod'>[]): Period {
  return {
    start: new Date(Math.min(...lines.map(({ servicePeriod }) => servicePeriod.start.getTime()))),
    end: new Date(Math.max(...lines.map(({ servicePeriod }) => servicePeriod.end.getTime()))),
  };
}

/** What parts share that join one draft. */
export interface GatheringPlace {
  readonly customerId: string;
  readonly currency: Currency;
  /** The customer's local day on which the part is due. */
  readonly gathersOn: string;
}

/** Where a part is gathered; null for one that gets an invoice of its own. */
export function gatheringPlace({ part, about }: MadePart): GatheringPlace | null {
  const { customer, subscription } = about;
  if (subscription.invoicing === 'apart' || part.kind === 'change' || part.kind === 'threshold') return null;
  return {
    customerId: customer.id,
    currency: currencyOf(about),
    gathersOn: localTimeOf(part.closesAt, customer.timeZone).date,
  };
}

function newPart(
  { subscription }: SubscriptionWithPlan,
  kind: PartKind,
  periodIndex: number,
  period: Period,
  closesAt: Date,
): InvoicePartEntity {
  return Object.assign(new InvoicePartEntity(), {
    organisationId: subscription.organisationId,
    id: newUuid(),
    invoiceId: '',
    subscriptionId: subscription.id,
    kind,
    periodIndex,
    ordinal: 0,
    periodStart: period.start,
    periodEnd: period.end,
    closesAt,
    exactTotal: ZERO,
    cost: ZERO,
    pendingEvents: 0,
    live: true,
  });
}

function withExactTotal(made: MadePart): MadePart {
  made.part.exactTotal = sum([...made.written, ...made.computed].map(({ exactAmount }) => exactAmount));
  return made;
}
