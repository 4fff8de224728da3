import { Module } from '@nestjs/common';
import { FeaturesController } from './features.controller';
import { FeaturesService } from './features.service';
import { MarginGuards } from './margin-guards';
import { MetersController } from './meters.controller';
import { MetersService } from './meters.service';
import { PlansController } from './plans.controller';
import { PlansService } from './plans.service';

@Module({
  controllers: [MetersController, FeaturesController, PlansController],
  providers: [MetersService, FeaturesService, PlansService, MarginGuards],
  exports: [MetersService, FeaturesService, PlansService, MarginGuards],
})
export class CatalogModule {}
