const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const UNIT_BYTES: Readonly<Record<string, number>> = { b: 1, kb: 1_024, mb: 1_048_576, gb: 1_073_741_824 };

function parseWithUnit(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^(\d{1,12})([a-z]{1,2})$/.exec(text.trim().toLowerCase());
  const factor = match === null ? undefined : units[match[2]!];
  return match === null || factor === undefined ? null : Number(match[1]) * factor;
}

/** Milliseconds in a text such as `90s`, `5m`, `12h` or `35d`; null when it is not one. */
export function parseDuration(text: string): number | null {
  return parseWithUnit(text, UNIT_MS);
}

/** Bytes in a text such as `512kb` or `16mb`; null when it is not one. */
export function parseSize(text: string): number | null {
  return parseWithUnit(text, UNIT_BYTES);
}
