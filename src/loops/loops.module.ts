import { Module } from '@nestjs/common';
import { CustomersModule } from '../customers';

@Module({ imports: [CustomersModule], controllers: [], providers: [], exports: [] })
export class LoopsModule {}
