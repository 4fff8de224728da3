import { Module } from '@nestjs/common';
import { CustomersModule } from '../customers';
import { LedgerController } from './ledger.controller';
import { LedgerService } from './ledger.service';

@Module({
  imports: [CustomersModule],
  controllers: [LedgerController],
  providers: [LedgerService],
  exports: [LedgerService],
})
export class WalletModule {}
