export { AccessModule } from './access.module';
export { Asker, Requires, SCOPE_EXTENSION } from './access.guard';
export { actorOf, type AuditAction, type AuditRecord, recordAudit, recordAudits, SYSTEM_ACTOR } from './audit-log';
export {
  BillingDetailsRequest,
  BillingDetailsResponse,
  country,
  region,
  toBillingDetails,
  toBillingDetailsResponse,
} from './billing-details.schema';
export { BillingDetailsService } from './billing-details.service';
export { Authenticator } from './authenticator';
export * from './domain';
export { refuseAllButOperator } from './operator';
export { MarginFloorService } from './margin-floor.service';
export { type NewOrganisation, OrganisationsService } from './organisations.service';
export { ApiKeyEntity } from './persistence/api-key.entity';
export { BillingDetailsColumns, shownDetails } from './persistence/billing-details.columns';
export { OrganisationBillingDetailsEntity } from './persistence/organisation-billing-details.entity';
export { OrganisationEntity } from './persistence/organisation.entity';
