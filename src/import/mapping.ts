import { formatMicros, instantOfWallTime } from '../kernel';

/** What the flags say of fields and columns. */
export interface Mapping {
  /** Event field → name of the column it is taken from. */
  readonly columns: ReadonlyMap<string, string>;
  /** Event field → the same value for every row. */
  readonly constants: ReadonlyMap<string, string>;
  /** Leave out columns that no flag names and that aren't fields of an event. */
  readonly onlyMapped: boolean;
}

/** How a file writes its times; `auto` is RFC 3339 or the time on a wall. */
export type TimeFormat = 'auto' | 'rfc3339' | 'text' | 'seconds' | 'milliseconds';

export interface MappingOptions {
  readonly mapping: Mapping;
  readonly timeFormat: TimeFormat;
  readonly timeZone: string;
  /** Source of events whose row names none. */
  readonly source: string;
}

/** An event as it is posted: a plain JSON object, checked by the server. */
export type EventToSend = Record<string, unknown>;

const FIELDS = new Set([
  'id', 'type', 'customer', 'source', 'time', 'session', 'task', 'agent', 'feature', 'department', 'user', 'parent', 'hold', 'step',
  'cost.amount', 'cost.currency',
]); // prettier-ignore
/** Fields that NDJSON rows may hold as objects of their own. */
const OBJECTS = new Set(['data', 'cost']);

/** Whether a text names something that a column or a constant can become: a field of an event, or `data.` and a path. */
export function isTarget(text: string): boolean {
  return FIELDS.has(text) || /^data(\.[^.]+)+$/u.test(text);
}

/**
 * The event of one row. A column goes where a flag says, else to the field of its own name, else into `data` under its
 * name; an empty cell is a value that isn't there. What is left out or wrong is for the server to say.
 *
 * @param row  column → value; of a CSV always text
 * @param line number of the row's line in the file (the last one of a row with line breaks); the event's id unless the
 *             row has one, so that the same file gives the same ids
 */
export function toEvent(row: Readonly<Record<string, unknown>>, line: number, options: MappingOptions): EventToSend {
  const { columns, constants, onlyMapped } = options.mapping;
  const event: EventToSend = {};
  const taken = new Set(columns.values());
  for (const [column, value] of Object.entries(row)) {
    if (isMissing(value) || taken.has(column)) continue;
    if (OBJECTS.has(column) && typeof value === 'object') Object.assign(objectIn(event, column), value);
    else if (isTarget(column)) put(event, column, value, options);
    else if (!onlyMapped) objectIn(event, 'data')[column] = value;
  }
  for (const [field, column] of columns) {
    const value = Object.hasOwn(row, column) ? row[column] : undefined;
    if (!isMissing(value)) put(event, field, value, options);
  }
  for (const [field, value] of constants) put(event, field, value, options);

  event['id'] ??= `line-${line}`;
  event['source'] ??= options.source;
  return event;
}

/** The columns that flags name and a file lacks: most likely a slip of the pen. */
export function missingColumns(mapping: Mapping, columns: readonly string[]): string[] {
  const there = new Set(columns);
  return [...mapping.columns.values()].filter((column) => !there.has(column));
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function put(event: EventToSend, field: string, value: unknown, options: MappingOptions): void {
  if (field === 'time') {
    event['time'] = timeText(value, options);
    return;
  }
  const names = field.split('.');
  const last = names.pop()!;
  let target = event;
  for (const name of names) target = objectIn(target, name);
  // Ids that a spreadsheet or a log writes as numbers are texts here; in data a number stays one.
  target[last] = names[0] === 'data' || typeof value !== 'number' ? value : String(value);
}

/** The object under a name, made where there is none. */
function objectIn(parent: EventToSend, name: string): EventToSend {
  const known = Object.hasOwn(parent, name) ? parent[name] : undefined;
  if (typeof known === 'object' && known !== null && !Array.isArray(known)) return known as EventToSend;
  const made: EventToSend = {};
  // Not by assignment: a column may be called __proto__.
  Object.defineProperty(parent, name, { value: made, enumerable: true, writable: true, configurable: true });
  return made;
}

/** As RFC 3339 where the format can be read; else as it stands, for the server to refuse by its name. */
function timeText(value: unknown, { timeFormat, timeZone }: MappingOptions): unknown {
  const text = String(value).trim();
  switch (timeFormat) {
    case 'seconds':
      return epochText(text, 6) ?? text;
    case 'milliseconds':
      return epochText(text, 3) ?? text;
    case 'rfc3339':
      return text;
    case 'auto':
    case 'text':
      return instantOfWallTime(text, timeZone) ?? text;
  }
}

/** Seconds or milliseconds since 1970, with decimals, cut to whole microseconds without passing through a float. */
function epochText(text: string, decimals: 3 | 6): string | null {
  const match = /^(\d{1,14})(?:\.(\d+))?$/.exec(text);
  if (match === null) return null;
  const [, whole = '', fraction = ''] = match;
  const micros = Number(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  return micros <= MOST_MICROS ? formatMicros(micros) : null;
}

/** The year 2200, past which no event's time may lie. */
const MOST_MICROS = Date.UTC(2200, 0, 1) * 1_000;
