import type { EventProblem } from '../../events/domain';

/** What became of one event of a request, in the order in which they were sent. */
export type Receipt =
  | { readonly status: 'accepted' | 'duplicate'; readonly id: string }
  | { readonly status: 'rejected'; readonly id: string | null; readonly problem: EventProblem };

export interface ReceiptCounts {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
}

export function countReceipts(receipts: readonly Receipt[]): ReceiptCounts {
  let accepted = 0;
  let duplicates = 0;
  for (const { status } of receipts) {
    if (status === 'accepted') accepted += 1;
    else if (status === 'duplicate') duplicates += 1;
  }
  return { accepted, duplicates, rejected: receipts.length - accepted - duplicates };
}

/**
 * The answer to a request of events, written by hand: a batch has thousands of results, all of one shape.
 *
 * @param closedPeriods of a backfill: the closed periods it touches, as JSON
 */
export function receiptsJson(receipts: readonly Receipt[], closedPeriods: string | null = null): string {
  const { accepted, duplicates, rejected } = countReceipts(receipts);
  let json = `{"accepted":${accepted},"duplicates":${duplicates},"rejected":${rejected},"results":[`;
  for (let index = 0; index < receipts.length; index += 1) {
    const receipt = receipts[index]!;
    json += `${index === 0 ? '' : ','}{"index":${index},"id":${JSON.stringify(receipt.id)},"status":"${receipt.status}"`;
    if (receipt.status === 'rejected') {
      const { code, field, detail } = receipt.problem;
      json += `,"code":${JSON.stringify(code)},"field":${JSON.stringify(field)},"detail":${JSON.stringify(`${field}: ${detail}`)}`;
    }
    json += '}';
  }
  return `${json}]${closedPeriods === null ? '' : `,"closedPeriods":${closedPeriods}`}}`;
}
