import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../access';
import { MetersService } from '../catalog';
import { ConflictError, formatAmount, toPublicId } from '../kernel';
import { earlierDrafts, periodIndexOf } from './billed-periods';
import { dependsOnEarlier } from './billing-history';
import type { DraftLine } from './domain';
import type { RefreshedDraft } from './draft-refresher';
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
    await refuseEarlierDraft(db, draft);
    const lines = draft.refreshed.flatMap(({ computed }) => computed);
    await this.refuseFillingMeter(tenant, lines);
    refusePendingCost(lines);
    refuseUnsafe(draft.invoice, draft.lines);
    await refuseUnapproved(db, tenant, draft);
  }

  private async refuseFillingMeter(tenant: Tenant, lines: readonly DraftLine[]): Promise<void> {
    const prices = lines.flatMap(({ price }) => price ?? []);
    const ids = prices.flatMap(({ meterId }) => meterId ?? []);
    const meters = [...(await this.meters.byIds(tenant, ids)).values()];
    for (const { charge } of prices) {
      const floor = charge.model === 'outcome' ? charge.costFloor?.meter : undefined;
      if (floor !== undefined) meters.push(await this.meters.find(tenant, floor));
    }
    const filling = meters.find(({ status }) => status === 'filling');
    if (filling === undefined) return;
    throw new ConflictError(
      'meter_filling',
      `The meter '${filling.key}' has not counted all stored events yet, so the invoice stays a draft. GET /v1/meters/${filling.key} says how far it is.`,
    );
  }
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

/** Who asks for a change to be billed at once, and who agrees on a threshold, has approved of it. */
async function refuseUnapproved(db: EntityManager, tenant: Tenant, { invoice, parts }: RefreshedDraft): Promise<void> {
  if (parts.length > 0 && parts.every(({ kind }) => kind === 'change' || kind === 'threshold')) return;
  if (invoice.approvedTotal?.equals(invoice.total) === true) return;
  const [row] = await db.query<{ approval: string }[]>(
    'SELECT invoice_approval AS approval FROM organisation WHERE id = $1',
    [tenant.organisationId],
  );
  if (row!.approval !== 'required') return;
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
