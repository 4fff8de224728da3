import {
  Column,
  type ColumnOptions,
  DefaultNamingStrategy,
  type NamingStrategyInterface,
  type ValueTransformer,
} from 'typeorm';
import { Decimal, decimalText } from '../../kernel';

/** `createdAt` in code is `created_at` in SQL. */
export class SnakeCaseNames extends DefaultNamingStrategy implements NamingStrategyInterface {
  override columnName(property: string, custom: string | undefined): string {
    return custom ?? property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
}

const decimalTransformer: ValueTransformer = {
  to: (value: Decimal | null | undefined) => (value === null || value === undefined ? value : decimalText(value)),
  from: (value: string | null) => (value === null ? null : new Decimal(value)),
};

/** A `numeric` column that is a `Decimal` in code: an amount of money or a quantity, never a float. */
export function DecimalColumn(options: Pick<ColumnOptions, 'nullable'> = {}): PropertyDecorator {
  return Column('numeric', { ...options, transformer: decimalTransformer });
}

/** A `bigint` column that counts something and is a number in code; refuses to pass 2^53. */
export function CountColumn(): PropertyDecorator {
  return Column('bigint', {
    transformer: {
      to: (value: number) => value,
      from: (value: string) => {
        const count = Number(value);
        if (!Number.isSafeInteger(count)) throw new RangeError(`A count of ${value} is past what can be counted here.`);
        return count;
      },
    },
  });
}
