import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * Requests to size holds for, in the order in which they began. From Azure/AzurePublicDataset (CC-BY 4.0; Patel et al.,
 * "Splitwise", ISCA 2024): every request of one chat and one code service in an hour. From alibaba/ServeGen (Apache-2.0;
 * Xiang et al., arXiv 2505.09999): quantiles of each client's outputs by six hours, from which requests are drawn. The data
 * lies beside the project, not in it.
 */
const FOLDER = join(__dirname, '../../../shared/data');
export const HAS_AZURE = ['conv', 'code'].every((service) => existsSync(azureFile(service)));
const TOKENS = join(FOLDER, 'servegen_tokens_dev.csv.gz');
const REQUESTS = join(FOLDER, 'servegen_requests_dev.csv.gz');
export const HAS_SERVEGEN_TOKENS = existsSync(TOKENS) && existsSync(REQUESTS);

export interface TracedRequest {
  readonly customer: string;
  /** Seconds. */
  readonly at: number;
  /** 0 where the trace tells outputs only. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

function azureFile(service: string): string {
  return join(FOLDER, `azure_llm_2023_${service}.csv.gz`);
}

function rowsOf(file: string): Record<string, string>[] {
  const [head, ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  const columns = head!.trimEnd().split(',');
  return lines.map((line) => {
    const values = line.trimEnd().split(',');
    return Object.fromEntries(columns.map((column, index) => [column, values[index]!]));
  });
}

/** One service is one customer with one task class. */
export function azureRequests(service: 'conv' | 'code'): TracedRequest[] {
  return rowsOf(azureFile(service)).map(({ TIMESTAMP, ContextTokens, GeneratedTokens }) => ({
    customer: service,
    at: Date.parse(`${TIMESTAMP!.slice(0, 23).replace(' ', 'T')}Z`) / 1000,
    inputTokens: Number(ContextTokens),
    outputTokens: Number(GeneratedTokens),
  }));
}

/** A generator that gives the same numbers every time. (Numerical Recipes' linear congruence.) */
function numbers(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Six hours, in seconds. */
const WINDOW = 21_600;

/**
 * Of each client and six hours at most `perWindow` requests, spread over them. A request's output lies between the published
 * quantiles of its window in a straight line; beyond the 99th it goes on to half as much again.
 */
export function servegenRequests(model: string, perWindow: number): TracedRequest[] {
  const requests = new Map<string, number>();
  for (const row of rowsOf(REQUESTS)) {
    const key = `${row['model']} ${row['client']} ${Math.floor(Number(row['window_start_s']) / WINDOW) * WINDOW}`;
    requests.set(key, (requests.get(key) ?? 0) + Number(row['requests']));
  }
  const next = numbers();
  return rowsOf(TOKENS)
    .filter((row) => row['model'] === model && row['field'] === 'output_tokens')
    .flatMap((row) => {
      const [customer, start] = [row['client']!, Number(row['window_start_s'])];
      const sent = Math.min(perWindow, requests.get(`${model} ${customer} ${start}`) ?? 0);
      return Array.from({ length: sent }, () => ({
        customer,
        at: start + WINDOW * next(),
        inputTokens: 0,
        outputTokens: drawn(row, next()),
      }));
    })
    .sort((one, other) => one.at - other.at);
}

const QUANTILES: readonly (readonly [number, string])[] = [
  [0.05, 'p5'],
  [0.25, 'p25'],
  [0.5, 'p50'],
  [0.75, 'p75'],
  [0.95, 'p95'],
  [0.99, 'p99'],
];

function drawn(row: Record<string, string>, chance: number): number {
  const known = QUANTILES.map(([share, column]) => [share, Number(row[column])] as const);
  const points = [[0, 1] as const, ...known, [1, 1.5 * known.at(-1)![1]] as const];
  const upper = points.findIndex(([share]) => share >= chance);
  if (upper <= 0) return 1;
  const [[from, low], [to, high]] = [points[upper - 1]!, points[upper]!];
  return Math.max(1, Math.round(low + ((high - low) * (chance - from)) / (to - from)));
}
