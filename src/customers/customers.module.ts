import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomerDirectory } from './customer-directory';
import { CustomersController } from './customers.controller';
import { CustomersService } from './customers.service';
import { SubscriptionsService } from './subscriptions.service';
import { TestClocksService } from './test-clocks.service';

@Module({
  imports: [CatalogModule],
  controllers: [CustomersController],
  providers: [CustomerDirectory, CustomersService, SubscriptionsService, TestClocksService],
  exports: [CustomerDirectory, CustomersService, SubscriptionsService],
})
export class CustomersModule {}
