import { Body, Controller, Inject, Patch } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  Asker,
  BillingDetailsRequest,
  BillingDetailsResponse,
  BillingDetailsService,
  MarginFloorService,
  Requires,
  type Tenant,
  toBillingDetails,
  toBillingDetailsResponse,
} from '../access';
import { decimalText } from '../kernel';
import { Database } from '../platform/database';
import { currency, decimalString } from '../platform/http';
import { ReportingCurrencyService } from './reporting-currency.service';

const ChangeOrganisationRequest = z
  .strictObject({
    currency: currency().optional().describe('The currency that costs are kept in.'),
    marginFloorPercent: decimalString({ min: '-1000', max: '99.999999' })
      .nullable()
      .optional()
      .describe(
        'A plan that would have earned less than this share of its revenue on the last month’s usage is published for a reason only. Null takes the floor away.',
      ),
    billing: BillingDetailsRequest.optional().describe(
      'How the organisation stands on its invoices from now on, in place of what was told before.',
    ),
  })
  .refine((asked) => Object.keys(asked).length > 0, 'must say what to change: currency, marginFloorPercent or billing');
const ChangedOrganisationResponse = z.object({
  currency: z.string(),
  marginFloorPercent: z.string().nullable(),
  billing: BillingDetailsResponse.nullable(),
});

/** The part of `v1/organisation` that can be changed; the rest is in the room `access`. */
@ApiTags('access')
@Controller('v1/organisation')
export class ReportingCurrencyController {
  constructor(
    @Inject(ReportingCurrencyService) private readonly currencies: ReportingCurrencyService,
    @Inject(MarginFloorService) private readonly floors: MarginFloorService,
    @Inject(BillingDetailsService) private readonly billing: BillingDetailsService,
    @Inject(Database) private readonly database: Database,
  ) {}

  @Patch()
  @Requires('manage')
  @ApiOperation({
    summary: 'Change the currency of costs, the margin that plans must earn, and what invoices say of you',
    description:
      'The currency can be changed only while no event is stored: a cost that is known keeps its currency. Repeating it changes nothing.',
  })
  @ApiResponse({ status: 200, standardSchema: ChangedOrganisationResponse })
  async change(
    @Asker() tenant: Tenant,
    @Body({ schema: ChangeOrganisationRequest }) request: z.output<typeof ChangeOrganisationRequest>,
  ): Promise<z.infer<typeof ChangedOrganisationResponse>> {
    return this.database.tenant(tenant.organisationId, async () => {
      if (request.currency !== undefined) await this.currencies.change(tenant, request.currency);
      if (request.marginFloorPercent !== undefined) await this.floors.change(tenant, request.marginFloorPercent);
      if (request.billing !== undefined) await this.billing.change(tenant, toBillingDetails(request.billing));
      const floor = await this.floors.find(tenant);
      return {
        currency: await this.currencies.find(tenant),
        marginFloorPercent: floor === null ? null : decimalText(floor),
        billing: toBillingDetailsResponse((await this.billing.history(tenant)).at(-1) ?? null),
      };
    });
  }
}
