export { hasRawUsage, normaliseUsage, type NormalisedUsage } from './normalise-usage';
export { readRawUsage } from './read-raw-usage';
