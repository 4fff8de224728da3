/** Microseconds between 1970 and 2000, where PostgreSQL's clock begins. */
const POSTGRES_EPOCH_MICROS = 946_684_800_000_000;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const SMALLEST = 64 * 1_024;

/** `numeric` keeps groups of four digits; amounts come as integers that count 10^-24, which is six groups of decimals. */
const DECIMAL_GROUPS = 6;
const ONE = 10n ** 24n;
const HALF = 10n ** 12n;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
/** A safe integer has up to sixteen digits. */
const WHOLE_GROUPS = 4;
const SHORT_GROUPS = WHOLE_GROUPS + DECIMAL_GROUPS;

/** Object ids of the array element types we send (pg_type.dat). */
export const ELEMENT_OIDS = { uuid: 2950, timestamptz: 1184, text: 25, numeric: 1700, int8: 20 } as const;

/**
 * Writes rows in PostgreSQL's binary COPY format. Values are appended in the order of the columns; nothing is checked,
 * the table's types have to be met by the caller.
 *
 * @see https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
 */
export class BinaryRows {
  private buffer = Buffer.allocUnsafe(SMALLEST);
  private length = 0;
  /** Groups of four decimal digits of the number that is being written. */
  private groups = new Uint16Array(SHORT_GROUPS);

  constructor() {
    this.length = SIGNATURE.copy(this.buffer, 0);
  }

  /** Begins a row of this many columns. */
  row(columns: number): void {
    this.reserve(2);
    this.length = this.buffer.writeInt16BE(columns, this.length);
  }

  null(): void {
    this.reserve(4);
    this.length = this.buffer.writeInt32BE(-1, this.length);
  }

  /** @param key 16 characters from 0 to 255 */
  uuidFromLatin1(key: string): void {
    this.reserve(20);
    this.length = this.buffer.writeInt32BE(16, this.length);
    this.length += this.buffer.write(key, this.length, 16, 'latin1');
  }

  /** @param bytes of the uuid */
  uuid(bytes: Buffer): void {
    this.reserve(20);
    this.length = this.buffer.writeInt32BE(16, this.length);
    this.length += bytes.copy(this.buffer, this.length);
  }

  bigint(value: number): void {
    this.reserve(12);
    this.length = this.buffer.writeInt32BE(8, this.length);
    this.length = this.writeSafeInteger(value);
  }

  int(value: number): void {
    this.reserve(8);
    this.length = this.buffer.writeInt32BE(4, this.length);
    this.length = this.buffer.writeInt32BE(value, this.length);
  }

  bool(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  /** A value of the type `"char"`. */
  byte(value: number): void {
    this.reserve(5);
    this.length = this.buffer.writeInt32BE(1, this.length);
    this.length = this.buffer.writeUInt8(value, this.length);
  }

  /** @param micros since 1970 */
  timestamptz(micros: number): void {
    this.bigint(micros - POSTGRES_EPOCH_MICROS);
  }

  text(value: string | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.reserve(4 + value.length * 3);
    const bytes = this.buffer.write(value, this.length + 4, 'utf8');
    this.buffer.writeInt32BE(bytes, this.length);
    this.length += 4 + bytes;
  }

  /** A `numeric` of value × 10^-24, exactly. */
  numeric(value: bigint): void {
    this.reserve(4 + 8 + 2 * 40);
    const start = this.length;
    this.length += 4;
    const magnitude = value < 0n ? -value : value;
    const whole = magnitude / ONE;
    if (whole <= MAX_SAFE) this.writeShortNumeric(value < 0n, Number(whole), magnitude - whole * ONE);
    else this.writeLongNumeric(value < 0n, magnitude.toString());
    this.buffer.writeInt32BE(this.length - start - 4, start);
  }

  /** A one-dimensional array without NULLs; `write` appends each element through this object's own methods. */
  array<T>(elementOid: number, values: readonly T[], write: (value: T) => void): void {
    this.reserve(24);
    const start = this.length;
    this.length += 4;
    this.length = this.buffer.writeInt32BE(values.length === 0 ? 0 : 1, this.length);
    this.length = this.buffer.writeInt32BE(0, this.length);
    this.length = this.buffer.writeInt32BE(elementOid, this.length);
    if (values.length > 0) {
      this.length = this.buffer.writeInt32BE(values.length, this.length);
      this.length = this.buffer.writeInt32BE(1, this.length);
      for (const value of values) write(value);
    }
    this.buffer.writeInt32BE(this.length - start - 4, start);
  }

  /** Ends the rows and gives all bytes; the object must not be used afterwards. */
  finish(): Buffer {
    this.reserve(2);
    this.length = this.buffer.writeInt16BE(-1, this.length);
    return this.buffer.subarray(0, this.length);
  }

  private writeSafeInteger(value: number): number {
    const high = Math.floor(value / 4_294_967_296);
    this.buffer.writeInt32BE(high, this.length);
    return this.buffer.writeUInt32BE(value - high * 4_294_967_296, this.length + 4);
  }

  /**
   * Nearly every number: whole units that are a safe integer, in groups of four digits by plain arithmetic, which is
   * several times faster than going through text.
   *
   * @param decimals what is left of the number, in steps of 10^-24
   */
  private writeShortNumeric(negative: boolean, whole: number, decimals: bigint): void {
    this.splitIntoGroups(whole, 0, WHOLE_GROUPS);
    if (decimals === 0n) {
      this.groups.fill(0, WHOLE_GROUPS, SHORT_GROUPS);
    } else {
      const upper = decimals / HALF;
      this.splitIntoGroups(Number(upper), WHOLE_GROUPS, WHOLE_GROUPS + DECIMAL_GROUPS / 2);
      this.splitIntoGroups(Number(decimals - upper * HALF), WHOLE_GROUPS + DECIMAL_GROUPS / 2, SHORT_GROUPS);
    }
    this.writeGroups(negative, SHORT_GROUPS);
  }

  private splitIntoGroups(number: number, first: number, end: number): void {
    let rest = number;
    for (let group = end - 1; group >= first; group -= 1) {
      const next = Math.floor(rest / 10_000);
      this.groups[group] = rest - next * 10_000;
      rest = next;
    }
  }

  private writeLongNumeric(negative: boolean, digits: string): void {
    const padded = digits.padStart(Math.ceil(digits.length / 4) * 4, '0');
    const count = padded.length / 4;
    if (count > this.groups.length) this.groups = new Uint16Array(count);
    for (let group = 0; group < count; group += 1) this.groups[group] = Number(padded.slice(group * 4, group * 4 + 4));
    this.writeGroups(negative, count);
  }

  /** The digits in `groups`, of which the last six are decimals, without zero groups at either end. */
  private writeGroups(negative: boolean, count: number): void {
    const groups = this.groups;
    let first = 0;
    while (first < count && groups[first] === 0) first += 1;
    let last = count;
    while (last > first && groups[last - 1] === 0) last -= 1;

    const decimalGroups = first === last ? 0 : Math.max(0, last - (count - DECIMAL_GROUPS));
    const lowest = decimalGroups === 0 ? 0 : groups[last - 1]!;
    const trailing =
      decimalGroups === 0 ? 0 : lowest % 1_000 === 0 ? 3 : lowest % 100 === 0 ? 2 : lowest % 10 === 0 ? 1 : 0;

    this.reserve(8 + 2 * (last - first));
    this.length = this.buffer.writeInt16BE(last - first, this.length);
    this.length = this.buffer.writeInt16BE(first === last ? 0 : count - DECIMAL_GROUPS - 1 - first, this.length);
    this.length = this.buffer.writeUInt16BE(negative ? 0x4000 : 0, this.length);
    this.length = this.buffer.writeInt16BE(decimalGroups * 4 - trailing, this.length);
    for (let group = first; group < last; group += 1)
      this.length = this.buffer.writeInt16BE(groups[group]!, this.length);
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

/** Bytes of uuids seen before: the same few thousand customers and meters come again and again. */
const knownUuids = new Map<string, Buffer>();
const MOST_KNOWN = 50_000;

/** The 16 bytes of a uuid's text. Not to be changed: they are shared. */
export function uuidBytes(uuid: string): Buffer {
  let bytes = knownUuids.get(uuid);
  if (bytes === undefined) {
    bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
    if (knownUuids.size >= MOST_KNOWN) knownUuids.clear();
    knownUuids.set(uuid, bytes);
  }
  return bytes;
}
