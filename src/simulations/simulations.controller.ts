import { Readable } from 'node:stream';
import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { InvalidRequestError } from '../kernel';
import { decodeCursor, type Page, PageQuery, toPage, UUID_TEXT } from '../platform/http';
import { type CustomerPosition, positionOf } from './persistence/simulated-customers';
import { SimulationRequests } from './simulation-requests';
import { CSV_HEAD, toCsvLine, toCsvTotal, toCustomerResponse, toSimulationResponse } from './simulation-responses';
import {
  CsvQuery,
  CustomersQuery,
  SimulatedCustomersResponse,
  SimulationPage,
  SimulationRequest,
  SimulationResponse,
} from './simulations.schema';
import { type Simulation, SimulationsService } from './simulations.service';

/** Customers that a file is read by at a time. Each page sorts all of them, so there are few. */
const CSV_PAGE = 5_000;
/** What a customer is ordered by, empty where there is nothing; and the customer. */
const CURSOR_PARTS = [/^(?:|-?\d{1,60}(?:\.\d{1,120})?)$/, UUID_TEXT] as const;

@ApiTags('simulations')
@Controller('v1/simulations')
export class SimulationsController {
  constructor(
    @Inject(SimulationsService) private readonly simulations: SimulationsService,
    @Inject(SimulationRequests) private readonly requests: SimulationRequests,
  ) {}

  @Post()
  @Requires('manage')
  @ApiOperation({
    summary: 'Simulate plans on usage that is stored',
    description:
      'What would customers have paid, and what would have been left? Nothing is billed or changed. A large one is still `running` when this answers; ask for it again.',
  })
  @ApiResponse({ status: 201, standardSchema: SimulationResponse })
  async begin(
    @Asker() tenant: Tenant,
    @Body({ schema: SimulationRequest }) request: z.output<typeof SimulationRequest>,
  ): Promise<SimulationResponse> {
    const wanted = await this.requests.read(tenant, request);
    return toSimulationResponse(await this.simulations.begin(tenant, wanted));
  }

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'Simulations, newest first' })
  @ApiResponse({ status: 200, standardSchema: SimulationPage })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<SimulationResponse>> {
    const before = decodeCursor(query.cursor, [UUID_TEXT]);
    const found = await this.simulations.list(tenant, before?.[0] ?? null, query.limit + 1);
    return toPage(found, query.limit, ({ id }) => [id], toSimulationResponse);
  }

  @Get(':simulation')
  @Requires('read')
  @ApiOperation({ summary: 'A simulation, with how far it is and what it found so far' })
  @ApiResponse({ status: 200, standardSchema: SimulationResponse })
  async find(@Asker() tenant: Tenant, @Param('simulation') id: string): Promise<SimulationResponse> {
    return toSimulationResponse(await this.simulations.find(tenant, id));
  }

  @Post(':simulation/cancel')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Stop a simulation',
    description: 'What it found so far stays. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: SimulationResponse })
  async cancel(@Asker() tenant: Tenant, @Param('simulation') id: string): Promise<SimulationResponse> {
    return toSimulationResponse(await this.simulations.cancel(tenant, id));
  }

  @Get(':simulation/customers')
  @Requires('read')
  @ApiOperation({
    summary: 'What a candidate would mean for each customer',
    description: 'Those without a value to order by come last. While it is running, of the customers done so far.',
  })
  @ApiResponse({ status: 200, standardSchema: SimulatedCustomersResponse })
  async customers(
    @Asker() tenant: Tenant,
    @Param('simulation') id: string,
    @Query({ schema: CustomersQuery }) query: z.output<typeof CustomersQuery>,
  ): Promise<z.infer<typeof SimulatedCustomersResponse>> {
    const { limit, order } = query;
    const simulation = await this.simulations.find(tenant, id);
    const candidate = candidateOf(simulation, query.candidate);
    const after = toPosition(decodeCursor(query.cursor, CURSOR_PARTS));

    const found = await this.simulations.customers(tenant, simulation, candidate, order, after, limit + 1);

    const { name, plan } = simulation.definition.candidates[candidate]!;
    const page = toPage(
      found,
      limit,
      (outcome) => {
        const { value, customerId } = positionOf(outcome, order);
        return [value ?? '', customerId];
      },
      toCustomerResponse,
    );
    return { ...page, candidate: name, currency: plan.currency };
  }

  @Get(':simulation/customers.csv')
  @Requires('read')
  @Header('Content-Type', 'text/csv; charset=utf-8')
  @ApiOperation({
    summary: 'The same as a file',
    description:
      'Comma-separated (RFC 4180), every customer, with a first line of names and a last one of totals, which has no customer_id. What is not known is empty.',
  })
  @ApiProduces('text/csv')
  @ApiResponse({ status: 200, content: { 'text/csv': { schema: { type: 'string' } } } })
  async csv(
    @Asker() tenant: Tenant,
    @Param('simulation') id: string,
    @Query({ schema: CsvQuery }) query: z.output<typeof CsvQuery>,
  ): Promise<StreamableFile> {
    const simulation = await this.simulations.find(tenant, id);
    const candidate = candidateOf(simulation, query.candidate);
    return new StreamableFile(Readable.from(this.lines(tenant, simulation, candidate, query.order)), {
      disposition: `attachment; filename="${id}.csv"`,
    });
  }

  /** A file page by page, so that it doesn't matter how long it is. */
  private async *lines(
    tenant: Tenant,
    simulation: Simulation,
    candidate: number,
    order: z.output<typeof CsvQuery>['order'],
  ): AsyncGenerator<string> {
    const { name, plan } = simulation.definition.candidates[candidate]!;
    yield CSV_HEAD;
    for (let after: CustomerPosition | null = null; ;) {
      const page = await this.simulations.customers(tenant, simulation, candidate, order, after, CSV_PAGE);
      if (page.length > 0) yield page.map((outcome) => toCsvLine(outcome, name, plan.currency)).join('');
      if (page.length < CSV_PAGE) break;
      after = positionOf(page.at(-1)!, order);
    }
    yield toCsvTotal(toSimulationResponse(simulation).results[candidate]!, simulation.events);
  }
}

/** Which candidate is meant. @throws InvalidRequestError when none is called so */
function candidateOf({ definition }: Simulation, name: string | undefined): number {
  if (name === undefined) return 0;
  const index = definition.candidates.findIndex((candidate) => candidate.name === name);
  if (index >= 0) return index;
  const detail = `must be one of ${definition.candidates.map((candidate) => `'${candidate.name}'`).join(', ')}`;
  throw new InvalidRequestError('invalid_request', `candidate: ${detail}`, [{ field: 'candidate', detail }]);
}

function toPosition(parts: readonly string[] | null): CustomerPosition | null {
  return parts === null ? null : { value: parts[0] === '' ? null : parts[0]!, customerId: parts[1]! };
}
