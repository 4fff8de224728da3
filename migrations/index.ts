import { CreateFoundation1795305600000 } from './1795305600000-create-foundation';
import { ExtendEvents1795312800000 } from './1795312800000-extend-events';

/** Every migration in the order it runs. A released one is never edited; a change is a new one. */
export const MIGRATIONS = [CreateFoundation1795305600000, ExtendEvents1795312800000] as const;
