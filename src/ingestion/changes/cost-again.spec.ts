import { Decimal } from '../../kernel';
import type { StoredCost, StoredEvent } from '../../events';
import { isOtherCost, withCost } from './cost-again';

const cost = (status: StoredCost['status'], amount: bigint | null): StoredCost => ({
  status,
  amount,
  modelPriceId: 1,
  breakdown: null,
});
const event = (costStatus: StoredEvent['costStatus'], amount: string | null): StoredEvent =>
  ({ costStatus, amount: amount === null ? null : new Decimal(amount) }) as StoredEvent;

it.each`
  had                         | gets                               | other    | because
  ${event('priced', '0.1')}   | ${cost('priced', 10n ** 23n)}      | ${false} | ${'0.1 is 10^23 parts of 10^-24'}
  ${event('priced', '0.1')}   | ${cost('priced', 10n ** 23n + 1n)} | ${true}  | ${'the last digit counts'}
  ${event('pending', null)}   | ${cost('pending', null)}           | ${false} | ${'unknown stays unknown'}
  ${event('pending', null)}   | ${cost('priced', 0n)}              | ${true}  | ${'a known zero is not an unknown cost'}
  ${event('priced', '0')}     | ${cost('pending', null)}           | ${true}  | ${'nor the other way round'}
  ${event('reported', '0.1')} | ${cost('priced', 10n ** 23n)}      | ${true}  | ${'it is known from elsewhere now'}
  ${event('none', null)}      | ${cost('none', null)}              | ${false} | ${'nothing that costs'}
`('$had.costStatus $had.amount to $gets.status: $because', ({ had, gets, other }) => {
  expect(isOtherCost(had as StoredEvent, gets as StoredCost)).toBe(other);
  // What an event was given is not another cost than it has.
  expect(isOtherCost(withCost(had as StoredEvent, gets as StoredCost), gets as StoredCost)).toBe(false);
});
