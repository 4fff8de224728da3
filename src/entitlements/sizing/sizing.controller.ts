import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, OrganisationEntity, Requires, type Tenant } from '../../access';
import { Clock, decimalText, InvalidRequestError, ZERO } from '../../kernel';
import { Database } from '../../platform/database';
import { instant } from '../../platform/http';
import { calibrationOf } from './domain';
import { type ClassHolds, holdsByClass, MOST_CLASSES_TOLD } from './sizing-report';

const THIRTY_DAYS_MS = 30 * 86_400_000;
const LONGEST_MS = 400 * 86_400_000;

const SizingQuery = z.strictObject({
  from: instant().optional().describe('Holds asked for from this instant on. Without it: 30 days before `to`.'),
  to: instant().optional().describe('Before this instant. Without it: now.'),
});

const Sums = {
  holds: z.number().int(),
  held: z.string().describe('What was held when they began.'),
  real: z.string().describe('What they came to.'),
  heldToReal: z.string().nullable().describe('Held for each unit of what they came to; null where that is nothing.'),
  overruns: z.number().int().describe('How many came to more than was held.'),
  overrunAmount: z.string().describe('By how much, together.'),
  overrunRate: z.string().nullable().describe('Overruns for each hold; null without holds.'),
};
const SizingResponse = z.object({
  from: z.string(),
  to: z.string(),
  currency: z.string().describe('Of all amounts: that of costs.'),
  classes: z
    .array(
      z.object({
        taskClass: z.string(),
        sized: z
          .object({
            ...Sums,
            statedRisk: z.string().nullable().describe('The mean of the risks that were stated; null without holds.'),
            verdict: z
              .enum(['as_stated', 'more_than_stated', 'fewer_than_stated', 'too_few'])
              .describe(
                'Whether overruns are as frequent as stated, but for chance (two standard deviations); `too_few` while fewer than five overruns were announced.',
              ),
          })
          .describe('Holds without an amount, which Weir sized.'),
        stated: z.object(Sums).describe('Holds whose sender named an amount.'),
      }),
    )
    .describe(`At most ${MOST_CLASSES_TOLD}, those with the most holds first.`),
});

/** How well holds were sized. */
@ApiTags('holds')
@Controller('v1/hold-sizing')
export class SizingController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'What was held against what it came to, by task class',
    description:
      'Of holds that settled: how much more was held than needed, and whether as many came to more than was held as the stated risk announced. Holds that were released, expired, settled at their estimate or broke off are left out.',
  })
  @ApiResponse({ status: 200, standardSchema: SizingResponse })
  async report(
    @Asker() tenant: Tenant,
    @Query({ schema: SizingQuery }) query: z.output<typeof SizingQuery>,
  ): Promise<z.infer<typeof SizingResponse>> {
    const to = query.to ?? this.clock.now();
    const from = query.from ?? new Date(to.getTime() - THIRTY_DAYS_MS);
    refuseStrangePeriod(from, to);

    return this.database.tenant(tenant.organisationId, async (db) => {
      const { currency } = await db.findOneByOrFail(OrganisationEntity, { id: tenant.organisationId });
      const { sized, stated } = await holdsByClass(db, tenant.organisationId, from, to);
      return { from: from.toISOString(), to: to.toISOString(), currency, classes: classesOf(sized, stated) };
    });
  }
}

function refuseStrangePeriod(from: Date, to: Date): void {
  const detail =
    from.getTime() >= to.getTime()
      ? 'must be before `to`'
      : to.getTime() - from.getTime() > LONGEST_MS
        ? 'must be at most 400 days before `to`'
        : null;
  if (detail !== null) throw new InvalidRequestError('invalid_request', `from: ${detail}`, [{ field: 'from', detail }]);
}

type Counted = Omit<ClassHolds, 'taskClass'>;
const NONE: Counted = { holds: 0, held: ZERO, real: ZERO, overruns: 0, overrunAmount: ZERO, announced: ZERO };

type Classes = z.infer<typeof SizingResponse>['classes'];

function classesOf(sized: readonly ClassHolds[], stated: readonly ClassHolds[]): Classes {
  const sizedOf = new Map(sized.map((holds) => [holds.taskClass, holds]));
  const statedOf = new Map(stated.map((holds) => [holds.taskClass, holds]));
  const classes = [...new Set([...sizedOf.keys(), ...statedOf.keys()])].map((taskClass) => ({
    taskClass,
    sized: sizedOf.get(taskClass) ?? NONE,
    stated: statedOf.get(taskClass) ?? NONE,
  }));
  return classes
    .toSorted((one, other) => other.sized.holds + other.stated.holds - (one.sized.holds + one.stated.holds))
    .slice(0, MOST_CLASSES_TOLD)
    .map(({ taskClass, sized: ours, stated: theirs }) => {
      const { statedRisk, verdict } = calibrationOf(ours);
      return {
        taskClass,
        sized: { ...sumsOf(ours), statedRisk: statedRisk === null ? null : decimalText(statedRisk), verdict },
        stated: sumsOf(theirs),
      };
    });
}

function sumsOf(holds: Counted): z.infer<z.ZodObject<typeof Sums>> {
  const { heldToReal, overrunRate } = calibrationOf(holds);
  return {
    holds: holds.holds,
    held: decimalText(holds.held),
    real: decimalText(holds.real),
    heldToReal: heldToReal === null ? null : decimalText(heldToReal),
    overruns: holds.overruns,
    overrunAmount: decimalText(holds.overrunAmount),
    overrunRate: overrunRate === null ? null : decimalText(overrunRate),
  };
}
