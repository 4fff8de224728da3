import { Inject, Injectable } from '@nestjs/common';
import { DomainError, toPublicId } from '../../../kernel';
import { type Logger, LOGGER } from '../../../platform';
import { SETTINGS, type Settings } from '../../../platform/config';
import { toProblem } from '../../../platform/http';
import {
  type Amounts,
  type HoldAnswer,
  type HoldCommand,
  type HoldOutcome,
  type Reason,
  toAmountsJson,
} from '../../domain';
import type { EntitlementRules } from '../../rules';
import { judgeAway, type LetPass, NOTHING_PASSED } from './away-budget';
import { AwayJournal } from './away-journal';
import { type AwayHold, toAwayLine } from './away-line';

/** A database that takes longer to decide is as good as away. */
const SLOW_MS = 2_000;

/**
 * What happens to holds while the database is away: nothing, or what the organisation has opened. Closed is the default:
 * the request is answered 503 and nothing is held. Open, each process lets pass what the setting allows it, writes down
 * every such hold on its own disk before it answers, and brings them to the database when that is back (`AwayReturn`).
 */
@Injectable()
export class Away {
  readonly journal: AwayJournal;
  private readonly passed = new Map<string, LetPass>();
  private isTold = false;
  /** Called after something was let pass, so that it is brought to the database. */
  onPassed: () => void = () => undefined;

  constructor(
    @Inject(SETTINGS) settings: Pick<Settings, 'WEIR_AWAY_JOURNAL'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.journal = new AwayJournal(settings.WEIR_AWAY_JOURNAL);
  }

  /**
   * Waits for what the database decides of a command, or decides by itself where the setting is open.
   *
   * @param rules    by which it was prepared, from memory
   * @param deciding null: the rules have changed, ask again
   * @throws         what `deciding` throws, where the setting is closed or its limit is reached
   */
  async orElse(
    command: HoldCommand,
    rules: EntitlementRules,
    deciding: Promise<HoldOutcome | null>,
  ): Promise<HoldOutcome | null> {
    if (rules.settings.away === null || command.kind !== 'hold') return deciding;
    const slow = new SlowTimer();
    try {
      const outcome = await Promise.race([deciding, slow.passed]);
      if (outcome !== SLOW) return outcome;
      return (await this.decide(command, rules)) ?? (await deciding);
    } catch (error) {
      const decided = isAway(error) ? await this.decide(command, rules) : null;
      if (decided === null) throw error;
      return decided;
    } finally {
      slow.stop();
    }
  }

  /** @returns null where it isn't to be decided here */
  private async decide(command: AwayHold, rules: EntitlementRules): Promise<HoldOutcome | null> {
    const { organisationId } = command;
    const before = this.passed.get(organisationId) ?? NOTHING_PASSED;
    const verdict = judgeAway(command, rules.settings.away!, before, rules.costCurrency);
    if (verdict.pass === 'unknown') return null;
    if (!verdict.pass) return { answer: JSON.stringify(refused(command, verdict)) };

    // Counted before it is written, so that those who ask meanwhile find it counted.
    this.passed.set(organisationId, verdict.after);
    const unchecked: AwayHold = { ...command, flags: [...command.flags, 'unchecked'] };
    try {
      await this.journal.append(toAwayLine(unchecked));
    } catch (error) {
      if (!this.isTold)
        this.logger.error({ error }, 'the journal for holds while the database is away is not writable');
      this.isTold = true;
      return null;
    }
    this.onPassed();
    return { answer: JSON.stringify(allowed(unchecked)) };
  }

  /** All that this process let pass is in the database: it may let pass as much again. */
  forgetPassed(): void {
    this.passed.clear();
  }
}

/** Whether the database itself failed to answer; a full queue, say, is an answer. */
export function isAway(error: unknown): boolean {
  return !(error instanceof DomainError) && toProblem(error).status === 503;
}

function allowed(command: AwayHold): HoldAnswer {
  return {
    ...answerTo(command),
    decision: 'allow',
    hold: toPublicId('hold', command.id),
    held: shownAmounts(command.amounts),
    expires: new Date(command.expiresAt).toISOString(),
    detail: 'The database does not answer: caps and credit were not looked at, and will be when it is back.',
  };
}

/** Meters by our ids, as in the answers of decided holds. */
function shownAmounts(amounts: Amounts): HoldAnswer['held'] {
  const { units = {}, ...others } = toAmountsJson(amounts);
  const shown = Object.entries(units).map(([meterId, amount]) => [toPublicId('meter', meterId), amount]);
  return shown.length === 0 ? others : { ...others, units: Object.fromEntries(shown) as Record<string, string> };
}

function refused(command: AwayHold, { reason, detail }: { reason: Reason; detail: string }): HoldAnswer {
  return { ...answerTo(command), decision: 'deny', reason, detail };
}

function answerTo({ flags, sizing }: AwayHold): HoldAnswer {
  const nothing = {
    hold: null,
    held: {},
    caps: [],
    wallets: [],
    expires: null,
    reason: null,
    detail: null,
    model: null,
  };
  return { ...nothing, decision: 'deny', flags, sizing };
}

const SLOW = Symbol('slow');

class SlowTimer {
  private timer: NodeJS.Timeout | undefined;
  readonly passed = new Promise<typeof SLOW>((resolve) => {
    this.timer = setTimeout(resolve, SLOW_MS, SLOW);
  });

  stop(): void {
    clearTimeout(this.timer);
  }
}
