import { Module } from '@nestjs/common';
import { CustomersModule } from '../customers';
import { CostsController } from './costs.controller';
import { CostsService } from './costs.service';
import { WorkTreesController } from './work-trees.controller';
import { WorkTreesService } from './work-trees.service';

@Module({
  imports: [CustomersModule],
  controllers: [CostsController, WorkTreesController],
  providers: [CostsService, WorkTreesService],
})
export class InsightsModule {}
