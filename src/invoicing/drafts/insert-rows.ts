import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';

/** Rows in one statement: a few thousand lines of text, and the first of them is soon on its way. */
const AT_ONCE = 1_000;

/**
 * Inserts entities as they are, every column of them, with one parameter however many there are: an invoice's lines, or
 * those of a hundred invoices.
 */
export async function insertRows<Row extends ObjectLiteral>(
  db: EntityManager,
  entity: EntityTarget<Row>,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const { tableName, columns } = db.dataSource.getMetadata(entity);
  const names = columns.map(({ databaseName }) => `"${databaseName}"`).join(', ');
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    const texts = rows.slice(from, from + AT_ONCE).map((row) =>
      Object.fromEntries(
        columns.map(({ databaseName, propertyName, transformer }) => {
          const value: unknown = row[propertyName];
          const plain: unknown =
            transformer === undefined || Array.isArray(transformer) ? value : (transformer.to(value) as unknown);
          return [databaseName, plain ?? null];
        }),
      ),
    );
    await db.query(
      `INSERT INTO "${tableName}" (${names}) SELECT ${names} FROM json_populate_recordset(NULL::"${tableName}", $1::json)`,
      [JSON.stringify(texts)],
    );
  }
}
