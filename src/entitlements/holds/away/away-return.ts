import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, scaledText } from '../../../kernel';
import { type Logger, LOGGER } from '../../../platform';
import { Database } from '../../../platform/database';
import { insertAlerts } from '../../alerts/alert-store';
import type { Alert } from '../../domain';
import { currentRules } from '../../current-rules';
import { EntitlementBooks } from '../../entitlement-books';
import type { EntitlementRules } from '../../rules';
import { HoldsService } from '../holds.service';
import { Away, isAway } from './away';
import { worthOf } from './away-budget';
import type { JournalFile } from './away-journal';
import { type AwayHold, fromAwayLine, organisationOfLine } from './away-line';

const AGAIN_MS = 1_000;
/** So many lines are decided in one turn: they share commits, and requests find their place between them. */
const AT_ONCE = 200;

/**
 * Brings to the database what was let pass while it was away: of this process, and of those that ended before they could.
 * Such a hold is held whatever its caps say, flagged `unchecked`; from then on caps count it. Each line is the command
 * with the id that was answered, so a line that is brought twice is held once.
 */
@Injectable()
export class AwayReturn implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private isStopping = false;
  /** Lines that the database refused, which are told once. */
  private readonly refused = new Set<string>();

  constructor(
    @Inject(Away) private readonly away: Away,
    @Inject(HoldsService) private readonly holds: HoldsService,
    @Inject(EntitlementBooks) private readonly books: EntitlementBooks,
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.away.onPassed = () => this.soon();
    this.soon();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.running;
    await this.away.journal.close();
  }

  private soon(): void {
    if (this.timer !== null || this.isStopping) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.running = this.bring().then((isDone) => {
        if (!isDone) this.soon();
      });
    }, AGAIN_MS);
    this.timer.unref();
  }

  /** @returns whether there is nothing left to bring */
  async bring(): Promise<boolean> {
    const files = await this.away.journal.files();
    let isDone = true;
    for (const file of files) {
      try {
        await this.bringFile(file);
        isDone = (await this.away.journal.drop(file)) && isDone;
      } catch (error) {
        if (!isAway(error))
          this.logger.error({ error, file: file.path }, 'holds from while the database was away wait');
        isDone = false;
      }
    }
    if (isDone) this.away.forgetPassed();
    return isDone;
  }

  private async bringFile(file: JournalFile): Promise<void> {
    const organisations = [...new Set(file.lines.flatMap((line) => organisationOfLine(line) ?? []))];
    const rules = new Map<string, EntitlementRules>();
    for (const id of organisations)
      rules.set(id, await this.database.tenant(id, (db) => currentRules(db, this.books, id)));

    const commands = file.lines.flatMap((line) => fromAwayLine(line, (id) => rules.get(id)!.capsById) ?? []);
    for (let from = 0; from < commands.length; from += AT_ONCE) {
      await Promise.all(commands.slice(from, from + AT_ONCE).map((command) => this.bringOne(command)));
    }
    for (const id of organisations) {
      const alert = alertOf(file, commands.filter((command) => command.organisationId === id), rules.get(id)!, this.clock.now()); // prettier-ignore
      await this.database.tenant(id, (db) => insertAlerts(db, id, [alert]));
    }
  }

  private async bringOne(command: AwayHold): Promise<void> {
    const outcome = await this.holds.submit(command);
    if (!('problem' in outcome) || this.refused.has(command.id)) return;
    this.refused.add(command.id);
    const { problem, detail } = outcome;
    this.logger.error({ hold: command.id, problem, detail }, 'a hold from while the database was away has no place');
  }
}

/** One alert for what one process let pass, however often it is brought. */
function alertOf(file: JournalFile, holds: readonly AwayHold[], rules: EntitlementRules, at: Date): Alert {
  const times = holds.map(({ askedAt }) => askedAt);
  const worth = holds.reduce((sum, { amounts }) => sum + (worthOf(amounts, rules.costCurrency) ?? 0n), 0n);
  return {
    kind: 'away',
    subject: file.path.split(/[\\/]/).at(-1)!,
    customerId: null,
    capId: null,
    session: null,
    detail: {
      holds: holds.length,
      amount: scaledText(worth),
      currency: rules.costCurrency,
      from: new Date(Math.min(...times)).toISOString(),
      to: new Date(Math.max(...times)).toISOString(),
    },
    at,
  };
}
