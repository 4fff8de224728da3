import type { Receipt } from '../receipt';
import type { SpanNote } from './export-answer';
import { isMalformed, type Span, type SpanGroup } from './span';
import { readSpan } from './span-event';

/** What an export holds for metering. */
export interface ExportReading {
  /** The events, as `POST /v1/events` takes them. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** The span of each event. */
  readonly spanIds: readonly string[];
  readonly refused: readonly SpanNote[];
  readonly warnings: readonly SpanNote[];
}

/** Turns the spans of an export into events. Those that are none of ours are in neither list. */
export function readExport(groups: readonly SpanGroup[]): ExportReading {
  const events: Readonly<Record<string, unknown>>[] = [];
  const spanIds: string[] = [];
  const refused: SpanNote[] = [];
  const warnings: SpanNote[] = [];
  const calls: Span[] = [];
  for (const { resource, scope, spans } of groups) {
    for (const span of spans) {
      if (isMalformed(span)) {
        refused.push({ spanId: span.spanId, detail: span.problem });
        continue;
      }
      const reading = readSpan(span, resource, scope);
      if (reading.status === 'refused') refused.push({ spanId: span.spanId || null, detail: reading.detail });
      if (reading.status !== 'event') continue;
      events.push(reading.event);
      spanIds.push(span.spanId);
      if (reading.countsTokens) calls.push(span);
      if (reading.warning !== null) warnings.push({ spanId: span.spanId, detail: reading.warning });
    }
  }
  return { events, spanIds, refused, warnings: [...warnings, ...callsWithinCalls(calls)] };
}

/** The spans that were refused in the end: those that could not be read, then those whose event was not stored. */
export function refusedSpans({ refused, spanIds }: ExportReading, receipts: readonly Receipt[]): SpanNote[] {
  const all = [...refused];
  for (const [index, receipt] of receipts.entries()) {
    if (receipt.status !== 'rejected') continue;
    const { code, field, detail } = receipt.problem;
    all.push({ spanId: spanIds[index]!, detail: `${code}: ${field}: ${detail}` });
  }
  return all;
}

/**
 * Two libraries that both look at one request tell it twice, one span within the other. Both are counted: which spans
 * come in one export is chance, and an event must not depend on that. So whoever runs them is told.
 */
function callsWithinCalls(calls: readonly Span[]): SpanNote[] {
  const ids = new Set(calls.map(({ traceId, spanId }) => `${traceId}-${spanId}`));
  return calls
    .filter(({ traceId, parentSpanId }) => ids.has(`${traceId}-${parentSpanId}`))
    .map(({ spanId, parentSpanId }) => ({
      spanId,
      detail: `it is a request to a model within span ${parentSpanId}, which is one too; the tokens of both are counted. Where they are the same request, set weir.count_usage = false on one`,
    }));
}
