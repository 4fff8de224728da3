/** Microseconds between 1970 and 2000, where PostgreSQL's clock begins. */
const POSTGRES_EPOCH_MICROS = 946_684_800_000_000;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const SMALLEST = 64 * 1_024;

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

  /** A `numeric` of value × 10^-scale, exactly. @param scale a multiple of four, as `numeric` keeps groups of four digits */
  numeric(value: bigint, scale: number): void {
    this.reserve(4 + 8 + 2 * 40);
    const start = this.length;
    this.length += 4;
    this.writeNumeric(value, scale);
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

  /** Groups of four decimal digits, without zero groups at either end; weight is the first group's power of 10,000. */
  private writeNumeric(value: bigint, scale: number): void {
    const digits = (value < 0n ? -value : value).toString();
    const padded = digits.padStart(Math.ceil(Math.max(digits.length, scale) / 4) * 4, '0');
    const groups = padded.length / 4;
    let first = 0;
    while (first < groups && padded.startsWith('0000', first * 4)) first += 1;
    let last = groups;
    while (last > first && padded.startsWith('0000', (last - 1) * 4)) last -= 1;

    let end = padded.length;
    while (end > padded.length - scale && padded.charCodeAt(end - 1) === 48) end -= 1;
    const decimals = Math.max(0, end - (padded.length - scale));

    this.reserve(8 + 2 * (last - first));
    const weight = groups - scale / 4 - 1 - first;
    this.length = this.buffer.writeInt16BE(last - first, this.length);
    this.length = this.buffer.writeInt16BE(first === last ? 0 : weight, this.length);
    this.length = this.buffer.writeUInt16BE(value < 0n ? 0x4000 : 0, this.length);
    this.length = this.buffer.writeInt16BE(decimals, this.length);
    for (let group = first; group < last; group += 1) {
      const at = group * 4;
      const number =
        (padded.charCodeAt(at) - 48) * 1_000 +
        (padded.charCodeAt(at + 1) - 48) * 100 +
        (padded.charCodeAt(at + 2) - 48) * 10 +
        (padded.charCodeAt(at + 3) - 48);
      this.length = this.buffer.writeInt16BE(number, this.length);
    }
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

/** The 16 bytes of a uuid's text. */
export function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}
