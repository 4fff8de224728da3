import { Module } from '@nestjs/common';
import { AccessModule } from '../access';
import { CatalogModule } from '../catalog';
import { CostingModule } from '../costing';
import { CustomersModule } from '../customers';
import { MeteringModule } from '../metering';
import { CustomerSimulator } from './customer-simulator';
import { SimulatedMarginGuard } from './margin-guard';
import { MovePreviewController } from './move-preview.controller';
import { MovePreviewService } from './move-preview.service';
import { SimulationRequests } from './simulation-requests';
import { SimulationsController } from './simulations.controller';
import { SimulationsService } from './simulations.service';

@Module({
  imports: [AccessModule, CatalogModule, CostingModule, CustomersModule, MeteringModule],
  controllers: [MovePreviewController, SimulationsController],
  providers: [CustomerSimulator, MovePreviewService, SimulatedMarginGuard, SimulationRequests, SimulationsService],
  exports: [SimulationsService],
})
export class SimulationsModule {}
