import { z } from 'zod';
import { key, text } from '../platform/http';

/** A feature as it is asked for, alone or in a file of plans. */
export const FeatureRequestSchema = z.strictObject({
  key: key().describe('Your own id for the feature.'),
  name: text(200).describe('For people.'),
  description: text(2_000).optional().describe('For people, such as what it includes.'),
});
