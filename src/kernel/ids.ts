import { randomBytes } from 'node:crypto';

/** Crockford's base 32 in lower case: no i, l, o, u. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const VALUES = new Map(Array.from(ALPHABET, (letter, value) => [letter, BigInt(value)] as const));
/** 26 letters of 5 bits hold 130 bits; a uuid has 128, so the first letter is 0 to 7. */
const ENCODED = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** What an id names; the prefix is part of every id that leaves us. */
export const ID_PREFIXES = {
  organisation: 'org',
  apiKey: 'key',
  meter: 'mtr',
  plan: 'pln',
  price: 'prc',
  feature: 'fea',
  customer: 'cus',
  subscription: 'sub',
  subscriptionOverride: 'ovr',
  subscriptionChange: 'sch',
  subscriptionPause: 'pau',
  planMove: 'mov',
  testClock: 'clk',
  invoice: 'inv',
  invoiceLine: 'lin',
  invoicePart: 'prt',
  payment: 'pay',
  creditNote: 'crn',
  billingRun: 'run',
  ledgerPosting: 'pst',
  ledgerEntry: 'ent',
  taxRate: 'txr',
  invoiceItem: 'itm',
  modelPrice: 'mpr',
  resource: 'res',
  resourcePrice: 'rpr',
  catalogueRefresh: 'crf',
  auditEntry: 'aud',
  change: 'chg',
  recosting: 'rcs',
  simulation: 'sim',
  cap: 'cap',
  capRaise: 'cpr',
  hold: 'hld',
  alert: 'alt',
  spendEntry: 'spe',
  wallet: 'wal',
  walletGrant: 'grt',
  walletEntry: 'wle',
  walletTopUp: 'top',
  loopFinding: 'fnd',
} as const;
export type IdNoun = keyof typeof ID_PREFIXES;

/** A new time-ordered id (UUID version 7, RFC 9562), so that keys made in sequence lie side by side in an index. */
export function newUuid(nowMs: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return uuidOfHex(hex);
}

/** The id as the API shows it: `cus_` and 26 letters. */
export function toPublicId(noun: IdNoun, uuid: string): string {
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let text = '';
  for (let position = 0; position < 26; position += 1) {
    text = ALPHABET[Number(value & 31n)]! + text;
    value >>= 5n;
  }
  return `${ID_PREFIXES[noun]}_${text}`;
}

/** The uuid behind an id of the API, or null when the text is not such an id. */
export function fromPublicId(noun: IdNoun, text: string): string | null {
  const prefix = `${ID_PREFIXES[noun]}_`;
  if (!text.startsWith(prefix)) return null;
  const encoded = text.slice(prefix.length);
  if (!ENCODED.test(encoded)) return null;
  let value = 0n;
  for (const letter of encoded) value = (value << 5n) | VALUES.get(letter)!;
  const hex = value.toString(16).padStart(32, '0');
  return uuidOfHex(hex);
}

/** The first 32 hex digits in the form of a uuid, such as of a hash that is to be a key. */
export function uuidOfHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
