import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { fromPublicId, InvalidRequestError, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import { decodeCursor, instant, type Page, PageQuery, pageOf, toPage, UUID_TEXT } from '../platform/http';
import { Asker, Requires } from './access.guard';
import { AUDIT_ACTIONS, type AuditEntry, findAudit } from './audit-log';
import type { Tenant } from './domain';

const AuditQuery = PageQuery.extend({
  action: z.enum(AUDIT_ACTIONS).optional().describe('Only this action, such as `event.voided`.'),
  subjectKind: z.string().min(1).max(100).optional().describe('Only things of this kind, such as `event`.'),
  subject: z.string().min(1).max(600).optional().describe('Only the thing with this id, as entries show it.'),
  actor: z.string().max(100).optional().describe('Only what this API key did, by its id.'),
  from: instant().optional().describe('Entries from this instant on.'),
  to: instant().optional().describe('Entries before this instant.'),
});

const AuditEntryResponse = z.object({
  id: z.string(),
  at: z.string(),
  actor: z
    .object({ apiKey: z.string().nullable(), name: z.string() })
    .describe('The key that asked, with the name it had then; without a key it was Weir itself.'),
  action: z.string().describe('What was done, such as `event.voided`.'),
  subject: z.object({ kind: z.string(), id: z.string() }).describe('What it was done to.'),
  reason: z.string().nullable().describe('Why, where the request said so.'),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
  requestId: z.string().nullable().describe('Finds the request in the log of the server.'),
});

function toResponse(entry: AuditEntry): z.infer<typeof AuditEntryResponse> {
  return {
    id: toPublicId('auditEntry', entry.id),
    at: entry.at.toISOString(),
    actor: { apiKey: entry.api_key_id === null ? null : toPublicId('apiKey', entry.api_key_id), name: entry.actor },
    action: entry.action,
    subject: { kind: entry.subject_kind, id: entry.subject_id },
    reason: entry.reason,
    before: entry.before,
    after: entry.after,
    requestId: entry.request_id,
  };
}

@ApiTags('access')
@Controller('v1/audit-log')
export class AuditLogController {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Get()
  @Requires('manage')
  @ApiOperation({
    summary: 'Who did what, newest first',
    description: 'Written in the transaction that did it, never changed. Reading is not logged.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(AuditEntryResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: AuditQuery }) query: z.output<typeof AuditQuery>,
  ): Promise<Page<z.infer<typeof AuditEntryResponse>>> {
    const before = decodeCursor(query.cursor, [UUID_TEXT]);
    const entries = await this.database.tenant(tenant.organisationId, (db) =>
      findAudit(db, tenant.organisationId, {
        action: query.action ?? null,
        subjectKind: query.subjectKind ?? null,
        subjectId: query.subject ?? null,
        actorId: query.actor === undefined ? null : apiKeyId(query.actor),
        from: query.from ?? null,
        to: query.to ?? null,
        before: before?.[0] ?? null,
        limit: query.limit + 1,
      }),
    );
    return toPage(entries, query.limit, (entry) => [entry.id], toResponse);
  }
}

function apiKeyId(publicId: string): string {
  const id = fromPublicId('apiKey', publicId);
  if (id !== null) return id;
  const detail = 'must be the id of an API key, such as key_…';
  throw new InvalidRequestError('invalid_request', `actor: ${detail}`, [{ field: 'actor', detail }]);
}
