import { toPublicId } from '../../kernel';
import type { Alert, AlertKind } from './alert';
import { toAmountsJson } from './amounts';
import type { Hold, HoldFlag } from './hold';

/** Of these flags somebody should know. */
const TOLD: readonly (HoldFlag & AlertKind)[] = ['late', 'overrun'];

/** What somebody should know of holds that were booked: each is told once, however often it is booked anew. */
export function alertsOfHolds(holds: Iterable<Hold>, at: Date): Alert[] {
  const alerts: Alert[] = [];
  for (const hold of holds) {
    for (const kind of TOLD) if (hold.flags.has(kind)) alerts.push(alertOf(hold, kind, at));
  }
  return alerts;
}

function alertOf({ id, customerId, scope, firstHeld, booked }: Hold, kind: AlertKind, at: Date): Alert {
  return {
    kind,
    subject: id,
    customerId,
    capId: null,
    session: scope.session ?? null,
    detail: {
      hold: toPublicId('hold', id),
      held: toAmountsJson(firstHeld),
      booked: booked === null ? {} : toAmountsJson(booked),
    },
    at,
  };
}
