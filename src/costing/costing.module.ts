import { Module } from '@nestjs/common';
import { PriceBookController } from './price-book.controller';
import { PriceBooksService } from './price-books.service';

@Module({ controllers: [PriceBookController], providers: [PriceBooksService], exports: [PriceBooksService] })
export class CostingModule {}
