import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * Customers of Alibaba Cloud Model Studio, as published with ServeGen (alibaba/ServeGen @f891d118, Apache-2.0; Xiang et
 * al., arXiv 2505.09999): requests per client and 10 minutes, token counts per client and 6 hours. The data lies beside the
 * project, not in it.
 */
const FOLDER = join(__dirname, '../../../shared/data');
const REQUESTS = join(FOLDER, 'servegen_requests_dev.csv.gz');
const TOKENS = join(FOLDER, 'servegen_tokens_dev.csv.gz');

export const HAS_SERVEGEN = existsSync(REQUESTS) && existsSync(TOKENS);

/** Seconds. */
const WINDOW = 21_600;
/** The parts of a request that are sent in, and what comes back. */
const INPUT_FIELDS = ['input_tokens', 'text_tokens', 'image_tokens'];
const OUTPUT_FIELDS = ['output_tokens'];

/** What one client used in six hours. */
export interface ClientWindow {
  /** `m-large`, `m-mid`, `deepseek-r1` or `mm-image`. */
  readonly model: string;
  readonly client: string;
  /** Seconds since the trace began. */
  readonly start: number;
  readonly requests: number;
  /** Estimated, as the data's README says: requests times the mean of the window. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

function rowsOf(file: string): Record<string, string>[] {
  const [head, ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  const columns = head!.trimEnd().split(',');
  return lines.map((line) => {
    const values = line.trimEnd().split(',');
    return Object.fromEntries(columns.map((column, index) => [column, values[index]!]));
  });
}

/** Means of a field by window, client and model: what isn't there for one is taken from the next wider. */
class Means {
  private readonly sums = new Map<string, { sum: number; count: number }>();

  add(keys: readonly string[], mean: number): void {
    for (const key of keys) {
      const known = this.sums.get(key) ?? { sum: 0, count: 0 };
      this.sums.set(key, { sum: known.sum + mean, count: known.count + 1 });
    }
  }

  of(keys: readonly string[]): number {
    const found = keys.map((key) => this.sums.get(key)).find((known) => known !== undefined);
    return found === undefined ? 0 : found.sum / found.count;
  }
}

const keysOf = (model: string, client: string, start: number, field: string) => [
  `${field} ${model} ${client} ${start}`,
  `${field} ${model} ${client}`,
  `${field} ${model}`,
];

/** Every six hours in which a client sent requests. Where no distribution is stored, the client's own mean stands in, else the model's. */
export function clientWindows(): ClientWindow[] {
  const means = new Means();
  for (const { model, client, window_start_s, field, mean } of rowsOf(TOKENS)) {
    means.add(keysOf(model!, client!, Number(window_start_s), field!), Number(mean));
  }
  const requests = new Map<string, { model: string; client: string; start: number; requests: number }>();
  for (const { model, client, window_start_s, requests: count } of rowsOf(REQUESTS)) {
    const start = Math.floor(Number(window_start_s) / WINDOW) * WINDOW;
    const key = `${model} ${client} ${start}`;
    const known = requests.get(key) ?? { model: model!, client: client!, start, requests: 0 };
    requests.set(key, { ...known, requests: known.requests + Number(count) });
  }
  return [...requests.values()].map((window) => {
    const { model, client, start } = window;
    const tokens = (fields: readonly string[]) =>
      Math.round(
        fields.reduce((all, field) => all + means.of(keysOf(model, client, start, field)), 0) * window.requests,
      );
    return { ...window, inputTokens: tokens(INPUT_FIELDS), outputTokens: tokens(OUTPUT_FIELDS) };
  });
}
