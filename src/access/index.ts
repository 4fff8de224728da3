export { AccessModule } from './access.module';
export { Asker, Requires, SCOPE_EXTENSION } from './access.guard';
export { actorOf, type AuditAction, type AuditRecord, recordAudit, SYSTEM_ACTOR } from './audit-log';
export { Authenticator } from './authenticator';
export * from './domain';
export { refuseAllButOperator } from './operator';
export { type NewOrganisation, OrganisationsService } from './organisations.service';
export { ApiKeyEntity } from './persistence/api-key.entity';
export { OrganisationEntity } from './persistence/organisation.entity';
