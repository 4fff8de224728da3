import { Body, Controller, Get, Inject, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { Clock, decimalText, NotFoundError } from '../kernel';
import { decimalString, instant, text } from '../platform/http';
import { PRICED_UNITS, type PriceRow } from './domain';
import type { StoredPriceRow } from './persistence/price-store';
import { PriceBooksService } from './price-books.service';

const UnitPrices = z.partialRecord(
  z.enum(PRICED_UNITS),
  z.strictObject({
    amount: decimalString({ min: '0' }).describe('Price of `per` units, such as "2.50".'),
    per: z.enum(['1', '1000', '1000000']).default('1000000').describe('How many units the amount is for.'),
  }),
);

const AddPriceRequest = z.strictObject({
  provider: text(200).describe('The provider as your events name it, such as openai.'),
  model: text(200).describe('The exact name of the model.'),
  validFrom: instant().optional().describe('The first instant it holds for; without it, all the past.'),
  validTo: instant().optional().describe('The first instant it no longer holds for; without it, open.'),
  units: UnitPrices.refine((units) => Object.keys(units).length > 0, 'must price at least one unit').describe(
    `Price of each unit the model charges for, in USD: ${PRICED_UNITS.join(', ')}.`,
  ),
});

const PriceResponse = z.object({
  provider: z.string(),
  model: z.string(),
  own: z.boolean().describe('False for the public catalogue’s.'),
  currency: z.string(),
  validFrom: z.string().nullable(),
  validTo: z.string().nullable(),
  units: z.partialRecord(
    z.enum(PRICED_UNITS),
    z.object({
      amount: z.string(),
      per: z.string(),
      tiers: z.array(z.object({ above: z.string(), amount: z.string() })).optional(),
    }),
  ),
});

const PriceQuery = z.object({
  provider: z.string().min(1).max(200).optional().describe('As events name it.'),
  model: z.string().min(1).max(200).describe('As events name it.'),
  at: instant().optional().describe('The instant the price has to hold for; now without it.'),
});

function toResponse(price: StoredPriceRow): z.infer<typeof PriceResponse> {
  return {
    provider: price.provider,
    model: price.model,
    own: price.organisationId !== null,
    currency: price.currency,
    validFrom: price.validFrom,
    validTo: price.validTo,
    units: price.units as z.infer<typeof PriceResponse>['units'],
  };
}

@ApiTags('price book')
@Controller('v1/price-book')
export class PriceBookController {
  constructor(
    @Inject(PriceBooksService) private readonly books: PriceBooksService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'The price of a model',
    description: 'Yours where there is one, else the public catalogue’s.',
  })
  @ApiResponse({ status: 200, standardSchema: PriceResponse })
  async find(
    @Asker() tenant: Tenant,
    @Query({ schema: PriceQuery }) query: z.output<typeof PriceQuery>,
  ): Promise<z.infer<typeof PriceResponse>> {
    const price = await this.books.inForce(tenant, query.provider ?? null, query.model, query.at ?? this.clock.now());
    if (price === null) throw new NotFoundError('model price', query.model);
    return toResponse(price);
  }

  @Post()
  @Requires('manage')
  @ApiOperation({
    summary: 'Put an own price over the catalogue',
    description: 'Holds for events accepted from now on whose time it is valid for. Repeating it changes nothing.',
  })
  @ApiResponse({ status: 201, standardSchema: PriceResponse })
  async add(
    @Asker() tenant: Tenant,
    @Body({ schema: AddPriceRequest }) request: z.output<typeof AddPriceRequest>,
  ): Promise<z.infer<typeof PriceResponse>> {
    const units = Object.entries(request.units).map(([unit, price]) => [
      unit,
      { per: price.per, amount: decimalText(price.amount) },
    ]);
    const row: PriceRow = {
      provider: request.provider,
      model: request.model,
      match: null,
      position: 0,
      validFrom: request.validFrom?.toISOString() ?? null,
      validTo: request.validTo?.toISOString() ?? null,
      dailyFrom: null,
      dailyTo: null,
      currency: 'USD',
      units: Object.fromEntries(units) as PriceRow['units'],
    };
    return toResponse(await this.books.addOwn(tenant, row));
  }
}
