import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { CreditExpiry } from './credit-expiry';
import { CustomerCreditController } from './customer-credit.controller';
import { LedgerController } from './ledger.controller';
import { LedgerService } from './ledger.service';
import { RulesChanged } from './rules-changed';
import { TopUpGrants } from './top-up-grants';
import { WalletBooks } from './wallet-books';
import { WalletGrantsService } from './wallet-grants.service';
import { WalletsController } from './wallets.controller';
import { WalletsService } from './wallets.service';

@Module({
  imports: [CatalogModule, CustomersModule],
  controllers: [CustomerCreditController, LedgerController, WalletsController],
  providers: [CreditExpiry, LedgerService, RulesChanged, TopUpGrants, WalletBooks, WalletGrantsService, WalletsService],
  exports: [CreditExpiry, LedgerService, RulesChanged, TopUpGrants, WalletBooks, WalletGrantsService, WalletsService],
})
export class WalletModule {}
