import fc from 'fast-check';
import { Decimal, scaledFromDecimal, scaledText, scaledToDecimal, ZERO } from '../../kernel';
import { type CostBreakdownRow, readBreakdown } from './breakdown';
import { type CostResult, costOf, costOfUsage, pendingSentence } from './event-cost';
import { type ModelPrice, type PriceRow, type UnitPriceText, compileModelPrice } from './model-price';
import { compileCatalogue, compilePriceBook } from './price-book';
import type { CoreUnit } from './unit-table';
import type { EventUsage, UsageUnits } from './event-usage';
import { isUsageProblem, readUsage } from './usage-units';

function price(units: PriceRow['units'], change: Partial<PriceRow> = {}): ModelPrice {
  return compileModelPrice({
    id: 7,
    provider: 'acme',
    model: 'm',
    match: null,
    position: 7,
    validFrom: null,
    validTo: null,
    dailyFrom: null,
    dailyTo: null,
    currency: 'USD',
    units,
    ...change,
  });
}

const perMillion = (amount: string, ...tiers: [above: string, amount: string][]): UnitPriceText => ({
  per: '1000000',
  amount,
  tiers: tiers.map(([above, inTier]) => ({ above, amount: inTier })),
});

function usageOf(data: object): EventUsage {
  const usage = readUsage(data);
  if (isUsageProblem(usage)) throw new Error(`${usage.field} ${usage.detail}`);
  return usage;
}
function unitsOf(data: object): UsageUnits {
  const { units } = usageOf(data);
  if (units === null) throw new Error('no units');
  return units;
}

/** The amount as text, or why there is none. */
function told(cost: CostResult): string {
  if (cost.status === 'priced') return scaledText(cost.amount);
  return cost.status === 'none' ? 'none' : [cost.reason, cost.field].filter(Boolean).join(' ');
}

/** As the catalogue has it: 2.50 and 10.00 USD per million, 1.25 from the cache; 25 per thousand web searches. */
const GPT_4O = price({
  input: perMillion('2.5'),
  cacheRead: perMillion('1.25'),
  output: perMillion('10'),
  webSearches: { per: '1000', amount: '25' },
});
/** As of Perplexity: 1 and 1 per million, and 5 per thousand requests. */
const SONAR = price({ input: perMillion('1'), output: perMillion('1'), requests: { per: '1000', amount: '5' } });
/** As of Claude Sonnet before March 2026: everything dearer above 200,000 tokens of input. */
const LONG = price({
  input: perMillion('3', ['200000', '6']),
  cacheRead: perMillion('0.3', ['200000', '0.6']),
  output: perMillion('15', ['200000', '22.5']),
});
const AUDIO = price({
  input: perMillion('2'),
  inputAudio: perMillion('40'),
  cacheRead: perMillion('0.5'),
  cachedAudio: perMillion('2.5'),
  output: perMillion('8'),
  outputAudio: perMillion('80'),
});
const AMBIGUOUS = price({ input: perMillion('2'), inputAudio: perMillion('40'), cacheRead: perMillion('0.5') });
const EMBEDDING = price({ input: perMillion('0.02') });
const FREE = price({ input: perMillion('0'), output: perMillion('0') });
/** As of Mistral's OCR: annotated pages are pages that cost more. */
const BY_THE_PAGE = price({
  inputDocumentPages: { per: '1000', amount: '1' },
  inputAnnotatedDocumentPages: { per: '1000', amount: '3' },
});
/** As of Whisper: 0.36 USD an hour of what is heard. */
const BY_THE_HOUR = price({
  audioSeconds: { per: '3600', amount: '0.36' },
  inputAudioSeconds: { per: '3600', amount: '0.36' },
});
/** As of Claude: written tokens cost more, and for an hour more still. */
const CLAUDE = price({
  input: perMillion('3'),
  cacheRead: perMillion('0.3'),
  cacheWrite: perMillion('3.75'),
  cacheWrite1h: perMillion('6'),
  output: perMillion('15'),
  webSearches: { per: '1000', amount: '10' },
});
/** As of Sonar Deep Research: reasoning and citations within the output have prices of their own. */
const RESEARCH = price({
  input: perMillion('2'),
  output: perMillion('8'),
  outputReasoning: perMillion('3'),
  outputCitation: perMillion('2'),
  webSearches: { per: '1000', amount: '5' },
});
/** As of GPT Image: images, cached or not, have prices of their own within the input. */
const SEEING = price({
  input: perMillion('5'),
  cacheRead: perMillion('1.25'),
  inputImage: perMillion('8'),
  cacheImageRead: perMillion('2'),
  output: perMillion('30'),
});
const FINE = price({ input: perMillion('0.08333333333333334') });
/** As of Gemini Flash Image: images have a price of their own within the output. */
const IMAGES = price({ input: perMillion('0.3'), output: perMillion('2.5'), outputImage: perMillion('30') });
const PER_REQUEST = price({ requests: { per: '1', amount: '0.04' } });

describe('what usage costs', () => {
  it.each`
    name             | at             | data                                                                                                                                             | cost                                          | because
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 1_000_000 }}                                                                                                                   | ${'2.5'}                                      | ${'2.50 USD per million input tokens'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ output_tokens: 1_000_000 }}                                                                                                                  | ${'10'}                                       | ${'10.00 USD per million output tokens'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 1155, output_tokens: 211 }}                                                                                                    | ${'0.0049975'}                                | ${'0.0028875 + 0.00211'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 1, output_tokens: 0 }}                                                                                                         | ${'0.0000025'}                                | ${'one token'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 1000, cache_read_tokens: 600 }}                                                                                                | ${'0.00175'}                                  | ${'400 × 2.50 + 600 × 1.25 per million'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 1000, cache_write_tokens: 600 }}                                                                                               | ${'0.0025'}                                   | ${'written tokens have no price of their own: input'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 1000, input_audio_tokens: 600 }}                                                                                               | ${'0.0025'}                                   | ${'nor has audio'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ output_tokens: 1000, output_audio_tokens: 600 }}                                                                                             | ${'0.01'}                                     | ${'nor spoken output'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 10, input_audio_tokens: 6, cache_read_tokens: 8, cache_audio_read_tokens: 5 }}                                                 | ${'0.000015'}                                 | ${'8 cached, spoken or not, at 1.25 and 2 at 2.50'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 0, output_tokens: 0 }}                                                                                                         | ${'0'}                                        | ${'reported zeros cost nothing'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 100, requests: 1 }}                                                                                                            | ${'0.00025'}                                  | ${"a request's price is that of its tokens"}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ requests: 1 }}                                                                                                                               | ${'quantity_missing input_tokens'}            | ${'so we have to be told its tokens'}
    ${'hour'}        | ${BY_THE_HOUR} | ${{ requests: 1 }}                                                                                                                               | ${'unit_unpriced requests'}                   | ${'and its seconds'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: '0.5' }}                                                                                                                       | ${'0.00000125'}                               | ${'half a token'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: '0.000000000001' }}                                                                                                            | ${'0.0000000000000000025'}                    | ${'the smallest quantity'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 999_999_999_999_999 }}                                                                                                         | ${'2499999999.9999975'}                       | ${'the largest: past what plain numbers hold'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 100, web_searches: 0 }}                                                                                                        | ${'0.00025'}                                  | ${'no search, no charge'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 100, web_searches: 2 }}                                                                                                        | ${'0.05025'}                                  | ${'two searches beside 100 tokens'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ web_searches: 2 }}                                                                                                                           | ${'0.05'}                                     | ${'searches alone'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 100, code_executions: 1 }}                                                                                                     | ${'unit_unpriced code_executions'}            | ${'no price is known for it: unknown is not zero'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 100, input_image_tokens: 60 }}                                                                                                 | ${'0.00025'}                                  | ${'images have no price of their own: input'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 10, cache_write_tokens: 8, input_audio_tokens: 6, cache_audio_write_tokens: 5, cache_read_tokens: 0 }}                         | ${'0.000025'}                                 | ${'audio written to a cache is in two parts, and charged once'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 10, cache_read_tokens: 8, input_audio_tokens: 6 }}                                                                             | ${'0.000015'}                                 | ${'the price does not ask how much of the audio was cached'}
    ${'gpt-4o'}      | ${GPT_4O}      | ${{ input_tokens: 1, output_tokens: 100, output_reasoning_tokens: 90 }}                                                                          | ${'0.0010025'}                                | ${'reasoning is in the output total'}
    ${'sonar'}       | ${SONAR}       | ${{ input_tokens: 1000, output_tokens: 500 }}                                                                                                    | ${'0.0065'}                                   | ${'0.0015 and one request, as nobody says how many'}
    ${'sonar'}       | ${SONAR}       | ${{ input_tokens: 1000, output_tokens: 500, requests: 3 }}                                                                                       | ${'0.0165'}                                   | ${'three requests'}
    ${'sonar'}       | ${SONAR}       | ${{ input_tokens: 1000, output_tokens: 500, requests: 0 }}                                                                                       | ${'0.0015'}                                   | ${'none, says the sender'}
    ${'sonar'}       | ${SONAR}       | ${{ requests: 2 }}                                                                                                                               | ${'quantity_missing input_tokens'}            | ${'requests that do not say which tokens they used'}
    ${'sonar'}       | ${SONAR}       | ${{ requests: 0 }}                                                                                                                               | ${'0'}                                        | ${'no requests'}
    ${'per request'} | ${PER_REQUEST} | ${{ requests: 2 }}                                                                                                                               | ${'0.08'}                                     | ${'a model charged by the request'}
    ${'per request'} | ${PER_REQUEST} | ${{ requests: 2, input_tokens: 5 }}                                                                                                              | ${'unit_unpriced input_tokens'}               | ${'whose tokens have no price'}
    ${'claude'}      | ${CLAUDE}      | ${{ input_tokens: 100, cache_write_tokens: 60, cache_write_5m_tokens: 20, cache_write_1h_tokens: 40 }}                                           | ${'0.000435'}                                 | ${'40 × 3 + 20 × 3.75 + 40 × 6 per million: 5 minutes is the plain price'}
    ${'claude'}      | ${CLAUDE}      | ${{ input_tokens: 10, output_tokens: 10, web_searches: 3, requests: 1 }}                                                                         | ${'0.03018'}                                  | ${'three searches at 0.01'}
    ${'research'}    | ${RESEARCH}    | ${{ input_tokens: 10, output_tokens: 100, output_reasoning_tokens: 50, output_citation_tokens: 20 }}                                             | ${'0.00045'}                                  | ${'20 + 30 × 8 + 50 × 3 + 20 × 2 per million'}
    ${'research'}    | ${RESEARCH}    | ${{ input_tokens: 10, output_tokens: 100, output_reasoning_tokens: 90, output_citation_tokens: 20 }}                                             | ${'parts_exceed_total output_tokens'}         | ${'90 and 20 are not within 100'}
    ${'seeing'}      | ${SEEING}      | ${{ input_tokens: 100, cache_read_tokens: 40, input_image_tokens: 30, cache_image_read_tokens: 10 }}                                             | ${'0.0004175'}                                | ${'40 × 5 + 30 × 1.25 + 20 × 8 + 10 × 2 per million'}
    ${'seeing'}      | ${SEEING}      | ${{ input_tokens: 100, cache_read_tokens: 40, input_image_tokens: 30 }}                                                                          | ${'quantity_missing cache_image_read_tokens'} | ${'how many of the images were cached?'}
    ${'seeing'}      | ${SEEING}      | ${{ input_tokens: 100, cache_read_tokens: 40, input_image_tokens: 30, cache_image_read_tokens: 0 }}                                              | ${'0.00044'}                                  | ${'none: 30 × 5 + 40 × 1.25 + 30 × 8 per million'}
    ${'seeing'}      | ${SEEING}      | ${{ input_tokens: 100, cache_read_tokens: 40, cache_image_read_tokens: 10 }}                                                                     | ${'quantity_missing input_image_tokens'}      | ${'cached images are images, of which there may be more'}
    ${'hour'}        | ${BY_THE_HOUR} | ${{ audio_seconds: 90, input_audio_seconds: 90 }}                                                                                                | ${'0.009'}                                    | ${'a minute and a half of 0.36 an hour'}
    ${'hour'}        | ${BY_THE_HOUR} | ${{ input_audio_seconds: 90 }}                                                                                                                   | ${'0.009'}                                    | ${'what is heard is all of it, when nobody says more'}
    ${'hour'}        | ${BY_THE_HOUR} | ${{ audio_seconds: 90 }}                                                                                                                         | ${'0.009'}                                    | ${'or the whole alone'}
    ${'hour'}        | ${BY_THE_HOUR} | ${{ audio_seconds: 90, requests: 1 }}                                                                                                            | ${'0.009'}                                    | ${'the request is paid for by its seconds'}
    ${'hour'}        | ${BY_THE_HOUR} | ${{ audio_seconds: 1, input_tokens: 5 }}                                                                                                         | ${'unit_unpriced input_tokens'}               | ${'tokens are not'}
    ${'long'}        | ${LONG}        | ${{ input_tokens: 200_000, output_tokens: 1000 }}                                                                                                | ${'0.615'}                                    | ${'200,000 is not more than 200,000'}
    ${'long'}        | ${LONG}        | ${{ input_tokens: 200_001, output_tokens: 1000 }}                                                                                                | ${'1.222506'}                                 | ${'one more, and all tokens cost more'}
    ${'long'}        | ${LONG}        | ${{ input_tokens: 200_001, cache_read_tokens: 200_000, output_tokens: 0 }}                                                                       | ${'0.120006'}                                 | ${'cached tokens count for the context'}
    ${'long'}        | ${LONG}        | ${{ input_tokens: '200000.5', cache_read_tokens: '200000.5' }}                                                                                   | ${'0.1200003'}                                | ${'half a token more is more'}
    ${'long'}        | ${LONG}        | ${{ output_tokens: 1000 }}                                                                                                                       | ${'0.015'}                                    | ${'without input the context is short'}
    ${'audio'}       | ${AUDIO}       | ${{ input_tokens: 100, input_audio_tokens: 30, cache_read_tokens: 50, cache_audio_read_tokens: 20, output_tokens: 50, output_audio_tokens: 40 }} | ${'0.003825'}                                 | ${'40 × 2 + 30 × 0.5 + 10 × 40 + 20 × 2.5 + 10 × 8 + 40 × 80 per million'}
    ${'ambiguous'}   | ${AMBIGUOUS}   | ${{ input_tokens: 9, input_audio_tokens: 5, cache_read_tokens: 5, cache_audio_read_tokens: 5 }}                                                  | ${'unit_unpriced cache_audio_read_tokens'}    | ${'cached or audio price? nobody says'}
    ${'ambiguous'}   | ${AMBIGUOUS}   | ${{ input_tokens: 9, input_audio_tokens: 5 }}                                                                                                    | ${'0.000208'}                                 | ${'the rest of it is priced: 4 × 2 + 5 × 40'}
    ${'ambiguous'}   | ${AMBIGUOUS}   | ${{ input_tokens: 9, input_audio_tokens: 3, cache_read_tokens: 3 }}                                                                              | ${'quantity_missing cache_audio_read_tokens'} | ${'how much is both decides which price'}
    ${'audio'}       | ${AUDIO}       | ${{ input_tokens: 100, input_audio_tokens: 30, cache_read_tokens: 50 }}                                                                          | ${'quantity_missing cache_audio_read_tokens'} | ${'here too'}
    ${'embedding'}   | ${EMBEDDING}   | ${{ input_tokens: 500, output_tokens: 0 }}                                                                                                       | ${'0.00001'}                                  | ${'no output, no price needed'}
    ${'embedding'}   | ${EMBEDDING}   | ${{ input_tokens: 500, output_tokens: 1 }}                                                                                                       | ${'unit_unpriced output_tokens'}              | ${'output without a price is not free'}
    ${'by the page'} | ${BY_THE_PAGE} | ${{ input_document_pages: 5, input_annotated_document_pages: 2 }}                                                                                | ${'0.009'}                                    | ${'three plain pages and two annotated'}
    ${'by the page'} | ${BY_THE_PAGE} | ${{ input_annotated_document_pages: 2 }}                                                                                                         | ${'0.006'}                                    | ${'annotated ones alone'}
    ${'by the page'} | ${BY_THE_PAGE} | ${{ input_tokens: 500 }}                                                                                                                         | ${'unit_unpriced input_tokens'}               | ${'nobody says what its tokens cost'}
    ${'by the page'} | ${BY_THE_PAGE} | ${{ input_tokens: 0 }}                                                                                                                           | ${'0'}                                        | ${'no tokens, no price needed'}
    ${'free'}        | ${FREE}        | ${{ input_tokens: 500, cache_read_tokens: 5, output_tokens: 9 }}                                                                                 | ${'0'}                                        | ${'a price of zero is a price'}
    ${'fine'}        | ${FINE}        | ${{ input_tokens: 3 }}                                                                                                                           | ${'0.00000025000000000000002'}                | ${'a price of 23 decimals is exact for whole tokens'}
    ${'fine'}        | ${FINE}        | ${{ input_tokens: 0.5 }}                                                                                                                         | ${'0.00000004166666666666667'}                | ${'and for half of one'}
    ${'fine'}        | ${FINE}        | ${{ input_tokens: 0.001 }}                                                                                                                       | ${'amount_too_fine input_tokens'}             | ${'a thousandth would have to be rounded'}
    ${'images'}      | ${IMAGES}      | ${{ input_tokens: 1, output_tokens: 100 }}                                                                                                       | ${'0.0002503'}                                | ${'no images, all text'}
    ${'images'}      | ${IMAGES}      | ${{ input_tokens: 1, output_tokens: 99, output_image_tokens: 90 }}                                                                               | ${'0.0027228'}                                | ${'9 × 2.5 + 90 × 30 per million'}
  `('$name, $data: $cost, $because', ({ at, data, cost }) => {
    expect(told(costOf(unitsOf(data), at))).toBe(cost);
  });

  it('says whose price it is and in which currency', () => {
    const euros = price({ input: perMillion('1') }, { currency: 'EUR' });
    expect(costOf(unitsOf({ input_tokens: 1 }), euros)).toEqual({
      status: 'priced',
      amount: 10n ** 18n,
      currency: 'EUR',
      priceId: 7,
      breakdown: '[["input","1","0.000001"]]',
    });
  });
});

describe('what an event costs', () => {
  const provider = { id: 'openai', match: null, modelMatch: { starts_with: 'gpt-' }, fallbackProviders: [] };
  const rows = { input: perMillion('2.5'), output: perMillion('10') };
  const catalogue = compileCatalogue(
    [provider],
    [price(rows, { provider: 'openai', model: 'gpt-4o', validFrom: '2024-05-13T00:00:00Z' })],
  );
  const book = compilePriceBook(catalogue);

  it.each`
    data                                                                               | at                        | cost                | because
    ${{ provider: 'openai', model: 'gpt-4o', input_tokens: 1155, output_tokens: 211 }} | ${'2026-01-01T00:00:00Z'} | ${'0.0049975'}      | ${'provider and model are known'}
    ${{ model: 'gpt-4o', input_tokens: 2 }}                                            | ${'2026-01-01T00:00:00Z'} | ${'0.000005'}       | ${'the model tells the provider'}
    ${{ provider: 'openai', model: 'gpt-4o', input_tokens: 2 }}                        | ${'2024-05-12T23:59:59Z'} | ${'model_unknown'}  | ${'no price was in force'}
    ${{ provider: 'openai', model: 'gpt-99', input_tokens: 2 }}                        | ${'2026-01-01T00:00:00Z'} | ${'model_unknown'}  | ${'a model nobody knows'}
    ${{ input_tokens: 2 }}                                                             | ${'2026-01-01T00:00:00Z'} | ${'model_missing'}  | ${'tokens of no model'}
    ${{ provider: 'openai', output_tokens: 2 }}                                        | ${'2026-01-01T00:00:00Z'} | ${'model_missing'}  | ${'a provider has many models'}
    ${{ provider: 'openai', requests: 2 }}                                             | ${'2026-01-01T00:00:00Z'} | ${'model_missing'}  | ${'requests to a provider cost something'}
    ${{ requests: 2 }}                                                                 | ${'2026-01-01T00:00:00Z'} | ${'none'}           | ${"the product's own requests"}
    ${{ web_searches: 2 }}                                                             | ${'2026-01-01T00:00:00Z'} | ${'none'}           | ${"the product's own searches"}
    ${{ input_tokens: 0, output_tokens: 0 }}                                           | ${'2026-01-01T00:00:00Z'} | ${'none'}           | ${'no tokens of no model'}
    ${{ provider: 'openai', model: 'gpt-4o' }}                                         | ${'2026-01-01T00:00:00Z'} | ${'none'}           | ${'a model that was not used'}
    ${{ model: 'gpt-4o', input_tokens: 2, serviceTier: 'batch' }}                      | ${'2026-01-01T00:00:00Z'} | ${'class_unpriced'} | ${'the standard price is not that of batches'}
    ${{ model: 'gpt-99', input_tokens: 2, serviceTier: 'batch' }}                      | ${'2026-01-01T00:00:00Z'} | ${'model_unknown'}  | ${'no price of any class'}
    ${{ model: 'gpt-4o', input_tokens: 2, serviceTier: 'default' }}                    | ${'2026-01-01T00:00:00Z'} | ${'0.000005'}       | ${'the standard class by another name'}
    ${{ success: true }}                                                               | ${'2026-01-01T00:00:00Z'} | ${'none'}           | ${'an outcome costs nothing'}
  `('$data: $because', ({ data, at, cost }) => {
    expect(told(costOfUsage(usageOf(data), book, Date.parse(at) * 1000))).toBe(cost);
  });

  it('says in a sentence why a cost is pending and what to do', () => {
    for (const data of [
      { input_tokens: 2 },
      { model: 'gpt-99', input_tokens: 2 },
      { model: 'gpt-4o', web_searches: 2 },
      { model: 'gpt-4o', input_tokens: 2, serviceTier: 'batch' },
      { provider: 'openai', model: 'gpt-4o', usage: { prompt_tokens: 1, completion_tokens: 1, videos: 2 } },
    ]) {
      const cost = costOfUsage(usageOf(data), book, Date.parse('2026-01-01T00:00:00Z') * 1000);
      expect(cost.status === 'pending' && pendingSentence(cost)).toMatch(/^The .*: (send|add|name) .*\.$/);
    }
  });
});

/** A row of a breakdown as one line: unit, quantity, price of one, amount, and what else it says. */
function shown({ unit, quantity, unitPrice, amount, chargedAs, tierAbove }: CostBreakdownRow): string {
  const more = [chargedAs && `as ${chargedAs}`, tierAbove !== null && `above ${tierAbove}`].filter(Boolean);
  return [unit, quantity.toFixed(), '×', unitPrice.toFixed(), '=', amount.toFixed(), ...more].join(' ');
}
function breakdownOf(data: object, at: ModelPrice): CostBreakdownRow[] {
  const cost = costOf(unitsOf(data), at);
  return cost.status === 'priced' ? readBreakdown(cost.breakdown, cost.priceId) : [];
}

describe('the breakdown of a cost', () => {
  it.each([
    {
      because: 'each unit at its price, in the plain way',
      at: GPT_4O,
      data: { input_tokens: 1155, output_tokens: 211 },
      rows: ['input 1155 × 0.0000025 = 0.0028875', 'output 211 × 0.00001 = 0.00211'],
    },
    {
      because: 'the same in the exact way, with half a token',
      at: GPT_4O,
      data: { input_tokens: '1155.5', output_tokens: 211 },
      rows: ['input 1155.5 × 0.0000025 = 0.00288875', 'output 211 × 0.00001 = 0.00211'],
    },
    {
      because: 'whose price was charged and at which step of context',
      at: LONG,
      data: { input_tokens: 200_001, cache_write_tokens: 1, output_tokens: 10 },
      rows: [
        'input 200000 × 0.000006 = 1.2 above 200000',
        'cacheWrite 1 × 0.000006 = 0.000006 as input above 200000',
        'output 10 × 0.0000225 = 0.000225 above 200000',
      ],
    },
    {
      because: 'the request that nobody reported',
      at: SONAR,
      data: { input_tokens: 5 },
      rows: ['input 5 × 0.000001 = 0.000005', 'requests 1 × 0.005 = 0.005'],
    },
    {
      because: 'not the request that is paid for by its tokens',
      at: GPT_4O,
      data: { input_tokens: 5, requests: 1 },
      rows: ['input 5 × 0.0000025 = 0.0000125'],
    },
    {
      because: 'narrow units before those that include them',
      at: SEEING,
      data: { input_tokens: 100, cache_read_tokens: 40, input_image_tokens: 30, cache_image_read_tokens: 10 },
      rows: [
        'cacheImageRead 10 × 0.000002 = 0.00002',
        'cacheRead 30 × 0.00000125 = 0.0000375',
        'inputImage 20 × 0.000008 = 0.00016',
        'input 40 × 0.000005 = 0.0002',
      ],
    },
    { because: 'nothing used, no rows', at: GPT_4O, data: { input_tokens: 0 }, rows: [] },
    {
      because: 'no cost, no rows: no part of it is known',
      at: EMBEDDING,
      data: { input_tokens: 5, output_tokens: 5 },
      rows: [],
    },
  ])('$because', ({ at, data, rows }) => {
    expect(breakdownOf(data, at).map(shown)).toEqual(rows);
  });

  it('is stored as the contract between rooms says', () => {
    const cost = costOf(unitsOf({ input_tokens: 1155, output_tokens: 211 }), GPT_4O);
    expect(cost).toMatchObject({ breakdown: '[["input","1155","0.0000025"],["output","211","0.00001"]]' });
  });
});

describe('true of every cost', () => {
  const digits = (integer: number, fraction: number) =>
    fc
      .tuple(fc.nat(integer), fc.nat(fraction))
      .map(([a, b]) => new Decimal(`${a}.${String(b).padStart(6, '0')}`).toFixed());
  const sevenOf = <Part>(part: fc.Arbitrary<Part>) => fc.array(part, { minLength: 7, maxLength: 7 });

  /** Usage as it comes, in plain numbers; and usage of any size, with fractions. */
  const usual = sevenOf<string | number>(fc.integer({ min: 0, max: 200_000 }));
  const unusual = sevenOf<string | number>(
    fc.oneof(fc.nat(3_000_000), fc.integer({ min: 1, max: 150_000_000_000_000 }), digits(3_000_000, 999_999)),
  );
  const tokens = fc.oneof(usual, unusual);

  const SEVEN = [
    'input',
    'cacheRead',
    'cacheWrite',
    'inputAudio',
    'cachedAudio',
    'output',
    'outputAudio',
  ] as const satisfies readonly CoreUnit[];

  const dataOf = (parts: readonly (string | number)[]) => {
    const add = (...indexes: number[]) => indexes.reduce((total, index) => total.plus(parts[index]!), ZERO).toFixed();
    return {
      input_tokens: add(0, 1, 2, 3, 4),
      cache_read_tokens: add(1, 4),
      cache_write_tokens: add(2),
      input_audio_tokens: add(3, 4),
      cache_audio_read_tokens: add(4),
      output_tokens: add(5, 6),
      output_audio_tokens: add(6),
    };
  };

  const pricesOf = (unitPrice: fc.Arbitrary<UnitPriceText>) => {
    const units = Object.fromEntries(SEVEN.map((unit) => [unit, unitPrice]));
    return fc.record(units, { requiredKeys: ['input', 'output', 'cachedAudio'] }).map((some) => price(some));
  };
  const prices = fc.oneof(
    pricesOf(digits(100, 999_999).map((amount) => perMillion(amount))),
    pricesOf(fc.record({ per: fc.constantFrom('1', '1000', '1000000'), amount: digits(5000, 999_999) })),
  );

  const amountOf = (units: UsageUnits, at: ModelPrice): bigint => {
    const cost = costOf(units, at);
    if (cost.status !== 'priced') throw new Error(told(cost));
    return cost.amount;
  };

  it('it is the sum of quantity × price in decimals, and the breakdown adds up to it, to the last digit', () => {
    const seen = { fast: 0, exact: 0 };
    fc.assert(
      fc.property(tokens, prices, (parts, at) => {
        const units = unitsOf(dataOf(parts));
        let expected = ZERO;
        for (const [index, unit] of SEVEN.entries()) {
          const charged = at.units[at.chargedAs[unit]!]!;
          expected = expected.plus(new Decimal(parts[index]!).times(scaledToDecimal(charged.base)));
        }
        expect(scaledToDecimal(amountOf(units, at)).toFixed()).toBe(expected.toFixed());

        const rows = breakdownOf(dataOf(parts), at);
        const added = rows.reduce((total, row) => total.plus(row.amount), ZERO);
        expect(added.toFixed()).toBe(expected.toFixed());
        for (const row of rows) expect(row.quantity.times(row.unitPrice).toFixed()).toBe(row.amount.toFixed());

        if (expected.lessThan(9007) && parts.every((part) => typeof part === 'number')) seen.fast += 1;
        else seen.exact += 1;
      }),
      { numRuns: 500 },
    );
    // Both ways of costOf were walked.
    expect(seen.fast).toBeGreaterThan(50);
    expect(seen.exact).toBeGreaterThan(50);
  });

  it('it is linear: k times the usage costs k times as much, and two usages together what they cost apart', () => {
    const few = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(few, few, fc.integer({ min: 1, max: 1000 }), prices, (a, b, k, at) => {
        const cost = (parts: number[]) => amountOf(unitsOf(dataOf(parts)), at);
        expect(cost(a.map((part) => part * k))).toBe(cost(a) * BigInt(k));
        expect(cost(a.map((part, index) => part + b[index]!))).toBe(cost(a) + cost(b));
      }),
    );
  });

  it('no unit is charged twice: one token moved from one unit to another changes the cost by the two prices', () => {
    const unit = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(tokens, unit, unit, prices, (parts, from, to, at) => {
        fc.pre(typeof parts[from] === 'number' && parts[from] > 0);
        const moved = parts.map((part) => new Decimal(part));
        moved[from] = moved[from]!.minus(1);
        moved[to] = moved[to]!.plus(1);
        const texts = moved.map((part) => part.toFixed());
        const priceOf = (index: number) => at.units[at.chargedAs[SEVEN[index]!]!]!.base;
        const change = amountOf(unitsOf(dataOf(texts)), at) - amountOf(unitsOf(dataOf(parts)), at);
        expect(change).toBe(priceOf(to) - priceOf(from));
      }),
    );
  });

  it('a whole number past 2^53 takes the exact way and agrees with the plain one below it', () => {
    const at = price({ input: { per: '1', amount: '9' } });
    // 9 per token is 9 × 10^12 parts: 1,000 tokens are 9.0 × 10^15, just below 2^53; 1,001 are above.
    for (const count of [999, 1000, 1001, 1002]) {
      expect(amountOf(unitsOf({ input_tokens: count }), at)).toBe(scaledFromDecimal(new Decimal(9 * count)));
    }
    const halves = unitsOf({ input_tokens: 600, output_tokens: 600 });
    const both = price({ input: { per: '1', amount: '9' }, output: { per: '1', amount: '9' } });
    expect(amountOf(halves, both)).toBe(scaledFromDecimal(new Decimal(10_800)));
  });
});
