import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import {
  type Currency,
  Decimal,
  InvalidRequestError,
  type Micros,
  ONE,
  SCALE,
  scaledFromDecimal,
  scaledToDecimal,
  ZERO,
} from '../../kernel';
import { isAddedUp } from '../../metering/domain';
import { type Amounts, NO_AMOUNTS, type SizingNote, type WorkScope } from '../domain';
import type { EntitlementRules } from '../rules';
import { SizingService } from '../sizing/sizing.service';
import { ChargedSoFar, type VirtualUnits } from './charged-so-far';
import type { Estimate, Estimated } from './estimate';
import { type EstimateBook, EstimateBooks, meterNamed } from './estimate-books';
import { wantedOf, walletNeeds, type Wanted } from './spend-wanted';
import { costOfVirtual, type ModelWork, unitsOfVirtual, valuesOf, virtualEvent } from './virtual-event';

/** A hold that is to be estimated. */
interface Asked {
  readonly tenant: Tenant;
  readonly rules: EntitlementRules;
  readonly scope: WorkScope;
  readonly estimate: Estimate;
  readonly at: Micros;
  readonly wanted: Wanted;
}

/** Numbers of an estimate, or what isn't known. */
interface Known {
  readonly amounts: Amounts;
  readonly sizing: SizingNote | null;
  readonly unknown: Unknown | null;
}

interface Unknown {
  readonly reason: 'price_unknown' | 'spend_unknown';
  readonly detail: string;
}

const NOTHING: ReadonlyMap<string, bigint> = new Map();
const NO_SIZE: Unknown = {
  reason: 'price_unknown',
  detail: 'Nothing says how much this work takes: there is no history of its task class, and no number of tokens.',
};
const NO_CHARGE: Unknown = {
  reason: 'spend_unknown',
  detail: 'What the customer would be charged for this work is not known: no subscription with a price that can tell.',
};

/** Turns what a request says of its work into amounts to hold. It stands in the way of each hold. */
@Injectable()
export class HoldEstimator {
  constructor(
    @Inject(EstimateBooks) private readonly books: EstimateBooks,
    @Inject(ChargedSoFar) private readonly charged: ChargedSoFar,
    @Inject(SizingService) private readonly sizing: SizingService,
  ) {}

  /**
   * Amounts as the request says them; of a model's tokens what prices make of them, and what the customer's prices would
   * charge where they stand now; of a task class what such work came to. Where that isn't known, the organisation's policy
   * decides: it is refused, or a set amount is held for it and marked. An estimate of tokens may be a second behind a
   * change of prices, and some seconds behind usage.
   *
   * @param rules by which the hold is decided, so that wallets and currencies are theirs
   * @param at    by the customer's clock
   * @returns     at once where amounts are said; else once prices, usage and history are at hand
   * @throws      InvalidRequestError `invalid_hold` for a meter that there isn't
   */
  estimate(
    tenant: Tenant,
    rules: EntitlementRules,
    scope: WorkScope,
    estimate: Estimate,
    at: Micros,
  ): Estimated | Promise<Estimated> {
    const wanted = wantedOf(rules, scope.customer);
    const asked = { tenant, rules, scope, estimate, at, wanted };
    return atOnce(asked) ?? this.looked(asked);
  }

  private async looked(asked: Asked): Promise<Estimated> {
    const { organisationId } = asked.tenant;
    const believed = this.books.known(organisationId);
    let book = believed ?? (await this.books.current(organisationId));
    let known = await this.known(asked, book);
    if (known.unknown !== null && believed !== null) {
      // A price may have been added within the second for which the book is believed.
      const current = await this.books.current(organisationId);
      if (current !== book) known = await this.known(asked, (book = current));
    }
    return known.unknown === null ? estimated(asked, known.amounts, known.sizing) : byPolicy(asked, book, known);
  }

  private known(asked: Asked, book: EstimateBook): Promise<Known> | Known {
    const { estimate, scope } = asked;
    const { amount, cost, spend, units, actions } = estimate;
    if ([amount, cost, spend, units, actions].some((said) => said !== undefined)) return this.stated(asked, book);
    const { model = scope.model, provider = null, inputTokens = null, outputTokens, maxTokens, taskClass } = estimate;
    const output = outputTokens ?? maxTokens ?? null;
    const work = model === undefined || (inputTokens ?? output) === null ? null : { provider, model, inputTokens, outputTokens: output }; // prettier-ignore
    if (taskClass !== undefined) return this.sized(asked, book, taskClass, work);
    return work === null ? notKnown(estimate, NO_SIZE) : this.ofModel(asked, book, work);
  }

  /** As the request says it; what is charged is worked out where it says only what that is charged for. */
  private async stated(asked: Asked, book: EstimateBook): Promise<Known> {
    const { estimate, rules, at, wanted } = asked;
    const { amount, cost, spend, currency = rules.costCurrency } = estimate;
    const units = unitsNamed(asked, book);
    const inCurrency = (value: Decimal, to: Currency): bigint | null =>
      book.prices.convert(scaled(value), currency, to, at);

    const ownCost = amount === undefined ? scaled(cost ?? ZERO) : inCurrency(amount, rules.costCurrency);
    if (ownCost === null) return notKnown(estimate, noRate(currency, rules.costCurrency));
    const said = amount ?? spend;
    const spends = (said === undefined ? [] : [currency, ...wanted.currencies]).map(
      (to) => [to, inCurrency(said!, to)] as const,
    );
    const lacking = spends.find(([, value]) => value === null);
    if (lacking !== undefined) return notKnown(estimate, noRate(currency, lacking[0]));
    const charged =
      said === undefined
        ? await this.charge(asked, units, cost ?? null)
        : new Map(spends.map(([to, value]) => [to, value!]));
    const quantities = new Map([...units].map(([id, { quantity }]) => [id, scaled(quantity)]));
    const amounts = { ...nothingBut(estimate), cost: ownCost, spend: charged ?? NOTHING, units: quantities };
    return { amounts, sizing: null, unknown: charged === null ? NO_CHARGE : null };
  }

  /**
   * Of which type the event of such work would be, nobody says: of those of which a meter counts tokens, each is tried, and
   * the dearest is held. Units are held of every meter that would count.
   */
  private async ofModel(asked: Asked, book: EstimateBook, work: ModelWork): Promise<Known> {
    const { scope, at, rules, estimate } = asked;
    let cost: bigint | null = 0n;
    let spend: ReadonlyMap<Currency, bigint> | null = NOTHING;
    const units = new Map<string, bigint>();
    const types = estimate.type === undefined ? book.modelTypes : [estimate.type];
    for (const type of types.length === 0 ? [''] : types) {
      const event = virtualEvent(scope, type, work, at);
      const costs = costOfVirtual(event, book, at, rules.costCurrency);
      const counted = unitsOfVirtual(event, book.meters);
      const charged = await this.charge(asked, counted, costs === null ? null : scaledToDecimal(costs));
      cost = costs === null || cost === null ? null : costs > cost ? costs : cost;
      spend = charged === null || spend === null ? null : total(charged) > total(spend) ? charged : spend;
      for (const [id, { meter, quantity }] of counted)
        if (isAddedUp(meter.aggregation)) units.set(id, scaled(quantity));
    }
    const amounts = { ...nothingBut(estimate), cost: cost ?? 0n, spend: spend ?? NOTHING, units };
    const unknown = cost === null ? noPrice(work) : spend === null ? NO_CHARGE : null;
    return { amounts, sizing: null, unknown };
  }

  private async sized(asked: Asked, book: EstimateBook, taskClass: string, work: ModelWork | null): Promise<Known> {
    const { tenant, scope, wanted, estimate } = asked;
    const most = work === null ? null : await this.ofModel(asked, book, work);
    const upperBound = most?.unknown === null ? most.amounts : null;
    const found = await this.sizing.size(tenant, { customerId: scope.customer, taskClass, upperBound });
    if (found === null) return most ?? notKnown(estimate, NO_SIZE);

    const { amounts, note } = found;
    if (wanted.currencies.length === 0 || amounts.spend.size > 0) return { amounts, sizing: note, unknown: null };
    // Nobody asked for what is charged when that history was made: it follows from what was used and what it cost.
    const used = [...amounts.units].flatMap(([id, quantity]) => {
      const compiled = book.meters.find(({ meter }) => meter.id === id);
      if (compiled === undefined) return [];
      const event = virtualEvent(scope, compiled.meter.eventType, null, asked.at);
      return [
        [
          id,
          { meter: compiled.meter, quantity: scaledToDecimal(quantity), values: valuesOf(compiled, event) },
        ] as const,
      ];
    });
    const spend = await this.charge(asked, new Map(used), scaledToDecimal(amounts.cost));
    return {
      amounts: { ...amounts, spend: spend ?? NOTHING },
      sizing: note,
      unknown: spend === null ? NO_CHARGE : null,
    };
  }

  /** What would be charged for usage on top of what is there; nothing where nobody's spend has to be known. */
  private async charge(
    { tenant, scope, at, wanted }: Asked,
    units: ReadonlyMap<string, VirtualUnits>,
    cost: Decimal | null,
  ): Promise<ReadonlyMap<Currency, bigint> | null> {
    if (wanted.currencies.length === 0) return NOTHING;
    const more = await this.charged.marginal(tenant, { customerId: scope.customer, at, units, cost });
    // A tier that is reached may make everything cheaper; nothing less than nothing is held.
    return more === null
      ? null
      : new Map([...more].map(([currency, amount]) => [currency, scaled(Decimal.max(amount, ZERO))]));
  }
}

/** Where everything is said and in the currencies that are held, nothing is looked up. */
function atOnce(asked: Asked): Estimated | null {
  const { estimate, rules, wanted } = asked;
  const { amount, cost, spend, units, actions, currency = rules.costCurrency } = estimate;
  if (units !== undefined || [amount, cost, spend, actions].every((said) => said === undefined)) return null;
  const charged = amount ?? spend;
  if (charged === undefined ? wanted.currencies.length > 0 : wanted.currencies.some((other) => other !== currency)) return null; // prettier-ignore
  if (amount !== undefined && currency !== rules.costCurrency) return null;
  const amounts: Amounts = {
    ...nothingBut(estimate),
    cost: scaled(amount ?? cost ?? ZERO),
    spend: charged === undefined ? NOTHING : new Map([[currency, scaled(charged)]]),
  };
  return estimated(asked, amounts, null);
}

function estimated({ wanted, scope }: Asked, amounts: Amounts, sizing: SizingNote | null): Estimated {
  const wallets = walletNeeds(wanted.wallets, amounts, scope.feature ?? null);
  return { amounts, flags: [], refusal: null, wallets, sizing };
}

/** What isn't known is refused, or a set amount is held in its place; what is known of it stays. */
function byPolicy(asked: Asked, book: EstimateBook, { amounts, unknown }: Known): Estimated {
  const { rules, at, wanted } = asked;
  const refused: Estimated = { amounts, flags: ['unknown_price'], refusal: unknown, wallets: [], sizing: null };
  const amount = rules.settings.unknownPriceAmount;
  if (amount === null) return refused;
  const spend = wanted.currencies.map((to) => [to, book.prices.convert(amount, rules.costCurrency, to, at)] as const);
  if (spend.some(([, value]) => value === null)) return refused;
  const cost = unknown?.reason === 'price_unknown' ? amount : amounts.cost;
  const held = { ...amounts, cost, spend: new Map(spend.map(([to, value]) => [to, value!])) };
  return { ...estimated(asked, held, null), flags: ['unknown_price'] };
}

/** @throws InvalidRequestError `invalid_hold` */
function unitsNamed({ scope, estimate, at }: Asked, book: EstimateBook): ReadonlyMap<string, VirtualUnits> {
  const units = new Map<string, VirtualUnits>();
  for (const [name, quantity] of Object.entries(estimate.units ?? {})) {
    const compiled = meterNamed(book, name);
    if (compiled === null) {
      const detail = 'names no meter';
      throw new InvalidRequestError('invalid_hold', `units.${name}: ${detail}.`, [{ field: `units.${name}`, detail }]);
    }
    const event = virtualEvent(scope, compiled.meter.eventType, null, at);
    units.set(compiled.meter.id, { meter: compiled.meter, quantity, values: valuesOf(compiled, event) });
  }
  return units;
}

function notKnown(estimate: Estimate, unknown: Unknown): Known {
  return { amounts: nothingBut(estimate), sizing: null, unknown };
}

function nothingBut({ actions }: Estimate): Amounts {
  return { ...NO_AMOUNTS, actions: scaled(actions ?? ONE) };
}

function noRate(from: Currency, to: Currency): Unknown {
  return { reason: 'price_unknown', detail: `There is no exchange rate from ${from} to ${to}.` };
}

function noPrice({ model, provider }: ModelWork): Unknown {
  const name = provider === null ? `'${model}'` : `'${model}' of ${provider}`;
  return { reason: 'price_unknown', detail: `The price book has no price that tells what the model ${name} costs.` };
}

function total(amounts: ReadonlyMap<Currency, bigint>): bigint {
  let sum = 0n;
  for (const amount of amounts.values()) sum += amount;
  return sum;
}

function scaled(value: Decimal): bigint {
  return scaledFromDecimal(value.toDecimalPlaces(SCALE, Decimal.ROUND_UP));
}
