import { Module } from '@nestjs/common';
import { CatalogController } from './catalog.controller';
import { MetersService } from './meters.service';
import { PlansService } from './plans.service';

@Module({
  controllers: [CatalogController],
  providers: [MetersService, PlansService],
  exports: [MetersService, PlansService],
})
export class CatalogModule {}
