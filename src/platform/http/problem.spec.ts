import { QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { BadRequestException, HttpException, NotFoundException } from '@nestjs/common';
import {
  ConflictError,
  DomainError,
  type ErrorKind,
  InvalidRequestError,
  InvariantError,
  NotFoundError,
} from '../../kernel';
import { toProblem } from './problem';
import { fieldPath, invalidRequest } from './validation.pipe';

class OfKind extends DomainError {
  readonly code = 'some_code';
  constructor(readonly kind: ErrorKind) {
    super('Some words.', [{ field: 'a', detail: 'is wrong' }]);
  }
}

it.each`
  kind                 | status
  ${'malformed'}       | ${400}
  ${'unauthenticated'} | ${401}
  ${'refused'}         | ${402}
  ${'forbidden'}       | ${403}
  ${'missing'}         | ${404}
  ${'conflict'}        | ${409}
  ${'too_large'}       | ${413}
  ${'invalid'}         | ${422}
  ${'unavailable'}     | ${503}
`('$kind is $status, in the words of the error', ({ kind, status }) => {
  expect(toProblem(new OfKind(kind))).toEqual({
    type: 'about:blank',
    title: expect.stringMatching(/^[A-Z]/),
    status,
    code: 'some_code',
    detail: 'Some words.',
    errors: [{ field: 'a', detail: 'is wrong' }],
  });
});

it('says nothing of fields where none is to blame', () => {
  expect(toProblem(new ConflictError('some_code', 'Some words.'))).not.toHaveProperty('errors');
});

it.each`
  error                                                            | status | code                        | because
  ${new NotFoundException('Cannot GET /x')}                        | ${404} | ${'not_found'}              | ${'no route'}
  ${new BadRequestException('odd')}                                | ${400} | ${'malformed_request'}      | ${'Nest refuses'}
  ${new HttpException('short and stout', 418)}                     | ${418} | ${'bad_request'}            | ${'a status without a better code'}
  ${Object.assign(new Error('big'), { statusCode: 413 })}          | ${413} | ${'body_too_large'}         | ${'Fastify refuses'}
  ${Object.assign(new Error('odd type'), { statusCode: 415 })}     | ${415} | ${'unsupported_media_type'} | ${'the same'}
  ${Object.assign(new Error('long'), { statusCode: 414 })}         | ${414} | ${'uri_too_long'}           | ${'the same'}
  ${Object.assign(new Error('too many'), { code: '53300' })}       | ${503} | ${'unavailable'}            | ${'PostgreSQL has no connection left'}
  ${Object.assign(new Error('deadlock'), { code: '40P01' })}       | ${503} | ${'unavailable'}            | ${'trying again helps'}
  ${Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })} | ${503} | ${'unavailable'}            | ${'PostgreSQL is not there'}
  ${new QueryRunnerProviderAlreadyReleasedError()}                 | ${503} | ${'unavailable'}            | ${'it went away between two statements'}
  ${new Error('Connection terminated unexpectedly')}               | ${503} | ${'unavailable'}            | ${'it went away'}
`('$code: $because', ({ error, status, code }) => {
  expect(toProblem(error)).toMatchObject({ status, code, detail: expect.stringMatching(/./) });
});

it.each([
  ['a bug', new TypeError("Cannot read properties of undefined (reading 'secret')")],
  ['what must not happen', new InvariantError('secret')],
  ['a constraint', Object.assign(new Error('violates "secret"'), { code: '23505' })],
  ['a status that is no refusal', Object.assign(new Error('secret'), { statusCode: 200 })],
  ['a server error of a library', new HttpException('secret', 500)],
  ['text', 'secret'],
  ['nothing', {}],
])('%s is a 500 that gives nothing away', (_, thrown) => {
  const problem = toProblem(thrown);
  expect(problem).toMatchObject({ status: 500, code: 'internal_error' });
  expect(JSON.stringify(problem)).not.toContain('secret');
});

it('a thing that is not there is named, cut to what one can read', () => {
  expect(toProblem(new NotFoundError('test clock', 'clk_1', 'testClock'))).toMatchObject({
    status: 404,
    code: 'test_clock_not_found',
    detail: "There is no test clock 'clk_1' here.",
    errors: [{ field: 'testClock' }],
  });
  expect(toProblem(new NotFoundError('meter', 'x'.repeat(10_000))).detail.length).toBeLessThan(150);
});

it.each`
  path                                   | shown
  ${[]}                                  | ${'body'}
  ${undefined}                           | ${'body'}
  ${['name']}                            | ${'name'}
  ${['prices', 0, 'charge', 'tiers', 2]} | ${'prices[0].charge.tiers[2]'}
  ${[3, 'id']}                           | ${'[3].id'}
  ${[{ key: 'prices' }, { key: 1 }]}     | ${'prices[1]'}
`('the way to a field: $shown', ({ path, shown }) => {
  expect(fieldPath(path)).toBe(shown);
});

it('every field that a schema refuses is listed, unknown ones by their names, and twenty at most', () => {
  const issue = (path: PropertyKey[], message: string, more = {}) => ({ path, message, ...more });
  const few = invalidRequest([
    issue(['a'], 'is wrong'),
    issue(['b'], 'Unrecognized keys', { keys: ['x', 'y'.repeat(500)] }),
  ]);
  expect(few).toBeInstanceOf(InvalidRequestError);
  expect(few.message).toBe('a: is wrong');
  expect(few.fields.map(({ field }) => field)).toEqual(['a', 'b.x', `b.${'y'.repeat(100)}`]);

  const many = invalidRequest(Array.from({ length: 100 }, (_, index) => issue([`f${index}`], 'is wrong')));
  expect(many.fields).toHaveLength(20);
});
