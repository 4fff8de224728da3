import { Module } from '@nestjs/common';
import { AccessModule } from '../access';
import { CatalogModule } from '../catalog';
import { CostingModule } from '../costing';
import { CustomersModule } from '../customers';
import { LoopsModule } from '../loops';
import { MeteringModule } from '../metering';
import { WalletModule } from '../wallet';
import { EntitlementBooks } from './entitlement-books';
import { ChargedSoFar } from './spend/charged-so-far';

@Module({
  imports: [AccessModule, CatalogModule, CostingModule, CustomersModule, LoopsModule, MeteringModule, WalletModule],
  controllers: [],
  providers: [ChargedSoFar, EntitlementBooks],
  exports: [ChargedSoFar, EntitlementBooks],
})
export class EntitlementsModule {}
