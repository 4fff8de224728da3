import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Injection token of the logger. */
export const LOGGER = Symbol('logger');

/** JSON lines on standard error, so that standard output stays for what a person asked to see. */
export function createLogger(level: string): Logger {
  return pino({ level, base: { service: 'weir' } }, pino.destination({ dest: 2, sync: false }));
}

/** Nest's own messages, in our log: its chatter about modules and routes is debug. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown): void {
    this.logger.debug(String(message));
  }
  debug(message: unknown): void {
    this.logger.trace(String(message));
  }
  verbose(message: unknown): void {
    this.logger.trace(String(message));
  }
  warn(message: unknown): void {
    this.logger.warn(String(message));
  }
  error(message: unknown, stack?: unknown): void {
    this.logger.error({ stack }, String(message));
  }
  fatal(message: unknown): void {
    this.logger.fatal(String(message));
  }
}
