export { type GenaiCatalogue, catalogueVersion, compileGenaiCatalogue, readCatalogue } from './genai-prices';
