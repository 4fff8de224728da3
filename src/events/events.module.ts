import { Module } from '@nestjs/common';
import { CustomersModule } from '../customers';
import { EventsController } from './events.controller';

@Module({ imports: [CustomersModule], controllers: [EventsController] })
export class EventsModule {}
