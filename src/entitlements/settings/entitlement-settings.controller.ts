import { Body, Controller, Get, Inject, Patch } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { Decimal, decimalText } from '../../kernel';
import { parseDuration } from '../../platform/config';
import { decimalString } from '../../platform/http';
import { EntitlementSettingsService } from './entitlement-settings.service';
import type { StoredSettings } from './settings-store';

const LONGEST_TTL_SECONDS = 7 * 86_400;
/** The smallest amount that is taken: a decimal has twelve places at most. */
const ABOVE_NOTHING = '0.000000000001';

/** Arrives in seconds. */
const ttl = () =>
  z
    .string()
    .transform((given, context) => {
      const ms = parseDuration(given);
      const seconds = ms === null ? Number.NaN : ms / 1_000;
      if (Number.isInteger(seconds) && seconds >= 1 && seconds <= LONGEST_TTL_SECONDS) return seconds;
      context.addIssue({ code: 'custom', message: 'must be a duration from 1s to 7d, such as 90s or 10m' });
      return z.NEVER;
    })
    .meta({ examples: ['10m'] });

const SettingsRequest = z.strictObject({
  timeZone: z
    .string()
    .max(100)
    .optional()
    .describe('IANA name. Days, weeks and months of caps for all customers together begin at midnight there.'),
  unknownPriceAmount: decimalString({ min: ABOVE_NOTHING })
    .nullable()
    .optional()
    .describe('What is held for work whose price isn’t known, in the currency of costs; null: such work is refused.'),
  defaultTtl: ttl().optional().describe('How long a hold lasts that doesn’t say, such as `10m`.'),
  longestTtl: ttl().optional().describe('The longest a hold may ask to last.'),
  sizingRisk: decimalString({ min: '0.01', max: '0.5' })
    .optional()
    .describe('How likely a hold that is sized from history may be too small: "0.05" is one in twenty.'),
  away: z
    .strictObject({
      amount: decimalString({ min: ABOVE_NOTHING }).describe('At most so much in holds, in the currency of costs.'),
      holds: z.int().min(1).max(1_000_000).describe('At most so many holds.'),
    })
    .nullable()
    .optional()
    .describe('What each process lets pass while the database is away; null: nothing.'),
});

const SettingsResponse = z.object({
  timeZone: z.string(),
  unknownPriceAmount: z.string().nullable(),
  defaultTtl: z.string(),
  longestTtl: z.string(),
  sizingRisk: z.string(),
  away: z.object({ amount: z.string(), holds: z.int() }).nullable(),
});

function toSettings(request: z.output<typeof SettingsRequest>): Partial<StoredSettings> {
  const { timeZone, unknownPriceAmount, defaultTtl, longestTtl, sizingRisk, away } = request;
  return {
    ...(timeZone === undefined ? {} : { time_zone: timeZone }),
    ...(unknownPriceAmount === undefined ? {} : { unknown_price_amount: textOf(unknownPriceAmount) }),
    ...(defaultTtl === undefined ? {} : { default_ttl_seconds: defaultTtl }),
    ...(longestTtl === undefined ? {} : { longest_ttl_seconds: longestTtl }),
    ...(sizingRisk === undefined ? {} : { sizing_risk: decimalText(sizingRisk) }),
    ...(away === undefined ? {} : { away_amount: textOf(away?.amount ?? null), away_holds: away?.holds ?? null }),
  };
}

function textOf(amount: Decimal | null): string | null {
  return amount === null ? null : decimalText(amount);
}

function toSettingsResponse(stored: StoredSettings): z.infer<typeof SettingsResponse> {
  const { away_amount: amount, away_holds: holds, unknown_price_amount: unknownPriceAmount } = stored;
  return {
    timeZone: stored.time_zone,
    unknownPriceAmount: unknownPriceAmount === null ? null : decimalText(new Decimal(unknownPriceAmount)),
    defaultTtl: `${stored.default_ttl_seconds}s`,
    longestTtl: `${stored.longest_ttl_seconds}s`,
    sizingRisk: decimalText(new Decimal(stored.sizing_risk)),
    away: amount === null || holds === null ? null : { amount: decimalText(new Decimal(amount)), holds },
  };
}

@ApiTags('caps')
@Controller('v1/entitlement-settings')
export class EntitlementSettingsController {
  constructor(@Inject(EntitlementSettingsService) private readonly settings: EntitlementSettingsService) {}

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'Settings of caps and holds' })
  @ApiResponse({ status: 200, standardSchema: SettingsResponse })
  async findSettings(@Asker() tenant: Tenant): Promise<z.infer<typeof SettingsResponse>> {
    return toSettingsResponse(await this.settings.find(tenant));
  }

  @Patch()
  @Requires('manage')
  @ApiOperation({
    summary: 'Change settings of caps and holds',
    description: 'What isn’t given stays as it is. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: SettingsResponse })
  async changeSettings(
    @Asker() tenant: Tenant,
    @Body({ schema: SettingsRequest }) request: z.output<typeof SettingsRequest>,
  ): Promise<z.infer<typeof SettingsResponse>> {
    return toSettingsResponse(await this.settings.change(tenant, toSettings(request)));
  }
}
