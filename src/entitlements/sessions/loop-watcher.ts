import { Injectable } from '@nestjs/common';
import type { Counting } from '../counting/counting-step';

/** Looks at what agents did. */
@Injectable()
export class LoopWatcher {
  // eslint-disable-next-line @typescript-eslint/require-await
  async watch(_counting: Counting): Promise<void> {
    return;
  }
}
