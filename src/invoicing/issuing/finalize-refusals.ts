import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import { type MeterEntity, MetersService } from '../../catalog';
import type { Price } from '../../catalog/domain';
import { ConflictError, DomainError, formatAmount, InvariantError, toPublicId } from '../../kernel';
import { earlierDrafts, periodIndexOf } from '../adjusting/billed-periods';
import { dependsOnEarlier } from '../drafts/billing-history';
import type { DraftLine } from '../domain';
import type { RefreshedDraft } from '../drafts/draft-refresher';
import { refuseUnsafe } from './safety-bounds';

/** Says why a draft can't be finalized yet. */
@Injectable()
export class FinalizeRefusals {
  constructor(@Inject(MetersService) private readonly meters: MetersService) {}

  /**
   * @throws ConflictError `meter_filling` while a charge depends on usage that isn't all counted, `cost_pending` while one
   *                       depends on a cost that isn't known, `earlier_draft` while what is left of pools or of a
   *                       commitment may still change, `safety_bound` for what can only be a fault,
   *                       `approval_needed` where nobody has approved what it comes to
   */
  async check(db: EntityManager, tenant: Tenant, draft: RefreshedDraft): Promise<void> {
    const refused = (await this.refusedAmong(db, tenant, [draft])).get(draft);
    if (refused !== undefined) throw refused;
  }

  /** Of many drafts those that can't be finalized yet, each with what `check` throws for it. */
  async refusedAmong(
    db: EntityManager,
    tenant: Tenant,
    drafts: readonly RefreshedDraft[],
  ): Promise<ReadonlyMap<RefreshedDraft, Error>> {
    const meters = await this.metersOf(tenant, drafts.flatMap(linesOf));
    const approval = await approvalOf(db, tenant);
    const refused = new Map<RefreshedDraft, Error>();
    for (const draft of drafts) {
      try {
        await refuseEarlierDraft(db, draft);
        refuseFillingMeter(linesOf(draft), meters);
        refusePendingCost(linesOf(draft));
        refuseUnsafe(draft.invoice, draft.lines);
        refuseUnapproved(draft, approval);
      } catch (error) {
        if (!(error instanceof DomainError || error instanceof InvariantError)) throw error;
        refused.set(draft, error);
      }
    }
    return refused;
  }

  /** By id, and those of cost floors by the name they have there. */
  private async metersOf(tenant: Tenant, lines: readonly DraftLine[]): Promise<ReadonlyMap<string, MeterEntity>> {
    const prices = lines.flatMap(({ price }) => price ?? []);
    const ids = [...new Set(prices.flatMap(({ meterId }) => meterId ?? []))];
    const meters = new Map(await this.meters.byIds(tenant, ids));
    for (const floor of new Set(prices.flatMap(floorOf))) meters.set(floor, await this.meters.find(tenant, floor));
    return meters;
  }
}

function linesOf({ refreshed }: RefreshedDraft): DraftLine[] {
  return refreshed.flatMap(({ computed }) => computed);
}

function floorOf({ charge }: Price): string[] {
  return charge.model === 'outcome' && charge.costFloor?.meter !== undefined ? [charge.costFloor.meter] : [];
}

function refuseFillingMeter(lines: readonly DraftLine[], meters: ReadonlyMap<string, MeterEntity>): void {
  const prices = lines.flatMap(({ price }) => price ?? []);
  const names = prices.flatMap((price) => [...(price.meterId === null ? [] : [price.meterId]), ...floorOf(price)]);
  const filling = names.map((name) => meters.get(name)).find((meter) => meter?.status === 'filling');
  if (filling === undefined) return;
  throw new ConflictError(
    'meter_filling',
    `The meter '${filling.key}' has not counted all stored events yet, so the invoice stays a draft. GET /v1/meters/${filling.key} says how far it is.`,
  );
}

/** What an earlier period leaves of its pools and of a commitment isn't certain until it is finalized. */
async function refuseEarlierDraft(db: EntityManager, { invoice, refreshed }: RefreshedDraft): Promise<void> {
  for (const { part, about, rated } of refreshed) {
    if (!dependsOnEarlier(rated.segments)) continue;
    const drafts = await earlierDrafts(db, about, periodIndexOf(about, part));
    const earlier = drafts.find(({ id }) => id !== invoice.id);
    if (earlier === undefined) continue;
    throw new ConflictError(
      'earlier_draft',
      `The invoice of the period from ${earlier.periodStart.toISOString()} is still a draft, and this one depends on what it leaves of pools or commitments. Finalize ${toPublicId('invoice', earlier.id)} first.`,
    );
  }
}

async function approvalOf(db: EntityManager, tenant: Tenant): Promise<string> {
  const [row] = await db.query<{ approval: string }[]>(
    'SELECT invoice_approval AS approval FROM organisation WHERE id = $1',
    [tenant.organisationId],
  );
  return row!.approval;
}

/** Who asks for a change to be billed at once, and who agrees on a threshold, has approved of it. */
function refuseUnapproved({ invoice, parts }: RefreshedDraft, approval: string): void {
  if (parts.length > 0 && parts.every(({ kind }) => kind === 'change' || kind === 'threshold')) return;
  if (invoice.approvedTotal?.equals(invoice.total) === true) return;
  if (approval !== 'required') return;
  const asked = `${formatAmount(invoice.total, invoice.currency)} ${invoice.currency}`;
  const before =
    invoice.approvedTotal === null
      ? 'has not been approved'
      : `was approved at ${formatAmount(invoice.approvedTotal, invoice.currency)} and comes to ${asked} now`;
  throw new ConflictError(
    'approval_needed',
    `The invoice ${toPublicId('invoice', invoice.id)} ${before}. POST /v1/invoices/${toPublicId('invoice', invoice.id)}/approve says that ${asked} may be asked for.`,
  );
}

function refusePendingCost(lines: readonly DraftLine[]): void {
  const waiting = lines.find((line) => line.pendingEvents > 0);
  if (waiting === undefined) return;
  throw new ConflictError(
    'cost_pending',
    `The cost of ${waiting.pendingEvents} events behind the line '${waiting.description}' is not known yet, so its charge isn't either, and the invoice stays a draft.`,
  );
}
