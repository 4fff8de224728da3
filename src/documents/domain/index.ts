export type * from './invoice-document';
export * from './shown';
export * from './lines-csv';
export * from './ubl';
export * from './ubl-credit-note';
