import { z } from 'zod';
import { invariant, toPublicId } from '../kernel';
import { decodeCursor } from '../platform/http';
import type { PostingSource } from './domain';
import type { EntryQuery, LedgerEntry } from './persistence/ledger-store';

/** What can be booked, as the API calls it and as its ids say it. */
const NOUNS = {
  invoice: 'invoice',
  payment: 'payment',
  credit_note: 'creditNote',
  wallet_grant: 'walletGrant',
  wallet_entry: 'walletEntry',
} as const;
type SourceKind = keyof typeof NOUNS;

export const SourceResponse = z
  .object({
    kind: z.enum(Object.keys(NOUNS) as [SourceKind, ...SourceKind[]]),
    id: z.string(),
    purpose: z.string(),
  })
  .describe('What happened to which thing.');

export function toSource({ kind, id, purpose }: PostingSource): z.infer<typeof SourceResponse> {
  invariant(kind in NOUNS, 'what is booked is an invoice, a payment, a credit note or credit');
  const known = kind as SourceKind;
  return { kind: known, id: toPublicId(NOUNS[known], id), purpose };
}

/** A posting and the position of an entry of it, as a cursor names them. */
const PLACE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} \d{1,4}$/;

/** The entry that the page before ended with. */
export function entryBefore(cursor: string | undefined): EntryQuery['before'] {
  const before = decodeCursor(cursor, [/^\d{1,16}$/, PLACE]);
  return before === null ? null : [before[0]!, ...(before[1]!.split(' ') as [string, string])];
}

export function entryPlace(entry: LedgerEntry): string[] {
  return [String(entry.at.getTime()), `${entry.postingId} ${entry.position}`];
}
