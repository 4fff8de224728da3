import {
  type AmountsJson,
  type Cap,
  type CounterPeriod,
  fromAmountsJson,
  type HoldCommand,
  toAmountsJson,
} from '../../domain';

export type AwayHold = Extract<HoldCommand, { kind: 'hold' }>;

/** A hold in the journal. Caps are named only: they are looked up again when it is written to the database. */
interface AwayLine extends Omit<AwayHold, 'amounts' | 'counters' | 'wallets'> {
  readonly amounts: AmountsJson;
  readonly counters: readonly {
    readonly id: string;
    readonly capId: string;
    readonly eachValues: readonly string[];
    readonly period: CounterPeriod;
  }[];
  readonly wallets: readonly { readonly walletId: string; readonly feature: string | null; readonly amount: string }[];
}

/** One line of JSON, without its end. */
export function toAwayLine(command: AwayHold): string {
  const line: AwayLine = {
    ...command,
    amounts: toAmountsJson(command.amounts),
    counters: command.counters.map(({ id, cap, eachValues, period }) => ({ id, capId: cap.id, eachValues, period })),
    wallets: command.wallets.map((need) => ({ ...need, amount: need.amount.toString() })),
  };
  return JSON.stringify(line);
}

/**
 * The command of a line. A line that was cut off by a crash was never answered, so it is null and left out.
 * @param capsById caps as they are now; a counter of a cap that is gone is left out
 */
export function fromAwayLine(
  text: string,
  capsOf: (organisationId: string) => ReadonlyMap<string, Cap>,
): AwayHold | null {
  const line = parsed(text);
  if (line === null) return null;
  const caps = capsOf(line.organisationId);
  return {
    ...line,
    amounts: fromAmountsJson(line.amounts),
    counters: line.counters.flatMap(({ capId, ...ref }) => {
      const cap = caps.get(capId);
      return cap === undefined ? [] : [{ ...ref, cap }];
    }),
    wallets: line.wallets.map((need) => ({ ...need, amount: BigInt(need.amount) })),
  };
}

/** Whose hold a line is; null for a line that was cut off. */
export function organisationOfLine(text: string): string | null {
  return parsed(text)?.organisationId ?? null;
}

function parsed(text: string): AwayLine | null {
  try {
    return JSON.parse(text) as AwayLine;
  } catch {
    return null;
  }
}
