import { Module } from '@nestjs/common';
import { CustomersModule } from '../customers';
import { CustomerCreditController } from './customer-credit.controller';
import { LedgerController } from './ledger.controller';
import { LedgerService } from './ledger.service';

@Module({
  imports: [CustomersModule],
  controllers: [CustomerCreditController, LedgerController],
  providers: [LedgerService],
  exports: [LedgerService],
})
export class WalletModule {}
