import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { Decimal } from '../../kernel';
import { Database, type Queryable } from '../../platform/database';
import type { Amounts, SizingNote } from '../domain';
import { Believed } from './believed';
import {
  type AmountsHistory,
  type Circle,
  historyWanted,
  type MeasuredOutlook,
  outlooksOf,
  sizeAmounts,
  type SizedAmounts,
  type SizingBasis,
} from './domain';
import { classHistory, customerHistory, organisationHistory, sizingSettings } from './hold-history';

/** Work whose hold names no amount. */
export interface SizedWork {
  readonly customerId: string;
  readonly taskClass: string;
  /** What it can come to at most, such as `max_tokens` at their prices; null where nobody said. */
  readonly upperBound: Amounts | null;
}

/** What is sized may be this much older than the last hold that ended: history of hundreds moves little in ten seconds. */
const BELIEVED_MS = 10_000;
const DEFAULT_RISK = new Decimal('0.05');

interface Settings {
  readonly risk: Decimal;
  readonly configured: Decimal | null;
}

/** Sizes holds from what such work came to before. It reads, holds no lock, and mostly answers from memory. */
@Injectable()
export class SizingService {
  private readonly settings = new Believed<Settings>(BELIEVED_MS);
  private readonly classes = new Believed<Amounts[]>(BELIEVED_MS);
  private readonly organisations = new Believed<Amounts[]>(BELIEVED_MS);
  private readonly outlooks = new Believed<MeasuredOutlook[]>(BELIEVED_MS);

  constructor(@Inject(Database) private readonly database: Database) {}

  /**
   * What to hold for work of a task class, in each measure. Not to be called where a lock is held.
   * @returns null where nothing is known: no such work was seen, nothing bounds it
   */
  async size(
    { organisationId }: Pick<Tenant, 'organisationId'>,
    { customerId, taskClass, upperBound }: SizedWork,
  ): Promise<{ amounts: Amounts; note: SizingNote } | null> {
    const settings = await this.settings.get(organisationId, () => this.loadSettings(organisationId));
    const outlooks = await this.outlooks.get(`${organisationId} ${customerId} ${taskClass}`, async () =>
      outlooksOf(await this.history(organisationId, customerId, taskClass, settings.risk), settings.risk),
    );

    const sized = sizeAmounts(outlooks, upperBound, settings.configured);

    const risk = sized?.cost.risk ?? null;
    return sized === null || risk === null ? null : { amounts: sized.amounts, note: noteOf(outlooks, sized, risk) };
  }

  /** The narrowest circles that say enough: a wider one is read only where those within it are thin. */
  private async history(
    organisationId: string,
    customerId: string,
    taskClass: string,
    risk: Decimal,
  ): Promise<AmountsHistory> {
    const wanted = historyWanted(risk);
    const read = (reading: (db: Queryable) => Promise<Amounts[]>): Promise<Amounts[]> =>
      this.database.tenant(organisationId, reading);
    const history = { customer: [], taskClass: [], organisation: [] };

    const customer = await read((db) => customerHistory(db, organisationId, customerId, taskClass, wanted));
    if (isEnough(customer, wanted)) return { ...history, customer };
    const ofClass = await this.classes.get(`${organisationId} ${taskClass}`, () =>
      read((db) => classHistory(db, organisationId, taskClass, wanted)),
    );
    if (isEnough(ofClass, wanted)) return { ...history, customer, taskClass: ofClass };
    const organisation = await this.organisations.get(organisationId, () =>
      read((db) => organisationHistory(db, organisationId, wanted)),
    );
    return { customer, taskClass: ofClass, organisation };
  }

  private async loadSettings(organisationId: string): Promise<Settings> {
    const stored = await this.database.tenant(organisationId, (db) => sizingSettings(db, organisationId));
    const configured = stored?.unknownPriceAmount ?? null;
    return {
      risk: stored === null ? DEFAULT_RISK : new Decimal(stored.risk),
      configured: configured === null ? null : new Decimal(configured),
    };
  }
}

/** What is read is twice what a circle needs to stand alone. */
function isEnough(amounts: readonly Amounts[], wanted: number): boolean {
  return amounts.length * 2 >= wanted;
}

const FROM: Readonly<Record<Circle, string>> = {
  customer: 'customer',
  taskClass: 'class',
  organisation: 'organisation',
};

/** Whose history it is mostly, and of how many holds; by cost, which every hold has. */
function noteOf([ofCost]: readonly MeasuredOutlook[], { cost }: SizedAmounts, risk: Decimal): SizingNote {
  const circles = Object.entries(ofCost!.outlook.from) as [Circle, { seen: number; share: Decimal }][];
  const [circle, { seen }] = circles.toSorted(([, one], [, other]) => other.share.comparedTo(one.share))[0]!;
  const bases: Partial<Record<SizingBasis, string>> = { upper_bound: 'max_tokens', configured: 'configured' };
  return { risk: Number(risk.toFixed()), from: bases[cost.basis] ?? FROM[circle], samples: seen };
}
