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
/** Up to here a number in steps of 10^-12 is a safe integer. */
const SHORT_COST = MAX_SAFE * HALF;
const SHORT_GROUPS = WHOLE_GROUPS + DECIMAL_GROUPS;

/** Object ids of the array element types we send (pg_type.dat). */
export const ELEMENT_OIDS = { uuid: 2950, timestamptz: 1184, text: 25, numeric: 1700, int8: 20 } as const;

const HYPHEN = 0x2d;
/** The value of each hexadecimal digit, by its character. */
const HEX = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase())),
);

/** Up to so many characters, writing them one by one is quicker than a call into Node's native code. */
const SHORT_TEXT = 100;

/**
 * Writes values in PostgreSQL's binary format, each behind its length: as columns of a COPY have it, and parameters of a
 * statement. Nothing is checked, the types have to be met by the caller.
 *
 * Each event passes here some thirty times, so bytes are stored directly: Buffer's own `write…` methods check their
 * arguments each time, or leave JavaScript, and either takes longer than the few bytes of a column.
 */
export class BinaryValues {
  protected buffer = Buffer.allocUnsafe(SMALLEST);
  protected view = viewOf(this.buffer);
  protected length = 0;
  /** Groups of four decimal digits of the number that is being written. */
  private groups = new Uint16Array(SHORT_GROUPS);

  null(): void {
    this.reserve(4);
    this.view.setInt32(this.length, -1);
    this.length += 4;
  }

  /** @param key 16 characters from 0 to 255 */
  uuidFromLatin1(key: string): void {
    const start = this.begin(16);
    const { buffer } = this;
    for (let index = 0; index < 16; index += 1) buffer[start + index] = key.charCodeAt(index);
  }

  /** @param bytes of the uuid */
  uuid(bytes: Uint8Array): void {
    const start = this.begin(16);
    const { buffer } = this;
    for (let index = 0; index < 16; index += 1) buffer[start + index] = bytes[index]!;
  }

  /** @param text of a uuid that is seldom seen again, such as a new row's */
  uuidText(text: string): void {
    const start = this.begin(16);
    const { buffer } = this;
    let at = 0;
    for (let index = 0; index < 16; index += 1) {
      if (text.charCodeAt(at) === HYPHEN) at += 1;
      buffer[start + index] = (HEX[text.charCodeAt(at)]! << 4) | HEX[text.charCodeAt(at + 1)]!;
      at += 2;
    }
  }

  bigint(value: number): void {
    const start = this.begin(8);
    const high = Math.floor(value / 4_294_967_296);
    this.view.setInt32(start, high);
    this.view.setUint32(start + 4, value - high * 4_294_967_296);
  }

  int(value: number): void {
    this.view.setInt32(this.begin(4), value);
  }

  bool(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  /** A value of the type `"char"`. */
  byte(value: number): void {
    const start = this.begin(1);
    this.buffer[start] = value;
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
    const start = this.length + 4;
    const isWritten = value.length <= SHORT_TEXT && this.writeAscii(value, start);
    const bytes = isWritten ? value.length : this.buffer.write(value, start, 'utf8');
    this.view.setInt32(this.length, bytes);
    this.length = start + bytes;
  }

  /** A `numeric` of value × 10^-24, exactly. */
  numeric(value: bigint): void {
    this.reserve(4 + 8 + 2 * 40);
    const start = this.length;
    this.length += 4;
    if (value === 0n) this.writeZero();
    else if (value < 0n) this.writeMagnitude(true, -value);
    else this.writeMagnitude(false, value);
    this.view.setInt32(start, this.length - start - 4);
  }

  /** A one-dimensional array without NULLs; `write` appends each element through this object's own methods. */
  array<T>(elementOid: number, values: readonly T[], write: (value: T) => void): void {
    this.reserve(24);
    const start = this.length;
    const { view } = this;
    view.setInt32(start + 4, values.length === 0 ? 0 : 1); // dimensions
    view.setInt32(start + 8, 0); // no NULLs
    view.setInt32(start + 12, elementOid);
    this.length = start + 16;
    if (values.length > 0) {
      view.setInt32(start + 16, values.length);
      view.setInt32(start + 20, 1); // the first element's index
      this.length = start + 24;
      for (const value of values) write(value);
    }
    // `this.view`, since the buffer may have grown meanwhile.
    this.view.setInt32(start, this.length - start - 4);
  }

  /** Makes room for a value of so many bytes, writes its length, and goes on behind it. @returns where its bytes go */
  private begin(bytes: number): number {
    this.reserve(4 + bytes);
    const start = this.length + 4;
    this.view.setInt32(this.length, bytes);
    this.length = start + bytes;
    return start;
  }

  /** @returns false when a character is not ASCII; what was written is to be written over then */
  private writeAscii(text: string, start: number): boolean {
    const { buffer } = this;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      buffer[start + index] = code;
    }
    return true;
  }

  private writeZero(): void {
    this.reserve(8);
    const { view, length } = this;
    view.setInt32(length, 0); // no groups, weight 0
    view.setInt32(length + 4, 0); // positive, no digits after the point
    this.length += 8;
  }

  /**
   * Nearly every number splits into parts that are safe integers, which are written in groups of four digits by plain
   * arithmetic: several times faster than going through text, and sparing of `bigint` operations, each of which makes
   * an object.
   */
  private writeMagnitude(negative: boolean, magnitude: bigint): void {
    if (magnitude <= SHORT_COST) {
      // A cost of some thousands in steps of 10^-12: one division is all.
      const picos = magnitude / HALF;
      const finer = magnitude - picos * HALF;
      this.splitIntoGroups(Number(picos), 0, WHOLE_GROUPS + DECIMAL_GROUPS / 2);
      if (finer === 0n) this.groups.fill(0, WHOLE_GROUPS + DECIMAL_GROUPS / 2, SHORT_GROUPS);
      else this.splitIntoGroups(Number(finer), WHOLE_GROUPS + DECIMAL_GROUPS / 2, SHORT_GROUPS);
      this.writeGroups(negative, SHORT_GROUPS);
      return;
    }
    const whole = magnitude / ONE;
    if (whole > MAX_SAFE) {
      this.writeLongNumeric(negative, magnitude.toString());
      return;
    }
    const decimals = magnitude - whole * ONE;
    this.splitIntoGroups(Number(whole), 0, WHOLE_GROUPS);
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
    const { view } = this;
    let at = this.length;
    view.setInt16(at, last - first);
    view.setInt16(at + 2, first === last ? 0 : count - DECIMAL_GROUPS - 1 - first); // weight of the first group
    view.setUint16(at + 4, negative ? 0x4000 : 0);
    view.setInt16(at + 6, decimalGroups * 4 - trailing); // digits after the point
    at += 8;
    for (let group = first; group < last; group += 1) {
      view.setInt16(at, groups[group]!);
      at += 2;
    }
    this.length = at;
  }

  protected reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
    this.view = viewOf(larger);
  }
}

/**
 * Writes rows in PostgreSQL's binary COPY format. Values are appended in the order of the columns.
 *
 * @see https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
 */
export class BinaryRows extends BinaryValues {
  constructor() {
    super();
    this.length = SIGNATURE.copy(this.buffer, 0);
  }

  /** Begins a row of this many columns. */
  row(columns: number): void {
    this.reserve(2);
    this.view.setInt16(this.length, columns);
    this.length += 2;
  }

  /** Ends the rows and gives all bytes; the object must not be used afterwards. */
  finish(): Buffer {
    this.reserve(2);
    this.view.setInt16(this.length, -1);
    this.length += 2;
    return this.buffer.subarray(0, this.length);
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
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
