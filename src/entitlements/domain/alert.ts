export const ALERT_KINDS = [
  'threshold',
  'forecast',
  'refused',
  'overrun',
  'late',
  'drift',
  'spend_unknown',
  'loop',
  'wallet_low',
  'away',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Something somebody should know, told once for its kind and subject. */
export interface Alert {
  readonly kind: AlertKind;
  /** Such as `<counter id> 80`: a second alert of it is not stored. */
  readonly subject: string;
  readonly customerId: string | null;
  readonly capId: string | null;
  readonly session: string | null;
  /** For people and programs; decimals are text. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly at: Date;
}
