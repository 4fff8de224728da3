import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessController } from './access.controller';
import { AccessGuard } from './access.guard';
import { AuditLogController } from './audit-log.controller';
import { ApiKeysService } from './api-keys.service';
import { Authenticator } from './authenticator';
import { BillingDetailsService } from './billing-details.service';
import { MarginFloorService } from './margin-floor.service';
import { OrganisationsService } from './organisations.service';

@Module({
  controllers: [AccessController, AuditLogController],
  providers: [
    ApiKeysService,
    Authenticator,
    BillingDetailsService,
    MarginFloorService,
    OrganisationsService,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [Authenticator, BillingDetailsService, MarginFloorService, OrganisationsService],
})
export class AccessModule {}
