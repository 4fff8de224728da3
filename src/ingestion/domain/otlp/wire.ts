import { isUtf8 } from 'node:buffer';
import { MalformedExportError } from './malformed-export';

/** How a field's value is written in Protobuf. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

const MOST_VARINT_BYTES = 10;
const DEEPEST_GROUP = 32;

/**
 * Reads Protobuf's wire format, one field after the other. There is no schema in it: who reads a message knows its
 * fields, takes those it wants, and skips all others, which is how the format stays open to fields of later versions.
 * No read goes past the end of its message, and nothing recurses.
 *
 * ```
 * while (reader.next()) reader.is(1, WIRE.bytes) ? use(reader.message()) : reader.skip();
 * ```
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  private field = 0;
  private wire = 0;

  /** @param at, end the part of the bytes that is the message */
  constructor(
    private readonly bytes: Buffer,
    private at = 0,
    private readonly end = bytes.length,
  ) {}

  /** Goes to the next field; false at the end of the message. */
  next(): boolean {
    if (this.at >= this.end) return false;
    this.readTag();
    if (this.wire === WIRE.endGroup) throw this.malformed('ends a group that nothing began');
    return true;
  }

  /** Whether this is that field. One written in another way than it should be is an unknown field, to Protobuf as well. */
  is(field: number, wire: number): boolean {
    return this.field === field && this.wire === wire;
  }

  /** The 64 bits of a variable-length integer, as an unsigned number. */
  varint(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let count = 4; count < MOST_VARINT_BYTES; count += 1) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(count * 7);
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw this.malformed('is an integer of more than ten bytes');
  }

  fixed64(): bigint {
    return this.bytes.readBigUInt64LE(this.take(8));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  /** A view, not a copy. */
  chunk(): Buffer {
    return this.bytes.subarray(this.takeChunk(), this.at);
  }

  /** @throws MalformedExportError when it is not UTF-8: broken bytes would all be read as U+FFFD, and two names be one */
  string(): string {
    const bytes = this.chunk();
    if (!isUtf8(bytes)) throw this.malformed('ends a string that is not UTF-8');
    return bytes.toString('utf8');
  }

  message(): WireReader {
    return new WireReader(this.bytes, this.takeChunk(), this.at);
  }

  /** Passes over the value of a field that is not wanted. */
  skip(): void {
    // Groups are out of use, but a body may have them, one in the other.
    const groups: number[] = [];
    do {
      if (groups.length > 0) this.readTag();
      switch (this.wire) {
        case WIRE.varint:
          this.varint();
          break;
        case WIRE.fixed64:
          this.take(8);
          break;
        case WIRE.bytes:
          this.takeChunk();
          break;
        case WIRE.fixed32:
          this.take(4);
          break;
        case WIRE.startGroup:
          if (groups.push(this.field) > DEEPEST_GROUP) throw this.malformed('is a group too deep');
          break;
        case WIRE.endGroup:
          if (groups.pop() !== this.field) throw this.malformed('ends another group than the one it is in');
          break;
        default:
          throw this.malformed(`has the unknown wire type ${this.wire}`);
      }
    } while (groups.length > 0);
  }

  private readTag(): void {
    const tag = this.varint();
    this.wire = Number(tag & 7n);
    const field = tag >> 3n;
    if (field === 0n || field > 0x1fff_ffffn) throw this.malformed('has no possible field number');
    this.field = Number(field);
  }

  private byte(): number {
    return this.bytes[this.take(1)]!;
  }

  /** Moves on by so many bytes. @returns where they begin */
  private take(count: number): number {
    const start = this.at;
    if (count > this.end - start) throw this.malformed('is cut off');
    this.at = start + count;
    return start;
  }

  /** Moves on by a length and as many bytes. @returns where they begin */
  private takeChunk(): number {
    const length = this.varint();
    if (length > BigInt(this.end - this.at)) throw this.malformed('has a length that goes past the end');
    return this.take(Number(length));
  }

  private malformed(detail: string): MalformedExportError {
    return new MalformedExportError(`byte ${this.at}`, detail);
  }
}

/** Writes the few messages that are answered. */
export class WireWriter {
  private readonly parts: Buffer[] = [];

  /** @param value not negative. Zero is the default, which is not written. */
  varint(field: number, value: number): this {
    if (value === 0) return this;
    this.parts.push(varintBytes(field * 8 + WIRE.varint), varintBytes(value));
    return this;
  }

  string(field: number, value: string): this {
    return value === '' ? this : this.message(field, Buffer.from(value, 'utf8'));
  }

  /** A message is written even when it is empty: it being there may say something. */
  message(field: number, bytes: Buffer): this {
    this.parts.push(varintBytes(field * 8 + WIRE.bytes), varintBytes(bytes.length), bytes);
    return this;
  }

  finish(): Buffer {
    return Buffer.concat(this.parts);
  }
}

function varintBytes(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
