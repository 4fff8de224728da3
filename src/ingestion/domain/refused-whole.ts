import type { EventProblem } from '../../events/domain';
import type { Receipt } from './receipt';

/** One refused event of a request: its place there, from 0, and why. */
export interface RefusedEvent {
  readonly index: number;
  readonly problem: EventProblem;
}

/** A request that is stored as a whole or not at all has events that are refused: nothing of it was stored. */
export class RefusedWholeError extends Error {
  constructor(readonly refused: readonly RefusedEvent[]) {
    super(`${refused.length} events of a request were refused, so nothing of it was stored.`);
    this.name = 'RefusedWholeError';
  }

  /** Of these receipts, in the order of the request's events; null when none of them refuses. */
  static among(receipts: Iterable<readonly [index: number, receipt: Receipt]>): RefusedWholeError | null {
    const refused: RefusedEvent[] = [];
    for (const [index, receipt] of receipts) {
      if (receipt.status === 'rejected') refused.push({ index, problem: receipt.problem });
    }
    return refused.length === 0 ? null : new RefusedWholeError(refused);
  }
}
