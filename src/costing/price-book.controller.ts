import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { Clock, fromPublicId, NotFoundError } from '../kernel';
import { decodeCursor, instant, type Page, PageQuery, pageOf, toPage } from '../platform/http';
import { serviceClassOf } from './domain';
import { OwnPricesService } from './own-prices.service';
import {
  AddPriceRequest,
  PriceAddedResponse,
  PriceInForceResponse,
  PriceResponse,
  toInForceResponse,
  toPriceResponse,
  toPriceRow,
} from './price-book.schema';
import { PriceBooksService } from './price-books.service';

const ListQuery = PageQuery.extend({
  provider: z.string().min(1).max(200).optional().describe('Only prices for this provider, as it was written there.'),
});

const PriceQuery = z.object({
  provider: z.string().min(1).max(200).optional().describe('As events name it.'),
  model: z.string().min(1).max(200).describe('As events name it.'),
  class: z
    .string()
    .min(1)
    .max(50)
    .optional()
    .describe('The class of service, as events name it; the standard without it.'),
  at: instant().optional().describe('The instant the price has to hold for; now without it.'),
});

export const RetireRequest = z.strictObject({
  at: instant().optional().describe('The first instant it no longer holds for; now without it.'),
});

const RetiredResponse = z.object({
  price: PriceResponse.nullable().describe('What is left of it; null where nothing is: it had not begun by then.'),
});

/** Prices are numbered; the number is the last part of their id. */
export function priceNumber(reference: string): number {
  const uuid = fromPublicId('modelPrice', reference);
  const number =
    uuid?.startsWith('00000000-0000-0000-0000-') === true ? Number.parseInt(uuid.slice(24), 16) : Number.NaN;
  if (!(number <= 2_147_483_647)) throw new NotFoundError('model price', reference);
  return number;
}

@ApiTags('price book')
@Controller('v1/price-book')
export class PriceBookController {
  constructor(
    @Inject(PriceBooksService) private readonly books: PriceBooksService,
    @Inject(OwnPricesService) private readonly own: OwnPricesService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'List your own prices',
    description:
      'In the order in which they were added, contracts among them; without the public catalogue’s and without those that were retired.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(PriceResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: ListQuery }) query: z.output<typeof ListQuery>,
  ): Promise<Page<z.infer<typeof PriceResponse>>> {
    const [after] = decodeCursor(query.cursor, [/^\d{1,10}$/]) ?? ['0'];
    const filter = { provider: query.provider ?? null, contractsOnly: false };
    const prices = await this.own.list(tenant, filter, Number(after), query.limit + 1);
    return toPage(prices, query.limit, (price) => [String(price.id)], toPriceResponse);
  }

  @Get('in-force')
  @Requires('read')
  @ApiOperation({
    summary: 'The price of a model',
    description:
      'By which an event of that instant is costed: yours where there is one, else the public catalogue’s, less the discount of a contract.',
  })
  @ApiResponse({ status: 200, standardSchema: PriceInForceResponse })
  async find(
    @Asker() tenant: Tenant,
    @Query({ schema: PriceQuery }) query: z.output<typeof PriceQuery>,
  ): Promise<z.infer<typeof PriceInForceResponse>> {
    const serviceClass = query.class === undefined ? null : serviceClassOf(query.class);
    const at = query.at ?? this.clock.now();
    const found = await this.books.inForce(
      tenant,
      { provider: query.provider ?? null, model: query.model, serviceClass },
      at,
    );
    if (found === null) throw new NotFoundError('model price', query.model);
    return toInForceResponse(found.row, found.price);
  }

  @Post()
  @Requires('manage')
  @ApiOperation({
    summary: 'Put an own price over the catalogue',
    description:
      'Holds for events accepted from now on whose time it is valid for. Amounts more than ten times off the catalogue’s are refused until `confirm` says that they are meant. Repeating it changes nothing.',
  })
  @ApiResponse({ status: 201, standardSchema: PriceAddedResponse })
  async add(
    @Asker() tenant: Tenant,
    @Body({ schema: AddPriceRequest }) request: z.output<typeof AddPriceRequest>,
  ): Promise<z.infer<typeof PriceAddedResponse>> {
    const { price, warnings } = await this.own.add(tenant, toPriceRow(request), request.confirm);
    return { ...toPriceResponse(price), warnings: [...warnings] };
  }

  @Post(':price/retire')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Retire an own price',
    description:
      'From an instant on it no longer holds, and the catalogue’s or another own price does. What it held for before is a price with an id of its own. Costs of stored events stay.',
  })
  @ApiResponse({ status: 200, standardSchema: RetiredResponse })
  async retire(
    @Asker() tenant: Tenant,
    @Param('price') reference: string,
    @Body({ schema: RetireRequest }) request: z.output<typeof RetireRequest>,
  ): Promise<z.infer<typeof RetiredResponse>> {
    const left = await this.own.retire(
      tenant,
      { id: priceNumber(reference) },
      request.at ?? this.clock.now(),
      reference,
    );
    return { price: left === null ? null : toPriceResponse(left) };
  }
}
