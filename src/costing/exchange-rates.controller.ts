import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { decimalText } from '../kernel';
import {
  currency,
  decimalString,
  decodeCursor,
  instant,
  type Page,
  PageQuery,
  pageOf,
  toPage,
  UUID_TEXT,
} from '../platform/http';
import { ratesFromCsv } from './exchange-rates-csv';
import { ExchangeRatesService } from './exchange-rates.service';
import type { StoredExchangeRate } from './persistence/exchange-rate-store';

const MOST_RATES = 10_000;

const Rate = z.strictObject({
  base: currency().describe('The currency that is converted, such as EUR.'),
  quote: currency().describe('The currency it becomes, such as USD.'),
  rate: decimalString({ min: '0' }).describe('How many units of `quote` one unit of `base` is, such as "1.085".'),
  validFrom: instant().describe('The first instant it holds for; it holds until the next rate of the pair begins.'),
});
const Rates = z.array(Rate).min(1).max(MOST_RATES);

const SavedResponse = z.object({
  added: z.number().int().describe('New for their pair and instant.'),
  replaced: z.number().int().describe('Took the place of another rate for the same pair and instant.'),
  unchanged: z.number().int().describe('Stored before, the same.'),
});

const RateResponse = z.object({
  base: z.string(),
  quote: z.string(),
  rate: z.string(),
  validFrom: z.string(),
  createdAt: z.string(),
  replacedAt: z.string().nullable().describe('When a corrected rate took its place; null for one that counts.'),
});

const RatesQuery = PageQuery.extend({
  base: currency().optional().describe('Only rates from this currency.'),
  quote: currency().optional().describe('Only rates to this currency.'),
  replaced: z
    .enum(['true', 'false'])
    .optional()
    .describe('With `true` also the rates whose place a corrected one took.'),
});

const CURRENCY_TEXT = /^[A-Z]{3}$/;
const INSTANT_TEXT = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function toResponse({ id: _id, ...rate }: StoredExchangeRate): z.infer<typeof RateResponse> {
  return rate;
}

@ApiTags('price book')
@Controller('v1/exchange-rates')
export class ExchangeRatesController {
  constructor(@Inject(ExchangeRatesService) private readonly rates: ExchangeRatesService) {}

  @Post()
  @HttpCode(200)
  @Requires('manage')
  @RouteConfig({ fromCsv: ratesFromCsv })
  @ApiOperation({
    summary: 'Add exchange rates',
    description:
      `Up to ${MOST_RATES.toLocaleString('en')} as a JSON list, or as text/csv whose first line names the columns base, quote, rate and validFrom; all or none. ` +
      'Used in the direction given, never inverted or chained. A rate for an instant that has one takes its place, for events accepted from now on; the former stays readable. Repeating it changes nothing.',
  })
  @ApiResponse({ status: 200, standardSchema: SavedResponse })
  async add(
    @Asker() tenant: Tenant,
    @Body({ schema: Rates }) request: z.output<typeof Rates>,
  ): Promise<z.infer<typeof SavedResponse>> {
    const rates = request.map(({ base, quote, rate, validFrom }) => ({
      base,
      quote,
      rate: decimalText(rate),
      validFrom: validFrom.toISOString(),
    }));
    return this.rates.add(tenant, rates);
  }

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'List exchange rates', description: 'By pair, each from the earliest on.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(RateResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: RatesQuery }) query: z.output<typeof RatesQuery>,
  ): Promise<Page<z.infer<typeof RateResponse>>> {
    const after = decodeCursor(query.cursor, [CURRENCY_TEXT, CURRENCY_TEXT, INSTANT_TEXT, UUID_TEXT]);
    const filter = { base: query.base ?? null, quote: query.quote ?? null, withReplaced: query.replaced === 'true' };
    const rows = await this.rates.list(tenant, filter, after, query.limit + 1);
    return toPage(rows, query.limit, (row) => [row.base, row.quote, row.validFrom, row.id], toResponse);
  }
}
