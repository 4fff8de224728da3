import type { Client } from 'pg';
import { BenchError } from './bench-error';

/** What invoices consist of; the first has one row for each. */
const TABLES = ['invoice', 'invoice_line'] as const;
/** Invoices in one statement of the quicker way. */
const INVOICES_A_STATEMENT = 100;
/** Most parameters of a statement. */
const MOST_PARAMETERS = 65_535;

type Row = readonly (string | null)[];

/** Rows of a table, as text that PostgreSQL reads as it wrote it. */
interface Rows {
  readonly columns: readonly string[];
  /** The place of the invoice's id. */
  readonly invoice: number;
  readonly rows: readonly Row[];
}

/** Invoices that are stored, read back: what the baseline inserts. */
export interface StoredInvoices {
  readonly invoices: Rows;
  readonly lines: Rows;
}

/**
 * Inserts the very rows that Weir stored into tables of the same columns, indexes and checks, without triggers, foreign
 * keys and row-level security: less work than the real tables ask for.
 */
export class PlainInserts {
  private constructor(private readonly client: Client) {}

  static async prepare(client: Client): Promise<PlainInserts> {
    for (const table of TABLES) await client.query(`CREATE TABLE ${table}_copy (LIKE ${table} INCLUDING ALL)`);
    return new PlainInserts(client);
  }

  /** The invoices of periods that begin at an instant, with their lines. */
  async read(periodStart: Date): Promise<StoredInvoices> {
    const where = `period_start = '${periodStart.toISOString()}'`;
    return {
      invoices: await this.rowsOf('invoice', 'id', where),
      lines: await this.rowsOf('invoice_line', 'invoice_id', `invoice_id IN (SELECT id FROM invoice WHERE ${where})`),
    };
  }

  /** As a program does that writes one invoice after the other: a transaction each, a prepared INSERT a row. @returns seconds */
  async oneByOne({ invoices, lines }: StoredInvoices): Promise<number> {
    const linesOf = new Map<string, Row[]>();
    for (const line of lines.rows) {
      const invoice = line[lines.invoice]!;
      linesOf.set(invoice, [...(linesOf.get(invoice) ?? []), line]);
    }
    const invoiceSql = insertOf('invoice_copy', invoices.columns, 1);
    const lineSql = insertOf('invoice_line_copy', lines.columns, 1);

    return this.timed(async () => {
      for (const invoice of invoices.rows) {
        await this.client.query('BEGIN');
        await this.client.query({ name: 'invoice', text: invoiceSql, values: [...invoice] });
        for (const line of linesOf.get(invoice[invoices.invoice]!) ?? [])
          await this.client.query({ name: 'line', text: lineSql, values: [...line] });
        await this.client.query('COMMIT');
      }
    });
  }

  /** As a program does that writes many at once: a hundred invoices, and their lines, in a statement each. @returns seconds */
  async manyAtOnce({ invoices, lines }: StoredInvoices): Promise<number> {
    const linesEach = Math.ceil(lines.rows.length / invoices.rows.length);
    return this.timed(async () => {
      let line = 0;
      for (let first = 0; first < invoices.rows.length; first += INVOICES_A_STATEMENT) {
        const some = invoices.rows.slice(first, first + INVOICES_A_STATEMENT);
        await this.client.query('BEGIN');
        await this.insertAll('invoice_copy', invoices.columns, some);
        await this.insertAll(
          'invoice_line_copy',
          lines.columns,
          lines.rows.slice(line, line + some.length * linesEach),
        );
        await this.client.query('COMMIT');
        line += some.length * linesEach;
      }
    });
  }

  /** Between one way and the other. @throws BenchError when not all rows are there */
  async empty({ invoices, lines }: StoredInvoices): Promise<void> {
    for (const [table, wanted] of [
      ['invoice_copy', invoices],
      ['invoice_line_copy', lines],
    ] as const) {
      const { rows } = await this.client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
      if (rows[0]!.count !== wanted.rows.length) throw new BenchError(`Not every row of ${table} was inserted.`);
      await this.client.query(`TRUNCATE ${table}`);
    }
    await this.client.query('CHECKPOINT');
  }

  private async insertAll(table: string, columns: readonly string[], rows: readonly Row[]): Promise<void> {
    const most = Math.floor(MOST_PARAMETERS / columns.length);
    for (let first = 0; first < rows.length; first += most) {
      const some = rows.slice(first, first + most);
      const name = `${table} ${some.length}`;
      await this.client.query({ name, text: insertOf(table, columns, some.length), values: some.flat() });
    }
  }

  private async rowsOf(table: (typeof TABLES)[number], invoice: string, where: string): Promise<Rows> {
    const { rows: found } = await this.client.query<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position`,
      [table],
    );
    const columns = found.map(({ name }) => name);
    const { rows } = await this.client.query<Row>({
      text: `SELECT ${columns.map((name) => `${name}::text`).join(', ')} FROM ${table} WHERE ${where} ORDER BY ${invoice}`,
      rowMode: 'array',
    } as never);
    return { columns, invoice: columns.indexOf(invoice), rows };
  }

  private async timed(work: () => Promise<void>): Promise<number> {
    const startedAt = performance.now();
    await work();
    return (performance.now() - startedAt) / 1_000;
  }
}

function insertOf(table: string, columns: readonly string[], rows: number): string {
  const row = (index: number): string =>
    `(${columns.map((_, place) => `$${index * columns.length + place + 1}`).join(', ')})`;
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array.from({ length: rows }, (_, index) => row(index)).join(', ')}`;
}
