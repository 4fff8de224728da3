import { decimalProblem } from '../../kernel';
import type { EventUsage, UsageProblem, UsageUnits } from './event-usage';
import { hasRawUsage, readRawUsage } from './provider-usage';
import { type Quantity, add, isMore, quantityProblem, quantityText, readQuantity, subtract } from './quantity';
import { serviceClassOf } from './service-class';
import { countsTokens, isCore, type PricedUnit, UNIT_FIELDS, UNIT_OF_FIELD, widerThan } from './unit-table';

const NO_USAGE: EventUsage = Object.freeze({ provider: null, model: null, serviceClass: null, units: null });

/** A name longer than any provider's; it bounds what matching and its cache can be made to do. */
const LONGEST_NAME = 255;

/** Tells a problem from a reading. */
export function isUsageProblem(reading: EventUsage | UsageProblem): reading is UsageProblem {
  return 'detail' in reading;
}

/**
 * Reads the usage out of an event's `data` and splits its totals into disjoint units:
 * 4,740 input tokens of which 4,000 were read from a cache → 740 input, 4,000 cacheRead.
 *
 * Senders report as `input_tokens` all input, cached and audio included, and as `output_tokens` all output, audio
 * included; a cached audio token is inside `cache_read_tokens` and inside `input_audio_tokens`. A part without its
 * total is refused rather than guessed, because providers disagree on whether the total holds it.
 * Fractions of a token are welcome (a request shared by several tasks), up to 12 decimals.
 *
 * @param data the event's `data`, any JSON; unknown fields are the sender's own
 * @returns    the usage, or the first problem found, as a value since every event passes here
 */
export function readUsage(data: unknown): EventUsage | UsageProblem {
  if (data === undefined || data === null) return NO_USAGE;
  if (typeof data !== 'object' || Array.isArray(data)) return { field: 'data', detail: 'must be a JSON object' };
  const fields = data as Readonly<Record<string, unknown>>;
  if (hasRawUsage(fields)) return readRawUsage(fields, readUsage);

  const provider = readName(fields['provider']);
  if (provider === undefined) return nameProblem('provider');
  const model = readName(fields['model']);
  if (model === undefined) return nameProblem('model');
  const serviceTier = readName(fields['serviceTier'] ?? fields['service_tier']);
  if (serviceTier === undefined)
    return nameProblem((fields['serviceTier'] ?? null) === null ? 'service_tier' : 'serviceTier');

  const totalInput = readQuantity(fields['input_tokens']);
  if (totalInput === undefined) return problemOf(fields, 'input_tokens');
  const totalOutput = readQuantity(fields['output_tokens']);
  if (totalOutput === undefined) return problemOf(fields, 'output_tokens');
  const allCacheRead = readQuantity(fields['cache_read_tokens']);
  if (allCacheRead === undefined) return problemOf(fields, 'cache_read_tokens');
  const allCacheWrite = readQuantity(fields['cache_write_tokens']);
  if (allCacheWrite === undefined) return problemOf(fields, 'cache_write_tokens');
  const cacheWrite1h = readQuantity(fields['cache_write_1h_tokens']);
  if (cacheWrite1h === undefined) return problemOf(fields, 'cache_write_1h_tokens');
  const allInputAudio = readQuantity(fields['input_audio_tokens']);
  if (allInputAudio === undefined) return problemOf(fields, 'input_audio_tokens');
  const cachedAudio = readQuantity(fields['cache_audio_read_tokens']);
  if (cachedAudio === undefined) return problemOf(fields, 'cache_audio_read_tokens');
  const outputAudio = readQuantity(fields['output_audio_tokens']);
  if (outputAudio === undefined) return problemOf(fields, 'output_audio_tokens');
  const requests = readQuantity(fields['requests']);
  if (requests === undefined) return problemOf(fields, 'requests');
  const others = readOthers(fields);
  if (others !== null && 'detail' in others) return others;

  let cacheRead = allCacheRead;
  let cacheWrite = allCacheWrite;
  let inputAudio = allInputAudio;
  let input = totalInput;
  let output = totalOutput;
  let disjoint = true;

  // Most requests have no cached and no audio tokens, and are done here.
  if (
    cachedAudio !== null ||
    cacheRead !== null ||
    cacheWrite !== null ||
    cacheWrite1h !== null ||
    inputAudio !== null
  ) {
    const cached = cachedAudio ?? 0;
    const problem =
      partProblem('cache_audio_read_tokens', cached, 'cache_read_tokens', allCacheRead) ??
      partProblem('cache_audio_read_tokens', cached, 'input_audio_tokens', allInputAudio) ??
      partProblem('cache_write_1h_tokens', cacheWrite1h, 'cache_write_tokens', allCacheWrite) ??
      partProblem('cache_read_tokens', allCacheRead, 'input_tokens', totalInput) ??
      partProblem('cache_write_tokens', allCacheWrite, 'input_tokens', totalInput) ??
      partProblem('input_audio_tokens', allInputAudio, 'input_tokens', totalInput);
    if (problem !== null) return problem;

    disjoint = (cachedAudio !== null || !allCacheRead || !allInputAudio) && !others?.get('cacheAudioWrite');
    if (allCacheWrite !== null) cacheWrite = subtract(allCacheWrite, cacheWrite1h ?? 0);
    if (disjoint) {
      if (allCacheRead !== null) cacheRead = subtract(allCacheRead, cached);
      if (allInputAudio !== null) inputAudio = subtract(allInputAudio, cached);
      if (totalInput !== null) {
        const parts = add(add(cacheRead ?? 0, allCacheWrite ?? 0), add(inputAudio ?? 0, cached));
        if (isMore(parts, totalInput)) return partsProblem(totalInput, parts);
        input = subtract(totalInput, parts);
      }
    }
  }
  if (outputAudio !== null) {
    const problem = partProblem('output_audio_tokens', outputAudio, 'output_tokens', totalOutput);
    if (problem !== null) return problem;
    if (totalOutput !== null) output = subtract(totalOutput, outputAudio);
  }

  const reported =
    totalInput ??
    totalOutput ??
    allCacheRead ??
    allCacheWrite ??
    cacheWrite1h ??
    allInputAudio ??
    cachedAudio ??
    outputAudio ??
    requests;
  const serviceClass = serviceTier === null ? null : serviceClassOf(serviceTier);
  if (reported === null && others === null) {
    return provider === null && model === null ? NO_USAGE : { provider, model, serviceClass, units: null };
  }
  const units: UsageUnits = {
    input,
    cacheRead,
    cacheWrite,
    cacheWrite1h,
    inputAudio,
    cachedAudio,
    output,
    outputAudio,
    requests,
    totalInput,
    totalOutput,
    others,
    disjoint,
  };
  if (others !== null) {
    const problem = othersProblem(units, others);
    if (problem !== null) return problem;
  }
  return { provider, model, serviceClass, units };
}

/** All of a unit that the event reports, parts included; null when it doesn't say. */
export function reportedOf(units: UsageUnits, unit: PricedUnit): Quantity | null {
  switch (unit) {
    case 'input':
      return units.totalInput;
    case 'output':
      return units.totalOutput;
    case 'cacheRead':
    case 'inputAudio': {
      const own = units[unit];
      return own === null || !units.disjoint ? own : add(own, units.cachedAudio ?? 0);
    }
    case 'cacheWrite':
      return units.cacheWrite === null ? null : add(units.cacheWrite, units.cacheWrite1h ?? 0);
    default:
      return isCore(unit) ? units[unit] : (units.others?.get(unit) ?? null);
  }
}

/** A provider's or model's name; null when absent, undefined when it is not one. */
function readName(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > LONGEST_NAME || value.trim() === '') return undefined;
  return value;
}

function nameProblem(name: string): UsageProblem {
  return { field: `data.${name}`, detail: `must be a string of 1 to ${LONGEST_NAME} characters` };
}

function problemOf(fields: Readonly<Record<string, unknown>>, name: string): UsageProblem {
  return { field: `data.${name}`, detail: quantityProblem(fields[name]) ?? 'is not a quantity' };
}

/** A part may not be more than the total that includes it, and not without it. */
function partProblem(
  part: string,
  partQuantity: Quantity | null,
  total: string,
  totalQuantity: Quantity | null,
): UsageProblem | null {
  if (partQuantity === null || partQuantity === 0) return null;
  if (totalQuantity === null) {
    const detail = `is missing: it is a total that includes the ${quantityText(partQuantity)} of data.${part}`;
    return { field: `data.${total}`, detail };
  }
  if (!isMore(partQuantity, totalQuantity)) return null;
  const detail = `is ${quantityText(partQuantity)}, more than the ${quantityText(totalQuantity)} of data.${total}, which includes it`;
  return { field: `data.${part}`, detail };
}

function partsProblem(totalInput: Quantity, parts: Quantity): UsageProblem {
  const detail = `is ${quantityText(totalInput)}, less than the cached and audio tokens it includes, which add up to ${quantityText(parts)}`;
  return { field: 'data.input_tokens', detail };
}

/** What the event reports of the units that few events have. What is not a number there is the sender's own. */
function readOthers(fields: Readonly<Record<string, unknown>>): Map<PricedUnit, Quantity> | UsageProblem | null {
  let others: Map<PricedUnit, Quantity> | null = null;
  for (const name in fields) {
    const unit = UNIT_OF_FIELD.get(name);
    if (unit === undefined || isCore(unit)) continue;
    const value = fields[name];
    if (typeof value !== 'number' && (typeof value !== 'string' || decimalProblem(value) !== null)) continue;
    const quantity = readQuantity(value);
    if (quantity === undefined) return problemOf(fields, name);
    if (quantity !== null) (others ??= new Map()).set(unit, quantity);
  }
  return others;
}

/** A part of a total must not be more than the total, nor come without it, like the parts that every event may have. */
function othersProblem(units: UsageUnits, others: ReadonlyMap<PricedUnit, Quantity>): UsageProblem | null {
  for (const [unit, quantity] of others) {
    if (!countsTokens(unit)) continue;
    for (const wider of widerThan(unit)) {
      const total = reportedOf(units, wider);
      // Totals of a kind (all text) are reported by few; only pricing knows whether it needs them.
      if (total === null && !isCore(wider)) continue;
      const problem = partProblem(UNIT_FIELDS[unit], quantity, UNIT_FIELDS[wider], total);
      if (problem !== null) return problem;
    }
  }
  return null;
}
