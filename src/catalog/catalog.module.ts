import { Module } from '@nestjs/common';
import { FeaturesController } from './features.controller';
import { FeaturesService } from './features.service';
import { MarginGuards } from './margin-guards';
import { MetersController } from './meters.controller';
import { MetersService } from './meters.service';
import { PlanDocumentsController } from './plan-documents.controller';
import { PlanDocumentsService } from './plan-documents.service';
import { PlansController } from './plans.controller';
import { PlansService } from './plans.service';

@Module({
  // `plans/export` is no plan of that key, so it is looked for first.
  controllers: [MetersController, FeaturesController, PlanDocumentsController, PlansController],
  providers: [MetersService, FeaturesService, PlansService, PlanDocumentsService, MarginGuards],
  exports: [MetersService, FeaturesService, PlansService, MarginGuards],
})
export class CatalogModule {}
