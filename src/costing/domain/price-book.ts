import { type ModelPrice, type Validity, isInForce } from './model-price';
import { type NameMatch, type NameTest, compileNameMatch, normalName, withDashedDate } from './name-match';
import { type PriceFactor, multiplyPrice } from './price-factor';

/** A provider as the catalogue knows it. */
export interface CatalogueProvider {
  readonly id: string;
  /** Other names of the provider, such as anything with `bedrock` for `aws`; null when there are none. */
  readonly match: NameMatch | null;
  /** Names of models that are this provider's when an event names no provider; null when there are none. */
  readonly modelMatch: NameMatch | null;
  /** Providers whose models and prices it sells under its own name, in the order in which they are asked. */
  readonly fallbackProviders: readonly string[];
}

/** A model of the catalogue that a provider's and a model's name lead to. */
export interface ResolvedModel {
  /** Whose price it is: the provider asked, or the one it falls back to. */
  readonly provider: string;
  readonly model: string;
}

/** The catalogue's prices, ready to be found by the names that events carry. */
export interface Catalogue {
  /** The provider's id in the catalogue (null when it knows none such) and the model's name in lower case. */
  identify(provider: string | null, model: string): { readonly provider: string | null; readonly model: string };
  /** The model of the catalogue that is meant; null when it knows none such. */
  resolve(provider: string | null, model: string): ResolvedModel | null;
  /** Every price of the model, over all time, the one that takes precedence first. */
  pricesOf(provider: string | null, model: string): readonly ModelPrice[];
}

/** An own price: prices of units, or a multiple of other prices. */
export type OwnPrice = ModelPrice | PriceFactor;

/** An organisation's prices: its own, then the catalogue's. */
export interface PriceBook {
  /**
   * The price in force for an event.
   *
   * @param provider     as the event names it, or null
   * @param model        as the event names it
   * @param atMicros     the event's time, microseconds since 1970
   * @param serviceClass how the provider served the request; null or absent for the standard way
   * @returns            null when no price is known; never a guess, and for a class never the standard price
   */
  find(provider: string | null, model: string, atMicros: number, serviceClass?: string | null): ModelPrice | null;
  /** Why `find` has nothing: no price at all, none for the class, or a product of prices that has no exact amount. */
  whyNone(
    provider: string | null,
    model: string,
    atMicros: number,
    serviceClass: string | null,
  ): 'model_unknown' | 'class_unpriced' | 'amount_too_fine';
}

/** All that may price a model by the names an event has for it, what takes precedence first. */
interface Offers {
  readonly own: readonly ModelPrice[];
  readonly factors: readonly PriceFactor[];
  readonly catalogue: readonly ModelPrice[];
}

interface CatalogueModel {
  readonly id: string;
  readonly name: string;
  readonly test: NameTest | null;
  readonly prices: readonly ModelPrice[];
}

interface ProviderEntry {
  readonly id: string;
  readonly test: NameTest | null;
  readonly modelTest: NameTest | null;
  readonly fallbacks: readonly string[];
  readonly byName: ReadonlyMap<string, CatalogueModel>;
  readonly models: readonly CatalogueModel[];
}

/** A gateway that puts the provider into the model's name: `openai/gpt-4o`. */
const GATEWAY = 'litellm';
const NO_PRICES: readonly ModelPrice[] = Object.freeze([]);
/** Names come from outside, so the memory they may take is bounded: past this many the cache starts anew. */
const CACHED_NAMES = 4096;

/**
 * Makes the catalogue ready. Names are resolved as genai-prices does it: the provider by its id, else by its match,
 * and without a provider by the models that are its own; the model by its exact name, else by the first match in the
 * catalogue's order, else at the providers fallen back to; all that once more with a compact date written apart.
 *
 * @param providers in the catalogue's order: the first that matches is taken
 * @param prices    in any order; their `position` counts
 */
export function compileCatalogue(providers: readonly CatalogueProvider[], prices: readonly ModelPrice[]): Catalogue {
  const modelsOf = groupByModel(prices);
  const entries = providers.map((provider): ProviderEntry => {
    const models = modelsOf.get(provider.id) ?? [];
    return {
      id: provider.id,
      test: provider.match === null ? null : compileNameMatch(provider.match),
      modelTest: provider.modelMatch === null ? null : compileNameMatch(provider.modelMatch),
      fallbacks: provider.fallbackProviders,
      byName: new Map(models.toReversed().map((model) => [model.name, model])),
      models,
    };
  });
  const byId = new Map(entries.map((entry) => [entry.id, entry]));

  const findProvider = (provider: string) =>
    byId.get(provider) ?? entries.find((entry) => entry.test?.(provider) === true);

  const modelAt = (entry: ProviderEntry, model: string) =>
    entry.byName.get(model) ?? entry.models.find((candidate) => candidate.test?.(model) === true);

  /** The provider meant, and the model's name without a provider that a gateway put into it. */
  const meant = (providerName: string | null, modelName: string): { entry?: ProviderEntry; model: string } => {
    const provider = providerName === null ? null : normalName(providerName);
    const model = normalName(modelName);
    const slash = model.indexOf('/');
    if (provider === GATEWAY && slash > 0 && slash < model.length - 1) {
      const behindGateway = findProvider(model.slice(0, slash));
      if (behindGateway !== undefined) return { entry: behindGateway, model: model.slice(slash + 1) };
    }
    if (provider !== null) {
      const entry = findProvider(provider);
      if (entry !== undefined) return { entry, model };
      if (provider !== GATEWAY) return { model };
    }
    const owner = entries.find((entry) => entry.modelTest?.(model) === true);
    return owner === undefined ? { model } : { entry: owner, model };
  };

  const search = (providerName: string | null, modelName: string) => {
    const { entry, model } = meant(providerName, modelName);
    if (entry === undefined) return null;
    const sellers = [entry, ...entry.fallbacks.flatMap((id) => byId.get(id) ?? [])];
    for (const name of new Set([model, withDashedDate(model)])) {
      for (const seller of sellers) {
        const found = modelAt(seller, name);
        if (found !== undefined) return { provider: seller.id, model: found };
      }
    }
    return null;
  };

  return {
    identify: (providerName, modelName) => {
      const { entry, model } = meant(providerName, modelName);
      return { provider: entry?.id ?? null, model };
    },
    resolve: (provider, model) => {
      const found = search(provider, model);
      return found === null ? null : { provider: found.provider, model: found.model.id };
    },
    pricesOf: (provider, model) => search(provider, model)?.model.prices ?? NO_PRICES,
  };
}

/**
 * Puts an organisation's own prices over the catalogue. An own price is meant for one provider, named as events name it
 * or by the catalogue's id, and for one exact model name (letters' case aside) or for the names that its match fits.
 * In this order, of those in force:
 *
 * 1. an own price for the exact name, 2. an own price whose match fits, 3. the catalogue's price, times the factor of
 * a contract where there is one.
 *
 * For a class of service other than the standard: 1. and 2. of that class, else the standard price times the factor
 * that is stated for the class, else none.
 *
 * The book keeps what it has found, so that a find is two look-ups; make it once and share it until prices change.
 */
export function compilePriceBook(catalogue: Catalogue, own: readonly OwnPrice[] = []): PriceBook {
  const ownPrices = groupByProvider(own);
  const products = new WeakMap<ModelPrice, Map<PriceFactor, ModelPrice | null>>();
  let found = new Map<string | null, Map<string, Offers>>();
  let names = 0;

  const search = (provider: string | null, model: string): Offers => {
    const fromCatalogue = catalogue.pricesOf(provider, model);
    if (ownPrices.size === 0) return { own: [], factors: [], catalogue: fromCatalogue };
    const asNamed = provider === null ? [] : fitting(ownPrices.get(normalName(provider)), normalName(model));
    const meant = catalogue.identify(provider, model);
    const asMeant = meant.provider === null ? [] : fitting(ownPrices.get(meant.provider), meant.model);
    const all = [...new Set([...asNamed, ...asMeant])];
    const fits = [...all.filter((rule) => rule.exact), ...all.filter((rule) => !rule.exact)].map((rule) => rule.price);
    return {
      own: fits.filter((price): price is ModelPrice => !isFactor(price)),
      factors: fits.filter(isFactor),
      catalogue: fromCatalogue,
    };
  };

  const offersFor = (provider: string | null, model: string): Offers => {
    const known = found.get(provider)?.get(model);
    if (known !== undefined) return known;
    if (names >= CACHED_NAMES) {
      found = new Map();
      names = 0;
    }
    const offers = search(provider, model);
    const ofProvider = found.get(provider) ?? new Map<string, Offers>();
    ofProvider.set(model, offers);
    found.set(provider, ofProvider);
    names += 1;
    return offers;
  };

  const multiplied = (price: ModelPrice, factor: PriceFactor): ModelPrice | null => {
    const ofPrice = products.get(price) ?? new Map<PriceFactor, ModelPrice | null>();
    products.set(price, ofPrice);
    const known = ofPrice.get(factor);
    if (known !== undefined) return known;
    const product = multiplyPrice(price, factor);
    ofPrice.set(factor, product);
    return product;
  };

  const standard = ({ own: prices, factors, catalogue: listed }: Offers, atMicros: number): ModelPrice | null => {
    const ownPrice = firstOfClass(prices, null, atMicros);
    if (ownPrice !== null) return ownPrice;
    const listPrice = firstInForce(listed, atMicros);
    if (listPrice === null) return null;
    const contract = firstFactor(factors, null, atMicros);
    return contract === null ? listPrice : multiplied(listPrice, contract);
  };

  return {
    find(provider, model, atMicros, serviceClass = null) {
      const offers = offersFor(provider, model);
      if (serviceClass === null) return standard(offers, atMicros);
      const ownPrice = firstOfClass(offers.own, serviceClass, atMicros);
      if (ownPrice !== null) return ownPrice;
      const factor = firstFactor(offers.factors, serviceClass, atMicros);
      const price = factor === null ? null : standard(offers, atMicros);
      return factor === null || price === null ? null : multiplied(price, factor);
    },
    whyNone(provider, model, atMicros, serviceClass) {
      const offers = offersFor(provider, model);
      const known = firstOfClass(offers.own, null, atMicros) ?? firstInForce(offers.catalogue, atMicros);
      if (known === null) return 'model_unknown';
      const stated = serviceClass === null || firstFactor(offers.factors, serviceClass, atMicros) !== null;
      return stated ? 'amount_too_fine' : 'class_unpriced';
    },
  };
}

function isFactor(price: OwnPrice): price is PriceFactor {
  return 'factor' in price;
}

function firstInForce<Price extends Validity>(prices: readonly Price[], atMicros: number): Price | null {
  for (const price of prices) if (isInForce(price, atMicros)) return price;
  return null;
}

function firstOfClass(prices: readonly ModelPrice[], serviceClass: string | null, atMicros: number): ModelPrice | null {
  for (const price of prices) {
    if (price.origin.serviceClass === serviceClass && isInForce(price, atMicros)) return price;
  }
  return null;
}

function firstFactor(
  factors: readonly PriceFactor[],
  serviceClass: string | null,
  atMicros: number,
): PriceFactor | null {
  for (const factor of factors) {
    if (factor.serviceClass === serviceClass && isInForce(factor, atMicros)) return factor;
  }
  return null;
}

/** Each provider's models in the catalogue's order, each with its prices, the one that takes precedence first. */
function groupByModel(prices: readonly ModelPrice[]): Map<string, CatalogueModel[]> {
  const providers = new Map<string, Map<string, ModelPrice[]>>();
  for (const price of [...prices].sort((a, b) => a.position - b.position)) {
    const models = providers.get(price.provider) ?? new Map<string, ModelPrice[]>();
    const rows = models.get(price.model) ?? [];
    rows.unshift(price);
    models.set(price.model, rows);
    providers.set(price.provider, models);
  }
  return new Map(
    [...providers].map(([provider, models]) => [
      provider,
      [...models].map(([model, rows]): CatalogueModel => {
        const match = rows[0]?.match ?? null;
        return { id: model, name: normalName(model), test: match && compileNameMatch(match), prices: rows };
      }),
    ]),
  );
}

/** An own price and which of a provider's models it is for. */
interface OwnRule {
  readonly price: OwnPrice;
  readonly exact: boolean;
  readonly test: NameTest;
}

function fitting(rules: readonly OwnRule[] | undefined, model: string): readonly OwnRule[] {
  return rules?.filter((rule) => rule.test(model)) ?? [];
}

/** Own prices by provider, the one that began last first, and of two that began together the newer. */
function groupByProvider(own: readonly OwnPrice[]): Map<string, OwnRule[]> {
  const grouped = new Map<string, OwnRule[]>();
  const began = (price: OwnPrice) => price.validFrom ?? Number.NEGATIVE_INFINITY;
  for (const price of [...own].sort((a, b) => (began(a) === began(b) ? b.id - a.id : began(b) - began(a)))) {
    const provider = normalName(price.provider);
    const test = compileNameMatch(price.match ?? { equals: normalName(price.model) });
    const rules = grouped.get(provider) ?? [];
    rules.push({ price, exact: price.match === null, test });
    grouped.set(provider, rules);
  }
  return grouped;
}
