export * from './draft-invoice';
