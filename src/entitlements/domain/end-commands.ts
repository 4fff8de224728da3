import { toPublicId } from '../../kernel';
import { minus, NO_AMOUNTS } from './amounts';
import { amountsJson, capsOf } from './answers';
import type { HoldCommand, LockedState } from './decision';
import type { Hold } from './hold';
import { holdOf, type HoldOutcome, notFound, problem } from './hold-outcome';
import type { DecidingRules } from './objections';
import { endHold, overrunOf, rebook, setFlag, touch } from './rebook';
import { atLeastNothing, freeOf } from './tree';

type Settle = HoldCommand & { kind: 'settle' };
type Release = HoldCommand & { kind: 'release' };

/** Books what the work came to. What was only estimated, or a part, may be corrected by settling again. */
export function settle(command: Settle, state: LockedState, rules: DecidingRules): HoldOutcome {
  const hold = holdOf(command, state);
  if (hold === null) return notFound();
  if (hold.endHash === command.requestHash && hold.endAnswer !== null) return { answer: hold.endAnswer };
  if (hold.status === 'refused') return problem('hold_ended', 'Nothing was held: it was refused.');
  const said = hold.status === 'settled' && hold.stated !== null;
  const isCertain = !hold.flags.has('estimated') && !hold.flags.has('partial');
  if (said && isCertain) return problem('hold_ended', 'It was settled already, with something else; that stands.');
  if (hold.status === 'released' && hold.endHash !== null)
    return problem('hold_ended', 'It was released; record the work as events, or make a new hold.');

  const isOpen = hold.status === 'open';
  const isLate = isOpen ? hold.expiresAt <= command.now : hold.status !== 'settled';
  const held = hold.firstHeld;
  if (command.stated !== null) {
    hold.stated = command.stated;
    setFlag(hold, 'estimated', false);
    setFlag(hold, 'partial', command.partial);
  } else if (hold.used === null) {
    // Never nothing by default: what it still held itself is the best that is known; its parts are booked by themselves.
    hold.stated = hold.lastHeld ?? freeOf(hold);
    setFlag(hold, 'estimated', true);
  }
  if (isLate) setFlag(hold, 'late', true);
  rebook(hold, state, rules, command.now);

  const answer = {
    hold: toPublicId('hold', hold.id),
    status: hold.status,
    held: amountsJson(held),
    booked: amountsJson(hold.booked ?? NO_AMOUNTS),
    released: amountsJson(atLeastNothing(minus(held, hold.booked ?? NO_AMOUNTS))),
    overrun: amountsJson(overrunOf(hold, hold.booked ?? NO_AMOUNTS, state, rules)),
    flags: [...hold.flags],
    caps: capsOf(hold, state, rules, command.now),
  };
  return ended(hold, command.requestHash, JSON.stringify(answer));
}

/** Frees all that is held: the work wasn't done. */
export function release(command: Release, state: LockedState, rules: DecidingRules): HoldOutcome {
  const hold = holdOf(command, state);
  if (hold === null) return notFound();
  if (hold.endHash === command.requestHash && hold.endAnswer !== null) return { answer: hold.endAnswer };
  if (hold.status === 'settled') return problem('hold_ended', 'It was settled; what was spent stays spent.');
  if (hold.status === 'refused') return problem('hold_ended', 'Nothing was held: it was refused.');

  // One that has expired, or ended with the hold it was a part of, holds nothing: that is what was wanted.
  const held = hold.held;
  const { status } = hold;
  if (status === 'open') endHold(hold, 'released', NO_AMOUNTS, state, rules, command.now);
  const answer = JSON.stringify({
    hold: toPublicId('hold', hold.id),
    status: hold.status,
    released: amountsJson(held),
    flags: [...hold.flags],
    caps: capsOf(hold, state, rules, command.now),
  });
  // What has expired may still be settled, so its end is left open.
  if (status !== 'open') return { answer };
  return ended(hold, command.requestHash, answer);
}

function ended(hold: Hold, requestHash: string, answer: string): HoldOutcome {
  hold.endHash = requestHash;
  hold.endAnswer = answer;
  touch(hold);
  return { answer };
}
