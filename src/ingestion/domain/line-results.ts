import { countReceipts, type Receipt, type ReceiptCounts } from './receipt';

/** What became of one line. */
export interface LineResult {
  readonly line: number;
  readonly receipt: Receipt;
}

/** How a stream of lines ended. */
export interface StreamEnd extends ReceiptCounts {
  /** Where to go on, when it broke off: what became of this line and those behind it is not said. */
  readonly broken: { readonly resumeFromLine: number; readonly code: string; readonly detail: string } | null;
}

/** Which lines are answered: each, or those that are refused, for senders that only read once they have sent all. */
export const RESULTS = ['all', 'rejected'] as const;
export type Results = (typeof RESULTS)[number];

/** The results as lines of JSON. */
export function resultLines(results: readonly LineResult[], which: Results): string {
  let lines = '';
  for (const { line, receipt } of results) {
    if (which === 'rejected' && receipt.status !== 'rejected') continue;
    lines += `{"line":${line},"id":${JSON.stringify(receipt.id)},"status":"${receipt.status}"`;
    if (receipt.status === 'rejected') {
      const { code, field, detail } = receipt.problem;
      lines += `,"code":${JSON.stringify(code)},"field":${JSON.stringify(field)},"detail":${JSON.stringify(`${field}: ${detail}`)}`;
    }
    lines += '}\n';
  }
  return lines;
}

/**
 * The last line of the answer.
 *
 * @param more what else there is to say of the whole stream
 */
export function endLine({ accepted, duplicates, rejected, broken }: StreamEnd, more: object = {}): string {
  return `${JSON.stringify({ accepted, duplicates, rejected, complete: broken === null, ...broken, ...more })}\n`;
}

/** The counts with those of further results. */
export function addResults(counts: ReceiptCounts, results: readonly LineResult[]): ReceiptCounts {
  const more = countReceipts(results.map(({ receipt }) => receipt));
  return {
    accepted: counts.accepted + more.accepted,
    duplicates: counts.duplicates + more.duplicates,
    rejected: counts.rejected + more.rejected,
  };
}
