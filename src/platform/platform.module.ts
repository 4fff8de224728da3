import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { Clock } from '../kernel';
import { type Settings, SETTINGS } from './config';
import { Database } from './database';
import { DomainEvents } from './domain-events';
import { HealthController } from './http/health.controller';
import { IdempotencyInterceptor } from './http/idempotency.interceptor';
import { ProblemFilter } from './http/problem.filter';
import { ValidationPipe } from './http/validation.pipe';
import { LOGGER, type Logger } from './logging';

/** What was made before Nest: every room may ask for it. */
export interface Foundations {
  readonly settings: Settings;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

@Global()
@Module({})
export class PlatformModule {
  static with({ settings, database, clock, logger }: Foundations): DynamicModule {
    const foundations = [
      { provide: SETTINGS, useValue: settings },
      { provide: Database, useValue: database },
      { provide: Clock, useValue: clock },
      { provide: LOGGER, useValue: logger },
      DomainEvents,
    ];
    return {
      module: PlatformModule,
      controllers: [HealthController],
      providers: [
        ...foundations,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: ValidationPipe },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
      ],
      exports: foundations,
    };
  }
}
