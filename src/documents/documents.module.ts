import { Module } from '@nestjs/common';
import { AccessModule } from '../access';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { InvoicingModule } from '../invoicing';
import { MeteringModule } from '../metering';
import { DocumentsController } from './documents.controller';
import { DocumentsService } from './documents.service';

@Module({
  imports: [AccessModule, CatalogModule, CustomersModule, InvoicingModule, MeteringModule],
  controllers: [DocumentsController],
  providers: [DocumentsService],
})
export class DocumentsModule {}
