import { Injectable } from '@nestjs/common';
import type { Counting, SpendEntry } from '../counting/counting-step';

/** Writes down what customers are charged more or less than was written down before, and says what caused it. */
@Injectable()
export class SpendCounter {
  // eslint-disable-next-line @typescript-eslint/require-await
  async count(_counting: Counting): Promise<readonly SpendEntry[]> {
    return [];
  }
}
