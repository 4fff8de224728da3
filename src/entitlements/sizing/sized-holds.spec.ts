import { startTestServer, type TestServer } from '../../../test/support/server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const key of ['acme', 'fresh']) await server.api('POST', '/v1/customers', { key, name: key });
});
afterAll(() => server.stop());

const hold = async (customer: string, estimate: object, more: object = {}) =>
  (await server.api('POST', '/v1/holds', { customer, taskClass: 'answer', estimate, ...more })).body;

describe('a hold that names a task class and no amount', () => {
  it('is price_unknown before such work was seen', async () => {
    expect(await hold('acme', { taskClass: 'unheard' })).toMatchObject({ decision: 'deny', reason: 'price_unknown' });
  });

  it('holds what such work came to, of a customer who did it and of one who never did, and is reported', async () => {
    // 120 times 0.2, of which four came to 1.5: above 0.2 lie four of 120 and what was not seen, 5 in 121.
    for (let place = 0; place < 120; place += 1) {
      const { hold: id } = await hold('acme', { cost: '3' });
      await server.api('POST', `/v1/holds/${id}/settle`, { cost: place % 30 === 0 ? '1.5' : '0.2' });
    }
    const sized = await hold('acme', { taskClass: 'answer' });
    expect(sized).toMatchObject({
      decision: 'allow',
      held: { cost: '0.2' },
      sizing: { risk: 0.05, from: 'customer', samples: 120 },
    });
    expect(await hold('fresh', { taskClass: 'answer' })).toMatchObject({
      held: { cost: '0.2' },
      sizing: { risk: 0.05, from: 'class', samples: 120 },
    });

    const settled = await server.api('POST', `/v1/holds/${sized.hold}/settle`, { cost: '0.25' });
    expect(settled.body).toMatchObject({ status: 'settled', flags: ['overrun'] });
    const [answer] = (await server.api('GET', '/v1/hold-sizing')).body.classes;
    expect(answer).toMatchObject({
      taskClass: 'answer',
      sized: {
        holds: 1,
        held: '0.2',
        real: '0.25',
        overruns: 1,
        overrunAmount: '0.05',
        statedRisk: '0.05',
        verdict: 'too_few',
      },
      // 120 × 3 against 116 × 0.2 + 4 × 1.5.
      stated: { holds: 120, held: '360', real: '29.2', heldToReal: '12.3288', overruns: 0 },
    });
  });
});
