import { Module } from '@nestjs/common';
import { AccessModule } from '../access';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { InvoicingModule } from '../invoicing';
import { CreditNoteDocumentsController } from './credit-note-documents.controller';
import { CreditNoteDocumentsService } from './credit-note-documents.service';
import { DocumentsController } from './documents.controller';
import { DocumentsService } from './documents.service';

@Module({
  imports: [AccessModule, CatalogModule, CustomersModule, InvoicingModule],
  controllers: [CreditNoteDocumentsController, DocumentsController],
  providers: [CreditNoteDocumentsService, DocumentsService],
})
export class DocumentsModule {}
