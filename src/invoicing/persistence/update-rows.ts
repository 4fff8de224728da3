import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';

/** Rows in one statement. */
const AT_ONCE = 1_000;

/** Writes some fields of rows that are there, however many, with one statement; the rows are found by their primary key. */
export async function updateRows<Row extends ObjectLiteral>(
  db: EntityManager,
  entity: EntityTarget<Row>,
  rows: readonly Row[],
  fields: readonly (keyof Row & string)[],
): Promise<void> {
  const { tableName, columns, primaryColumns } = db.dataSource.getMetadata(entity);
  const written = columns.filter(({ propertyName }) => fields.includes(propertyName));
  const sent = [...primaryColumns, ...written];
  const set = written.map(({ databaseName: name }) => `"${name}" = news."${name}"`).join(', ');
  const same = primaryColumns.map(({ databaseName: name }) => `stored."${name}" = news."${name}"`).join(' AND ');
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    const texts = rows.slice(from, from + AT_ONCE).map((row) =>
      Object.fromEntries(
        sent.map(({ databaseName, propertyName, transformer }) => {
          const value: unknown = row[propertyName];
          const plain: unknown =
            transformer === undefined || Array.isArray(transformer) ? value : (transformer.to(value) as unknown);
          return [databaseName, plain ?? null];
        }),
      ),
    );
    await db.query(
      `UPDATE "${tableName}" AS stored SET ${set} FROM json_populate_recordset(NULL::"${tableName}", $1::json) AS news WHERE ${same}`,
      [JSON.stringify(texts)],
    );
  }
}
