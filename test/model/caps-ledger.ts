/**
 * What a few actors did, as they were told, and what caps must therefore have counted. Written for whole thousandths of
 * a dollar, and shares nothing with the code it judges.
 */
export interface RecordedHold {
  readonly id: string;
  readonly customer: string;
  readonly session: string;
  /** In thousandths, as all amounts here. */
  held: number;
  state: 'open' | 'settled' | 'released' | 'expired';
  /** What settling said; null where nothing was said. `estimated`: nobody knew, so what was held stands in. */
  stated: number | null;
  estimated: boolean;
  /** What its events cost; null while there are none. */
  used: number | null;
}

export interface RecordedEvent {
  readonly customer: string;
  readonly session: string;
  readonly cost: number;
}

export class CapsLedger {
  readonly holds = new Map<string, RecordedHold>();
  /** Of no hold. */
  readonly events: RecordedEvent[] = [];

  /** What all work of a customer, or of one session of its, has come to. */
  settled(customer: string, session: string | null = null): number {
    const within = (work: { customer: string; session: string }): boolean =>
      work.customer === customer && (session === null || work.session === session);
    return (
      sumOf(this.events.filter(within), ({ cost }) => cost) +
      sumOf([...this.holds.values()].filter(within), (hold) => bookedOf(hold))
    );
  }

  held(customer: string, session: string | null = null): number {
    const open = [...this.holds.values()].filter(
      (hold) => hold.customer === customer && (session === null || hold.session === session) && hold.state === 'open',
    );
    return sumOf(open, ({ held }) => held);
  }
}

/** The larger of what was said and what the events cost; an estimate gives way to events. */
export function bookedOf({ stated, used, estimated }: Pick<RecordedHold, 'stated' | 'used' | 'estimated'>): number {
  if (used === null) return stated ?? 0;
  return stated === null || estimated ? used : Math.max(stated, used);
}

export function dollars(thousandths: number): string {
  const text = (Math.abs(thousandths) / 1_000).toFixed(3).replace(/\.?0+$/, '');
  return thousandths < 0 ? `-${text}` : text;
}

/** @throws Error for a part of a thousandth, which no actor ever asked for */
export function thousandths(text: string): number {
  const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d{1,3}))?$/.exec(text) ?? [];
  if (whole === undefined) throw new Error(`${text} is no whole number of thousandths.`);
  const amount = Number(whole) * 1_000 + Number(part.padEnd(3, '0'));
  return sign === '-' ? -amount : amount;
}

function sumOf<T>(all: readonly T[], amountOf: (each: T) => number): number {
  return all.reduce((total, each) => total + amountOf(each), 0);
}
