import { Controller, Get, HttpCode, Inject } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { DomainError } from '../../kernel';
import { Database } from '../database';
import { Public } from './public';

/** The server runs but can't serve: its database does not answer or it is stopping. */
class NotReadyError extends DomainError {
  readonly code = 'not_ready';
  readonly kind = 'unavailable';
}

const HealthResponse = z.object({ status: z.string() });

/** For load balancers and container engines. */
@ApiTags('health')
@Controller()
export class HealthController {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Get('healthz')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'The process is alive', description: 'Says nothing about the database.' })
  @ApiResponse({ status: 200, standardSchema: HealthResponse })
  healthz(): z.infer<typeof HealthResponse> {
    return { status: 'ok' };
  }

  @Get('readyz')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'The server can serve requests', description: '503 while the database does not answer.' })
  @ApiResponse({ status: 200, standardSchema: HealthResponse })
  async readyz(): Promise<z.infer<typeof HealthResponse>> {
    try {
      await this.database.withoutTenant('SELECT 1');
    } catch {
      throw new NotReadyError('The database does not answer.');
    }
    return { status: 'ready' };
  }
}
