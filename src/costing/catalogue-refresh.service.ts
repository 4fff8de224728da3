import { Inject, Injectable } from '@nestjs/common';
import { Clock, ConflictError, newUuid, NotFoundError } from '../kernel';
import { Database } from '../platform/database';
import { type GenaiCatalogue, readCatalogue } from './catalogue';
import { type CatalogueFile, catalogueOfFile } from './catalogue/catalogue-file';
import { planRefresh } from './domain';
import {
  applyRefresh,
  type CatalogueRefresh,
  findRefresh,
  insertRefresh,
  listRefreshes,
  lockStoredCatalogue,
} from './persistence/catalogue-refresh-store';

/** How a refresh is to be applied. */
export interface RefreshOrder {
  /** From when on its prices hold; null from the beginning, which is for prices that were wrong. */
  readonly validFrom: Date | null;
  /** The operator has looked at the suspicious prices. */
  readonly acceptSuspicious: boolean;
}

/**
 * Brings the public catalogue up to date in two steps: a proposal that only says what would change, and the operator's
 * word. The catalogue is the installation's, and no organisation's; so all of this works as the owner.
 */
@Injectable()
export class CatalogueRefreshService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Compares a file with the stored catalogue. Changes no price; a repeat makes another proposal. */
  async proposeFile(file: CatalogueFile): Promise<CatalogueRefresh> {
    return this.propose(catalogueOfFile(file), 'file');
  }

  /** Compares the catalogue that came with this release of Weir. */
  async proposeRelease(): Promise<CatalogueRefresh> {
    return this.propose(await readCatalogue(), 'release');
  }

  /**
   * Puts the prices of a proposal in force. A repeat answers the applied one.
   *
   * @throws ConflictError when the catalogue is no longer the one it was compared with, or a price is suspicious and the
   *         order does not say that it was looked at
   */
  async apply(id: string, shownId: string, order: RefreshOrder): Promise<CatalogueRefresh> {
    return this.database.ownerTransaction(async (client) => {
      const stored = await lockStoredCatalogue(client);
      const found = await findRefresh(client, id);
      if (found === null) throw new NotFoundError('catalogue refresh', shownId);
      const { refresh, providers, rows } = found;
      if (refresh.status === 'applied') return refresh;
      if (refresh.comparedWith !== stored.version) throw movedOn();

      const plan = planRefresh(stored.rows, rows, order.validFrom?.toISOString() ?? null);
      const suspicious = plan.changes.filter((change) => change.suspicious);
      if (suspicious.length > 0 && !order.acceptSuspicious) throw unlookedAt(suspicious);

      const now = this.clock.now();
      await applyRefresh(client, refresh, providers, plan, order.validFrom, now);
      return { ...refresh, changes: plan.changes, status: 'applied', appliedAt: now, validFrom: order.validFrom };
    });
  }

  async find(id: string, shownId: string): Promise<CatalogueRefresh> {
    const found = await this.database.ownerTransaction((client) => findRefresh(client, id));
    if (found === null) throw new NotFoundError('catalogue refresh', shownId);
    return found.refresh;
  }

  /** Newest first. */
  async list(before: string | null, limit: number): Promise<CatalogueRefresh[]> {
    return this.database.ownerTransaction((client) => listRefreshes(client, before, limit));
  }

  private async propose(catalogue: GenaiCatalogue, source: string): Promise<CatalogueRefresh> {
    return this.database.ownerTransaction(async (client) => {
      const now = this.clock.now();
      const stored = await lockStoredCatalogue(client);
      const refresh: CatalogueRefresh = {
        id: newUuid(),
        version: catalogue.version,
        comparedWith: stored.version,
        source,
        changes: planRefresh(stored.rows, catalogue.rows, now.toISOString()).changes,
        status: 'proposed',
        createdAt: now,
        appliedAt: null,
        validFrom: null,
      };
      await insertRefresh(client, refresh, catalogue);
      return refresh;
    });
  }
}

function movedOn(): ConflictError {
  return new ConflictError(
    'catalogue_moved_on',
    'The catalogue was changed after this was compared with it, so what you saw is not what would happen. Propose it again.',
  );
}

function unlookedAt(
  suspicious: readonly { provider: string; model: string; unit: string; factor: string | null }[],
): ConflictError {
  return new ConflictError(
    'suspicious_prices',
    `${suspicious.length} prices move by more than ten times, or to or from nothing. Look at them, and apply with acceptSuspicious when they are right.`,
    suspicious.slice(0, 20).map(({ provider, model, unit, factor }) => ({
      field: `${provider}/${model}.${unit}`,
      detail: factor === null ? 'to or from nothing' : `${factor} times`,
    })),
  );
}
