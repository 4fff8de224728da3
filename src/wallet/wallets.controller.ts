import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { CustomersService } from '../customers';
import { decodeCursor, type Page, PageQuery, pageOf, reference, toPage, UUID_TEXT } from '../platform/http';
import { WalletGrantsService } from './wallet-grants.service';
import {
  EntryResponse,
  GrantResponse,
  toEntryResponse,
  toGrantResponse,
  toWalletResponse,
  WalletResponse,
} from './wallet-responses';
import {
  ChangeWalletRequest,
  CreateWalletRequest,
  GrantRequest,
  toNewGrant,
  toNewWallet,
  toWalletChange,
} from './wallet.schema';
import { WalletsService } from './wallets.service';

const WalletsQuery = PageQuery.extend({ customer: reference().optional().describe('Of one customer, by key or id.') });
const SEQUENCE = /^\d{1,18}$/;

/** Prepaid credit. */
@ApiTags('wallets')
@Controller('v1/wallets')
export class WalletsController {
  constructor(
    @Inject(WalletsService) private readonly wallets: WalletsService,
    @Inject(WalletGrantsService) private readonly walletGrants: WalletGrantsService,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  @Post()
  @Requires('manage')
  @ApiOperation({
    summary: 'Make a wallet for prepaid credit',
    description:
      'In a currency, or in units of its own that usage takes by a table. A customer has one of each. It is empty: grant credit to it. Repeating the same answers the stored wallet.',
  })
  @ApiResponse({ status: 201, standardSchema: WalletResponse })
  async create(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateWalletRequest }) request: z.output<typeof CreateWalletRequest>,
  ): Promise<z.infer<typeof WalletResponse>> {
    const customer = await this.customers.find(tenant, request.customer, 'customer');
    return toWalletResponse(await this.wallets.create(tenant, customer, toNewWallet(request)));
  }

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'List wallets', description: 'The newest first, archived ones too.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(WalletResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: WalletsQuery }) query: z.output<typeof WalletsQuery>,
  ): Promise<Page<z.infer<typeof WalletResponse>>> {
    const [before = null] = decodeCursor(query.cursor, [UUID_TEXT]) ?? [];
    const customer =
      query.customer === undefined ? null : await this.customers.find(tenant, query.customer, 'customer');
    const rows = await this.wallets.list(tenant, customer?.id ?? null, before, query.limit + 1);
    return toPage(rows, query.limit, ({ record }) => [record.row.id], toWalletResponse);
  }

  @Get(':wallet')
  @Requires('read')
  @ApiOperation({
    summary: 'One wallet and what it has',
    description: 'By key or id. What has expired is gone from it, whenever it is asked for.',
  })
  @ApiResponse({ status: 200, standardSchema: WalletResponse })
  async find(@Asker() tenant: Tenant, @Param('wallet') wallet: string): Promise<z.infer<typeof WalletResponse>> {
    return toWalletResponse(await this.wallets.find(tenant, wallet));
  }

  @Patch(':wallet')
  @Requires('manage')
  @ApiOperation({
    summary: 'Change a wallet',
    description: 'What isn’t named stays. What is burned from then on is burned by the new terms.',
  })
  @ApiResponse({ status: 200, standardSchema: WalletResponse })
  async change(
    @Asker() tenant: Tenant,
    @Param('wallet') wallet: string,
    @Body({ schema: ChangeWalletRequest }) request: z.output<typeof ChangeWalletRequest>,
  ): Promise<z.infer<typeof WalletResponse>> {
    return toWalletResponse(await this.wallets.change(tenant, wallet, toWalletChange(request)));
  }

  @Post(':wallet/archive')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Archive an empty wallet',
    description: 'Nothing is burned of it any more. Safe to repeat. Refused while it has credit or holds.',
  })
  @ApiResponse({ status: 200, standardSchema: WalletResponse })
  async archive(@Asker() tenant: Tenant, @Param('wallet') wallet: string): Promise<z.infer<typeof WalletResponse>> {
    return toWalletResponse(await this.wallets.archive(tenant, wallet));
  }

  @Post(':wallet/grants')
  @Requires('manage')
  @ApiOperation({
    summary: 'Grant credit',
    description:
      'Bought and paid for elsewhere, a gift, or making good for something. It is booked in the ledger at once. A repeat grants again, unless it has the same reference.',
  })
  @ApiResponse({ status: 201, standardSchema: GrantResponse })
  async grant(
    @Asker() tenant: Tenant,
    @Param('wallet') wallet: string,
    @Body({ schema: GrantRequest }) request: z.output<typeof GrantRequest>,
  ): Promise<z.infer<typeof GrantResponse>> {
    return toGrantResponse(await this.walletGrants.grant(tenant, wallet, toNewGrant(request)));
  }

  @Get(':wallet/grants')
  @Requires('read')
  @ApiOperation({ summary: 'Grants of a wallet', description: 'The newest first, those that are used up too.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(GrantResponse) })
  async grants(
    @Asker() tenant: Tenant,
    @Param('wallet') wallet: string,
    @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>,
  ): Promise<Page<z.infer<typeof GrantResponse>>> {
    const [before = null] = decodeCursor(query.cursor, [UUID_TEXT]) ?? [];
    const rows = await this.wallets.grants(tenant, wallet, before, query.limit + 1);
    return toPage(rows, query.limit, ({ grant }) => [grant.id], toGrantResponse);
  }

  @Get(':wallet/entries')
  @Requires('read')
  @ApiOperation({
    summary: 'Each movement of a wallet',
    description: 'The newest first, with the balance after it and what caused it. Nothing of it ever changes.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(EntryResponse) })
  async entries(
    @Asker() tenant: Tenant,
    @Param('wallet') wallet: string,
    @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>,
  ): Promise<Page<z.infer<typeof EntryResponse>>> {
    const [before = null] = decodeCursor(query.cursor, [SEQUENCE]) ?? [];
    const rows = await this.wallets.entries(tenant, wallet, before, query.limit + 1);
    return toPage(rows, query.limit, ({ seq }) => [seq], toEntryResponse);
  }
}
