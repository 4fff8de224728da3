import { Inject, Injectable } from '@nestjs/common';
import { countedMeter, MeterEntity } from '../../catalog';
import { type CostBook, PriceBooksService } from '../../costing';
import { Clock, fromPublicId } from '../../kernel';
import { type CompiledMeter, compileMeter } from '../../metering';
import { Database } from '../../platform/database';

/** What an organisation's estimates are made by. */
export interface EstimateBook {
  readonly revision: string;
  readonly prices: CostBook;
  /** Each under its own id. */
  readonly meters: readonly CompiledMeter[];
  /** Event types of which some meter counts tokens: what a model's work is sent as. */
  readonly modelTypes: readonly string[];
}

interface Remembered {
  readonly book: EstimateBook;
  checkedAt: number;
}

/** How long a book is believed without asking for its revision. */
const BELIEVED_MS = 1_000;
const MOST_REMEMBERED = 500;
const TOKENS = /^(?:usage\.|data\.(?:[a-z_]+_)?tokens$)/;

/** Meters and prices to estimate by, in memory: made again when their revision changes, which is looked at every second. */
@Injectable()
export class EstimateBooks {
  private readonly books = new Map<string, Remembered>();
  private readonly loading = new Map<string, Promise<EstimateBook>>();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(PriceBooksService) private readonly priceBooks: PriceBooksService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** The book in memory; null where it has to be asked for. */
  known(organisationId: string): EstimateBook | null {
    const known = this.books.get(organisationId);
    return known !== undefined && this.clock.now().getTime() - known.checkedAt < BELIEVED_MS ? known.book : null;
  }

  /** The book as it is now. Those who ask at once share the answer. */
  current(organisationId: string): Promise<EstimateBook> {
    let loading = this.loading.get(organisationId);
    if (loading === undefined) {
      loading = this.load(organisationId).finally(() => this.loading.delete(organisationId));
      this.loading.set(organisationId, loading);
    }
    return loading;
  }

  private async load(organisationId: string): Promise<EstimateBook> {
    return this.database.snapshot(organisationId, async (db) => {
      const checkedAt = this.clock.now().getTime();
      const [organisation] = await db.query<{ revision: string }[]>(
        'SELECT catalog_revision::text AS revision FROM organisation WHERE id = $1',
        [organisationId],
      );
      const { revision } = organisation!;
      const known = this.books.get(organisationId);
      if (known?.book.revision === revision) {
        known.checkedAt = checkedAt;
        return known.book;
      }
      const meters = (await db.find(MeterEntity)).map((meter) => ({ ...countedMeter(meter), id: meter.id }));
      const book: EstimateBook = {
        revision,
        prices: await this.priceBooks.bookOf(db, organisationId),
        meters: meters.map(compileMeter),
        modelTypes: [
          ...new Set(
            meters.filter(({ valueField }) => TOKENS.test(valueField ?? '')).map(({ eventType }) => eventType),
          ),
        ],
      };
      if (this.books.size >= MOST_REMEMBERED) this.books.clear();
      this.books.set(organisationId, { book, checkedAt });
      return book;
    });
  }
}

/** The meter that a request names: our id or its key. */
export function meterNamed(book: EstimateBook, name: string): CompiledMeter | null {
  const id = fromPublicId('meter', name);
  return book.meters.find(({ meter }) => (id === null ? meter.key === name : meter.id === id)) ?? null;
}
