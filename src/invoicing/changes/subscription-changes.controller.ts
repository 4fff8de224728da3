import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import {
  type ChangeRequest,
  ChangesService,
  CustomersService,
  SubscriptionResponse,
  SubscriptionsService,
} from '../../customers';
import { decodeCursor, type Page, PageQuery, pageOf, toPage, UUID_TEXT } from '../../platform/http';
import {
  CancelRequest,
  ChangePreviewRequest,
  PauseRequest,
  ReactivateRequest,
  ResumeRequest,
  ScheduleRequest,
  TermsRequest,
  toChangeRequest,
  UndoRequest,
} from './subscription-changes.schema';
import {
  AppliedResponse,
  ChangePreviewResponse,
  ChangeResponse,
  toAppliedResponse,
  toChangePreviewResponse,
  toChangeResponse,
} from './subscription-changes.responses';
import { SubscriptionLifecycle } from './subscription-lifecycle.service';

type Applied = z.infer<typeof AppliedResponse>;

@ApiTags('customers')
@Controller('v1/subscriptions/:subscription')
export class SubscriptionChangesController {
  constructor(
    @Inject(SubscriptionLifecycle) private readonly lifecycle: SubscriptionLifecycle,
    @Inject(ChangesService) private readonly changes: ChangesService,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
  ) {}

  @Post('changes')
  @Requires('manage')
  @ApiOperation({
    summary: 'Change plan, quantities or prices',
    description:
      'From an instant on. Fees in advance are credited for what is unused and charged anew; usage is split at the instant. Ask …/preview first what it comes to; DELETE …/changes/:change takes it back. A repeat of what holds already changes nothing.',
  })
  @ApiResponse({ status: 201, standardSchema: AppliedResponse })
  async change(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Body({ schema: TermsRequest }) request: z.output<typeof TermsRequest>,
  ): Promise<Applied> {
    return this.apply(tenant, subscription, toChangeRequest({ kind: 'change', ...request }));
  }

  @Get('changes')
  @Requires('read')
  @ApiOperation({ summary: 'Changes of a subscription', description: 'The newest first, also those taken back.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(ChangeResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof ChangeResponse>>> {
    const about = await this.subscriptions.find(tenant, subscription);
    const before = decodeCursor(query.cursor, [UUID_TEXT]);
    const found = await this.changes.list(tenant, about, before?.[0] ?? null, query.limit + 1);
    return toPage(found, query.limit, ({ id }) => [id], toChangeResponse);
  }

  @Delete('changes/:change')
  @Requires('manage')
  @ApiOperation({
    summary: 'Take a change back',
    description:
      'As if it had never been asked for, while the period it began in is open. The last one about a plan, a price, a pause or the end goes first. What it was billed with at once is credited on the next invoice. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: SubscriptionResponse })
  async takeBack(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Param('change') change: string,
  ): Promise<z.infer<typeof SubscriptionResponse>> {
    return (await this.apply(tenant, subscription, { kind: 'take_back', change })).subscription;
  }

  @Put('schedule')
  @Requires('manage')
  @ApiOperation({
    summary: 'Plan all plans ahead',
    description:
      'The whole list of plans after now, such as a price that rises each quarter. An empty list plans none.',
  })
  @ApiResponse({ status: 200, standardSchema: AppliedResponse })
  async schedule(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Body({ schema: ScheduleRequest }) request: z.output<typeof ScheduleRequest>,
  ): Promise<Applied> {
    return this.apply(tenant, subscription, toChangeRequest({ kind: 'schedule', ...request }));
  }

  @Post('pause')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Pause a subscription',
    description:
      'Usage is free meanwhile; billing periods go on. Unused fees in advance are credited unless they stay.',
  })
  @ApiResponse({ status: 200, standardSchema: AppliedResponse })
  async pause(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Body({ schema: PauseRequest }) request: z.output<typeof PauseRequest>,
  ): Promise<Applied> {
    return this.apply(tenant, subscription, toChangeRequest({ kind: 'pause', ...request }));
  }

  @Post('resume')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({ summary: 'End the pause of a subscription' })
  @ApiResponse({ status: 200, standardSchema: AppliedResponse })
  async resume(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Body({ schema: ResumeRequest }) request: z.output<typeof ResumeRequest>,
  ): Promise<Applied> {
    return this.apply(tenant, subscription, toChangeRequest({ kind: 'resume', ...request }));
  }

  @Post('cancel')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'End a subscription',
    description:
      'Now, with its billing period, or at an instant. The last period is billed as `settle` says; ended now, its draft is in the answer. Until the end it can be taken back with …/undo-cancel.',
  })
  @ApiResponse({ status: 200, standardSchema: AppliedResponse })
  async cancel(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Body({ schema: CancelRequest }) request: z.output<typeof CancelRequest>,
  ): Promise<Applied> {
    return this.apply(tenant, subscription, toChangeRequest({ kind: 'cancel', ...request }));
  }

  @Post('undo-cancel')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({ summary: 'Take the end of a subscription back', description: 'While it hasn’t come.' })
  @ApiResponse({ status: 200, standardSchema: AppliedResponse })
  async undoCancel(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Body({ schema: UndoRequest }) request: z.output<typeof UndoRequest>,
  ): Promise<Applied> {
    return this.apply(tenant, subscription, toChangeRequest({ kind: 'undo_cancel', ...request }));
  }

  @Post('reactivate')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Take up a subscription again that has ended',
    description: 'From now on, with billing periods counted anew. Nothing is charged for the time in between.',
  })
  @ApiResponse({ status: 200, standardSchema: AppliedResponse })
  async reactivate(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Body({ schema: ReactivateRequest }) request: z.output<typeof ReactivateRequest>,
  ): Promise<Applied> {
    return this.apply(tenant, subscription, toChangeRequest({ kind: 'reactivate', ...request }));
  }

  @Post('preview')
  @HttpCode(200)
  @Requires('read')
  @ApiOperation({
    summary: 'What a change would come to',
    description:
      'Made by the code that would make it, and undone: what it says is what happens, as long as nothing else does. Changes nothing.',
  })
  @ApiResponse({ status: 200, standardSchema: ChangePreviewResponse })
  async preview(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Body({ schema: ChangePreviewRequest }) { change }: z.output<typeof ChangePreviewRequest>,
  ): Promise<z.infer<typeof ChangePreviewResponse>> {
    const request = change === null ? null : toChangeRequest(change);
    return toChangePreviewResponse(await this.lifecycle.preview(tenant, subscription, request));
  }

  private async apply(tenant: Tenant, subscription: string, request: ChangeRequest): Promise<Applied> {
    const applied = await this.lifecycle.apply(tenant, subscription, request);
    return toAppliedResponse(applied, await this.customers.nowFor(tenant, applied.outcome.about.customer));
  }
}
