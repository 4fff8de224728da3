import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MOST_EVENTS } from '../../events';
import { InvalidRequestError, parseJsonBytes } from '../../kernel';
import { decodedBody } from '../../platform/http';
import { attributesOf, inCloudEventTerms, type Receipt } from '../domain';
import { RefusedEventError } from './refused-event-error';

export const CLOUD_EVENT = 'application/cloudevents+json';
export const CLOUD_EVENTS_BATCH = 'application/cloudevents-batch+json';

/** A body that its content type says holds CloudEvents, not parsed yet: the key is checked first. */
export class CloudEventsBody {
  constructor(
    readonly bytes: Buffer,
    readonly isBatch: boolean,
  ) {}
}

/** Events of a body, in whatever form, and whether it was one event and not a list. */
export interface EventsOfBody {
  readonly values: readonly unknown[];
  readonly single: boolean;
}

export function takeCloudEvents(scope: Pick<FastifyInstance, 'addContentTypeParser'>): void {
  for (const type of [CLOUD_EVENT, CLOUD_EVENTS_BATCH]) {
    scope.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, new CloudEventsBody(Buffer.from(body), type === CLOUD_EVENTS_BATCH)),
    );
  }
}

/** The body as JSON, decoded where it was compressed. @throws InvalidEncodingError, MalformedJsonError and the like */
export async function jsonOf(request: FastifyRequest, bytes: Buffer): Promise<unknown> {
  const encoding = request.headers['content-encoding'];
  return parseJsonBytes(
    encoding === undefined ? bytes : await decodedBody(bytes, encoding, request.routeOptions.bodyLimit),
  );
}

/** The CloudEvents of a body in structured or batched mode. An empty batch is a batch. */
export async function structuredEvents(request: FastifyRequest, body: CloudEventsBody): Promise<EventsOfBody> {
  const json = await jsonOf(request, body.bytes);
  if (!body.isBatch) return { values: [json], single: true };
  if (!Array.isArray(json)) throw refusedBody('must be a list of CloudEvents');
  return { values: checkedMost(json), single: false };
}

/** The CloudEvent of a request in binary mode: its attributes are in headers, and the body is its data. */
export async function binaryEvent(request: FastifyRequest, bytes: Buffer): Promise<EventsOfBody> {
  const read = attributesOf(request.headers);
  if (!('attributes' in read)) throw new RefusedEventError(read);
  const data = bytes.length === 0 ? undefined : await jsonOf(request, bytes);
  return { values: [{ ...read.attributes, data }], single: true };
}

/** A receipt that names the fields as the sender of a CloudEvent knows them. */
export function cloudEventReceipt(receipt: Receipt): Receipt {
  return receipt.status === 'rejected' ? { ...receipt, problem: inCloudEventTerms(receipt.problem) } : receipt;
}

export function checkedMost(events: readonly unknown[]): readonly unknown[] {
  if (events.length <= MOST_EVENTS) return events;
  throw refusedBody(`has ${events.length} events; at most ${MOST_EVENTS} go into one request`);
}

function refusedBody(detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_request', `body: ${detail}`, [{ field: 'body', detail }]);
}
