export { decodeJsonExport } from './decode-json';
export { decodeProtobufExport } from './decode-protobuf';
export { type Encoding, exportAnswer, failureAnswer } from './export-answer';
export { readExport, refusedSpans } from './read-export';
