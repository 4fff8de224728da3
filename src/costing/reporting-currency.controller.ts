import { Body, Controller, Inject, Patch } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { currency } from '../platform/http';
import { ReportingCurrencyService } from './reporting-currency.service';

const ChangeOrganisationRequest = z.strictObject({
  currency: currency().describe('The currency that costs are kept in.'),
});
const ReportingCurrencyResponse = z.object({ currency: z.string() });

/** The part of `v1/organisation` that is about costs; the rest of it is in the room `access`. */
@ApiTags('access')
@Controller('v1/organisation')
export class ReportingCurrencyController {
  constructor(@Inject(ReportingCurrencyService) private readonly currencies: ReportingCurrencyService) {}

  @Patch()
  @Requires('manage')
  @ApiOperation({
    summary: 'Change the currency that costs are kept in',
    description:
      'Only while no event is stored: a cost that is known keeps its currency. Repeating it changes nothing.',
  })
  @ApiResponse({ status: 200, standardSchema: ReportingCurrencyResponse })
  async change(
    @Asker() tenant: Tenant,
    @Body({ schema: ChangeOrganisationRequest }) request: z.infer<typeof ChangeOrganisationRequest>,
  ): Promise<z.infer<typeof ReportingCurrencyResponse>> {
    await this.currencies.change(tenant, request.currency);
    return request;
  }
}
