/** Microseconds since 1970-01-01T00:00Z: how fine event time is kept. A number is exact until the year 2255. */
export type Micros = number;

const DAY_MICROS = 86_400_000_000;
/** Days seen last, since a batch's events mostly share theirs: text of the day → microseconds since 1970. */
const days = new Map<string, Micros | null>();
const MOST_DAYS = 512;

/**
 * Microseconds since 1970 of an RFC 3339 instant such as `2023-11-16T18:15:46.6805900Z`, or null when it is not one.
 * Takes any number of decimals up to nine and keeps six; needs an offset; knows no leap second. Years 1970 to 2199.
 */
export function parseRfc3339(text: string): Micros | null {
  const length = text.length;
  if (length < 20 || length > 35) return null;
  const separator = text.charCodeAt(10);
  if (separator !== 84 && separator !== 116) return null; // T or t
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return null; // :

  const day = dayMicros(text.slice(0, 10));
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (day === null || hour > 23 || minute > 59 || second > 59) return null;

  let at = 19;
  let fraction = 0;
  if (text.charCodeAt(at) === 46) {
    at += 1;
    let unit = 100_000;
    const first = at;
    for (; at < length; at += 1) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) break;
      fraction += digit * unit;
      unit = unit === 1 ? 0 : unit / 10;
    }
    if (at === first || at - first > 9) return null;
  }
  const offset = offsetMinutes(text, at);
  if (offset === null) return null;
  return day + ((hour * 60 + minute - offset) * 60 + second) * 1_000_000 + fraction;
}

/** The instant as text in UTC with six decimals, as it is answered. */
export function formatMicros(micros: Micros): string {
  const ms = Math.floor(micros / 1_000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros - ms * 1_000).padStart(3, '0')}Z`;
}

/** 100 (past every limit) when it isn't two digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 100;
}

/** Minutes east of UTC, or null when the text doesn't end in `Z` or an offset at this place. */
function offsetMinutes(text: string, at: number): number | null {
  const sign = text.charCodeAt(at);
  if ((sign === 90 || sign === 122) && text.length === at + 1) return 0; // Z or z
  if ((sign !== 43 && sign !== 45) || text.length !== at + 6 || text.charCodeAt(at + 3) !== 58) return null;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (hours > 23 || minutes > 59) return null;
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes);
}

function dayMicros(text: string): Micros | null {
  let micros = days.get(text);
  if (micros !== undefined) return micros;
  micros = computeDay(text);
  if (days.size >= MOST_DAYS) days.clear();
  days.set(text, micros);
  return micros;
}

function computeDay(text: string): Micros | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1970 || year > 2199) return null;
  const ms = Date.UTC(year, month - 1, day);
  const date = new Date(ms);
  // The 31st of a shorter month rolls over, and so is noticed.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  return (ms / 86_400_000) * DAY_MICROS;
}
