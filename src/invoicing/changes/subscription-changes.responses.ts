import { z } from 'zod';
import {
  CHANGE_INVOICES,
  CHANGE_KINDS,
  type SubscriptionChangeEntity,
  SubscriptionResponse,
  toSubscriptionResponse,
} from '../../customers';
import { formatAmount, toPublicId } from '../../kernel';
import { InvoiceResponse, toInvoiceResponse } from '../invoice-responses';
import type { AppliedChange, ChangePreview } from './subscription-lifecycle.service';

export const ChangeResponse = z.object({
  id: z.string(),
  kind: z.enum(CHANGE_KINDS).describe('What it is about most: one of plan and quantities is one of `plan`.'),
  request: z.record(z.string(), z.unknown()).describe('As it was asked for.'),
  at: z.string().describe('From when on it holds.'),
  invoice: z.enum(CHANGE_INVOICES),
  reason: z.string().nullable(),
  madeBy: z.string(),
  createdAt: z.string().describe('By the customer’s clock.'),
  takenBackAt: z.string().nullable().describe('Null: it stands.'),
});

export const AppliedResponse = z.object({
  change: ChangeResponse.nullable().describe(
    'Null: everything was as it is asked for already, and no change made it so.',
  ),
  subscription: SubscriptionResponse,
  invoice: InvoiceResponse.nullable().describe(
    'What was billed at once; null when it comes with the next invoice, or there was nothing to bill.',
  ),
});

export const ChangePreviewResponse = z.object({
  now: InvoiceResponse.nullable().describe('The invoice that the change would make at once.'),
  next: InvoiceResponse.nullable().describe(
    'What the open period’s invoice would say, with usage as it is now; null when none is to come.',
  ),
  nextAmountDue: z.string().nullable().describe('What is to be paid of `next`, once credit has paid its part.'),
});

export function toChangeResponse(change: SubscriptionChangeEntity): z.infer<typeof ChangeResponse> {
  return {
    id: toPublicId('subscriptionChange', change.id),
    kind: change.kind,
    request: change.request as Record<string, unknown>,
    at: change.at.toISOString(),
    invoice: change.invoice,
    reason: change.reason,
    madeBy: change.madeBy,
    createdAt: change.createdAt.toISOString(),
    takenBackAt: change.takenBackAt?.toISOString() ?? null,
  };
}

/** @param now by the customer's clock */
export function toAppliedResponse(
  { outcome, now: invoice }: AppliedChange,
  now: Date,
): z.infer<typeof AppliedResponse> {
  const [change] = outcome.changes;
  return {
    change: change === undefined ? null : toChangeResponse(change),
    subscription: toSubscriptionResponse(outcome.about, now),
    invoice: invoice === null ? null : toInvoiceResponse(invoice),
  };
}

export function toChangePreviewResponse({
  now,
  next,
  nextAmountDue,
}: ChangePreview): z.infer<typeof ChangePreviewResponse> {
  return {
    now: now === null ? null : toInvoiceResponse(now, 'preview'),
    next: next === null ? null : toInvoiceResponse(next, 'preview'),
    nextAmountDue: next === null || nextAmountDue === null ? null : formatAmount(nextAmountDue, next.invoice.currency),
  };
}
