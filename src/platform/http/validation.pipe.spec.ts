import { z } from 'zod';
import type { InvalidRequestError } from '../../kernel';
import { invalidRequest } from './validation.pipe';

describe('a request that its schema refuses', () => {
  const Plan = z.strictObject({ name: z.string(), prices: z.array(z.strictObject({ unit: z.enum(['hour', 'day']) })) });
  const Request = z.strictObject({ plan: z.union([z.literal('current'), z.union([z.string().max(9), Plan])]) });
  const fieldsOf = (request: unknown): InvalidRequestError['fields'] =>
    invalidRequest(Request.safeParse(request).error!.issues).fields;

  it.each`
    request                                                            | field                    | detail
    ${{ plan: { name: 'a', prices: [{ unit: 'month' }] } }}            | ${'plan.prices[0].unit'} | ${'Invalid option: expected one of "hour"|"day"'}
    ${{ plan: { name: 'a', prices: [{ unit: 'day', unti: 'day' }] } }} | ${'plan.prices[0].unti'} | ${'is not a field of this request'}
    ${{ plan: 5 }}                                                     | ${'plan'}                | ${'Invalid input'}
    ${{ plan: 'pro', plam: 'pro' }}                                    | ${'plam'}                | ${'is not a field of this request'}
  `('names $field of $request', ({ request, field, detail }) => {
    expect(fieldsOf(request)).toEqual([{ field, detail }]);
  });

  it('names every field of the form that was tried', () => {
    const prices = [{ unit: 'month' }, { unit: 'day' }, {}];
    expect(fieldsOf({ plan: { name: 1, prices } }).map(({ field }) => field)).toEqual([
      'plan.name',
      'plan.prices[0].unit',
      'plan.prices[2].unit',
    ]);
  });
});
