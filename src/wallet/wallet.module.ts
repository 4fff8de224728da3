import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { CustomerCreditController } from './customer-credit.controller';
import { LedgerController } from './ledger.controller';
import { LedgerService } from './ledger.service';
import { RulesChanged } from './rules-changed';

@Module({
  imports: [CatalogModule, CustomersModule],
  controllers: [CustomerCreditController, LedgerController],
  providers: [LedgerService, RulesChanged],
  exports: [LedgerService, RulesChanged],
})
export class WalletModule {}
