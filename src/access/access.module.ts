import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessController } from './access.controller';
import { AccessGuard } from './access.guard';
import { ApiKeysService } from './api-keys.service';
import { Authenticator } from './authenticator';
import { OrganisationsService } from './organisations.service';

@Module({
  controllers: [AccessController],
  providers: [ApiKeysService, Authenticator, OrganisationsService, { provide: APP_GUARD, useClass: AccessGuard }],
  exports: [Authenticator, OrganisationsService],
})
export class AccessModule {}
