import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { Clock, Decimal, decimalText, HUNDRED, ONE } from '../kernel';
import { decodeCursor, type Page, PageQuery, pageOf, toPage } from '../platform/http';
import { OwnPricesService } from './own-prices.service';
import type { StoredPriceRow } from './persistence/price-store';
import { RetireRequest } from './price-book.controller';
import { AddContractRequest, ContractResponse, toPriceResponse, toPriceRow } from './price-book.schema';

const RetiredContractResponse = z.object({
  contract: ContractResponse.nullable().describe(
    'What is left of it; null where nothing is: it had not begun by then.',
  ),
});

function toResponse(row: StoredPriceRow): z.infer<typeof ContractResponse> {
  const { factor, contract, own: _own, ...price } = toPriceResponse(row);
  return {
    key: contract ?? '',
    name: row.name ?? '',
    discountPercent: factor === null ? null : decimalText(ONE.minus(new Decimal(factor)).times(HUNDRED)),
    price,
  };
}

@ApiTags('price book')
@Controller('v1/contracts')
export class ContractsController {
  constructor(
    @Inject(OwnPricesService) private readonly prices: OwnPricesService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Post()
  @Requires('manage')
  @ApiOperation({
    summary: 'Make a contract with a provider',
    description:
      'A discount on the public catalogue, or prices of your own, for the models it names; costs say which contract made them. Holds for events accepted from now on whose time it is valid for. Safe to repeat.',
  })
  @ApiResponse({ status: 201, standardSchema: ContractResponse })
  async create(
    @Asker() tenant: Tenant,
    @Body({ schema: AddContractRequest }) request: z.output<typeof AddContractRequest>,
  ): Promise<z.infer<typeof ContractResponse>> {
    const { key, name, discountPercent, ...terms } = request;
    const factor = discountPercent === undefined ? {} : { factor: ONE.minus(discountPercent.dividedBy(HUNDRED)) };
    const row = { ...toPriceRow({ ...terms, ...factor }), contract: key, name };
    return toResponse((await this.prices.addContract(tenant, row, request.confirm)).price);
  }

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'List contracts',
    description: 'In the order in which they were made, without those that were retired.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(ContractResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof ContractResponse>>> {
    const [after] = decodeCursor(query.cursor, [/^\d{1,10}$/]) ?? ['0'];
    const filter = { provider: null, contractsOnly: true };
    const contracts = await this.prices.list(tenant, filter, Number(after), query.limit + 1);
    return toPage(contracts, query.limit, (price) => [String(price.id)], toResponse);
  }

  @Post(':contract/retire')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'End a contract',
    description: 'From an instant on it no longer holds. Costs of stored events stay.',
  })
  @ApiResponse({ status: 200, standardSchema: RetiredContractResponse })
  async retire(
    @Asker() tenant: Tenant,
    @Param('contract') key: string,
    @Body({ schema: RetireRequest }) request: z.output<typeof RetireRequest>,
  ): Promise<z.infer<typeof RetiredContractResponse>> {
    const left = await this.prices.retire(tenant, { contract: key }, request.at ?? this.clock.now(), key);
    return { contract: left === null ? null : toResponse(left) };
  }
}
