import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LOGGER, type Logger } from '../logging';
import { type Problem, PROBLEM_CONTENT_TYPE, toProblem } from './problem';

/** Turns whatever is thrown while a request is served into problem+json. The one place that picks a status. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** @param shape for answers that another API's clients read */
  answer(
    error: unknown,
    request: FastifyRequest,
    reply: FastifyReply,
    shape: (problem: Problem, requestId: string) => Problem = (problem) => problem,
  ): void {
    const problem = shape(toProblem(error), request.id);
    if (problem.status >= 500) this.logger.error({ err: error, requestId: request.id }, 'request failed');
    if (reply.sent) return;
    void reply
      .status(problem.status)
      .header('content-type', PROBLEM_CONTENT_TYPE)
      // As bytes: to text Fastify adds a charset, which this media type does not have, and clients compare it as a whole.
      .send(Buffer.from(JSON.stringify({ ...problem, requestId: request.id })));
  }
}
