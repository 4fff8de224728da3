import { table } from '../client';

/** One thing of a file, and what becomes of it on the server. */
export interface Change {
  readonly kind: 'feature' | 'meter' | 'plan';
  readonly key: string;
  readonly action: 'create' | 'new_version' | 'unchanged';
  /** Of a plan. */
  readonly version: number | null;
  readonly fields: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
}

const LONGEST_VALUE = 44;

/**
 * What applying a file changes, for people: a row for each thing that is made or gets a new version, below it the fields
 * that differ, and a last line that counts.
 */
export function changesTable(changes: readonly Change[], dryRun: boolean): string {
  const rows = changes
    .filter(({ action }) => action !== 'unchanged')
    .flatMap((change) => [
      [`${change.kind} ${change.key}`, '', whatBecomes(change)],
      ...change.fields.map(({ field, before, after }) => [`  ${field}`, shown(before), shown(after)]),
    ]);
  const columns = ['what', 'before', 'after'].map((title) => ({ title, align: 'left' as const }));
  const lines = rows.length === 0 ? [] : [...table(columns, rows, Number.POSITIVE_INFINITY), ''];
  return `${[...lines, summary(changes, dryRun)].join('\n')}\n`;
}

function whatBecomes({ action, version }: Change): string {
  const of = version === null ? '' : ` ${action === 'create' ? 'as version' : 'version'} ${version}`;
  return action === 'create' ? `made${of}` : `published as${of}`;
}

/** A value as JSON on one line, cut where it is long; nothing where there is none. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return '–';
  const text = typeof value === 'string' ? JSON.stringify(value).slice(1, -1) : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
}

function summary(changes: readonly Change[], dryRun: boolean): string {
  const count = (action: Change['action']): number => changes.filter((change) => change.action === action).length;
  const made = count('create');
  const versions = count('new_version');
  const unchanged = count('unchanged');
  if (made + versions === 0) return `Nothing to change: ${unchanged} there already.`;
  const counts = `${made} made, ${versions} published as a new version, ${unchanged} unchanged.`;
  return dryRun ? `Dry run, nothing was changed. It would be: ${counts}` : `Done: ${counts}`;
}
