import { grouped } from '../client';
import type { Counts } from './checkpoint';
import type { Refusal } from './run';

/** Refused rows by their reason, for the report: each reason with its number and its first rows. */
export class Refusals {
  private readonly byReason = new Map<string, { code: string; detail: string; rows: number; lines: number[] }>();

  add({ code, field, detail, line }: Refusal): void {
    // Details name values; a reason is the same whichever customer is unknown.
    const key = `${code} ${field ?? ''}`;
    let reason = this.byReason.get(key);
    if (reason === undefined) this.byReason.set(key, (reason = { code, detail, rows: 0, lines: [] }));
    reason.rows += 1;
    if (reason.lines.length < SHOWN_LINES) reason.lines.push(line);
  }

  /** The most frequent first. */
  all(): { code: string; detail: string; rows: number; lines: number[] }[] {
    return [...this.byReason.values()].sort((a, b) => b.rows - a.rows);
  }
}

const SHOWN_LINES = 5;

export interface ImportReport {
  readonly file: string;
  readonly dryRun: boolean;
  readonly rows: number;
  /** Rows that an earlier run had answered; they are in the counts. */
  readonly resumedAfter: number;
  readonly counts: Counts;
  readonly refusals: ReturnType<Refusals['all']>;
}

/** The report as text for people. */
export function reportText({ file, dryRun, rows, resumedAfter, counts, refusals }: ImportReport): string {
  const { accepted, duplicates, rejected } = counts;
  const lines = [
    `${dryRun ? 'Dry run of' : 'Imported'} ${file}: ${grouped(rows)} rows${resumedAfter > 0 ? `, going on after row ${grouped(resumedAfter)}` : ''}.`,
    `  ${dryRun ? 'would be accepted' : 'accepted'}  ${grouped(accepted)}`,
    `  ${dryRun ? 'there already    ' : 'already there'}  ${grouped(duplicates)}`,
    `  ${dryRun ? 'would be refused ' : 'refused'}  ${grouped(rejected)}`,
  ];
  for (const { code, detail, rows: count, lines: first } of refusals) {
    const where = `line${first.length > 1 ? 's' : ''} ${first.join(', ')}${count > first.length ? ', …' : ''}`;
    lines.push(`    ${grouped(count)} × ${code} (${where}): ${detail}`);
  }
  return `${lines.join('\n')}\n`;
}
