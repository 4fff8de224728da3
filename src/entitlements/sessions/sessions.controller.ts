import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { Decimal, decimalText, InvalidRequestError, toPublicId } from '../../kernel';
import { reference, text } from '../../platform/http';
import { SESSION_STATES } from '../domain';
import { SessionControlService, type SessionStep, type SessionToShow } from './session-control.service';

const StepRequest = z.strictObject({
  reason: text(500).describe('Why, for the record and for whoever asks for a hold.'),
});

/** As events may name it. */
const SessionName = reference();

const SessionResponse = z.object({
  customer: z.string(),
  session: z.string(),
  state: z
    .enum(SESSION_STATES)
    .describe(
      '`running`; `throttled`: a hold now and then; `paused`: none until it is resumed; `stopped`: none any more.',
    ),
  reason: z.string().nullable(),
  cap: z.string().nullable().describe('The cap that paused it; raising it lets the session go on.'),
  finding: z.string().nullable().describe('What was found about it that changed its state.'),
  nextHoldAt: z.string().nullable().describe('Of a throttled session: no hold is allowed before.'),
  changedBy: z.string().nullable(),
  spent: z.string().describe('What its events cost so far, in the currency of costs.'),
  actions: z.int().describe('How many events it has.'),
  pendingEvents: z.int().describe('Among them those whose cost isn’t known yet.'),
});

function toSessionResponse({ control, spent, actions, pendingEvents }: SessionToShow): z.infer<typeof SessionResponse> {
  const { customerId, session, state, reason, capId, findingId, nextAt, changedBy } = control;
  return {
    customer: toPublicId('customer', customerId),
    session,
    state,
    reason,
    cap: capId === null ? null : toPublicId('cap', capId),
    finding: findingId === null ? null : toPublicId('loopFinding', findingId),
    nextHoldAt: nextAt === null ? null : new Date(nextAt).toISOString(),
    changedBy: changedBy || null,
    spent: decimalText(new Decimal(spent)),
    actions,
    pendingEvents,
  };
}

@ApiTags('caps')
@Controller('v1/customers/:customer/sessions/:session')
export class SessionsController {
  constructor(@Inject(SessionControlService) private readonly sessions: SessionControlService) {}

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'Whether a session may go on', description: 'A session nobody has heard of runs.' })
  @ApiResponse({ status: 200, standardSchema: SessionResponse })
  async findSession(
    @Asker() tenant: Tenant,
    @Param('customer') customer: string,
    @Param('session') session: string,
  ): Promise<z.infer<typeof SessionResponse>> {
    return toSessionResponse(await this.sessions.find(tenant, customer, session));
  }

  @Post('pause')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Pause a session',
    description: 'It gets no further hold until it is resumed. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: SessionResponse })
  pauseSession(
    @Asker() tenant: Tenant,
    @Param('customer') customer: string,
    @Param('session') session: string,
    @Body({ schema: StepRequest }) request: z.infer<typeof StepRequest>,
  ): Promise<z.infer<typeof SessionResponse>> {
    return this.step(tenant, customer, session, 'pause', request.reason);
  }

  @Post('resume')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Let a session go on',
    description: 'What was found about it before counts as seen: it is not paused again for the same. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: SessionResponse })
  resumeSession(
    @Asker() tenant: Tenant,
    @Param('customer') customer: string,
    @Param('session') session: string,
    @Body({ schema: StepRequest }) request: z.infer<typeof StepRequest>,
  ): Promise<z.infer<typeof SessionResponse>> {
    return this.step(tenant, customer, session, 'resume', request.reason);
  }

  @Post('stop')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Stop a session for good',
    description: 'It gets no further hold, ever. Holds that are open are settled as always. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: SessionResponse })
  stopSession(
    @Asker() tenant: Tenant,
    @Param('customer') customer: string,
    @Param('session') session: string,
    @Body({ schema: StepRequest }) request: z.infer<typeof StepRequest>,
  ): Promise<z.infer<typeof SessionResponse>> {
    return this.step(tenant, customer, session, 'stop', request.reason);
  }

  private async step(
    tenant: Tenant,
    customer: string,
    session: string,
    step: SessionStep,
    reason: string,
  ): Promise<z.infer<typeof SessionResponse>> {
    refuseNoName(session);
    return toSessionResponse(await this.sessions.change(tenant, customer, session, step, reason));
  }
}

/** What no event could be of can't be stopped either. @throws InvalidRequestError */
function refuseNoName(session: string): void {
  if (SessionName.safeParse(session).success) return;
  const detail = 'must be 1 to 255 characters, as in events';
  throw new InvalidRequestError('invalid_request', `session: ${detail}`, [{ field: 'session', detail }]);
}
