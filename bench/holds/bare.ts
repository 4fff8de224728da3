import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';

/** The least a server can do with the same requests: parse their JSON and answer with a little of it. */
async function main(): Promise<void> {
  const server = Fastify();
  let holds = 0;
  server.post('/v1/holds', (request, reply) => {
    const { estimate } = request.body as { estimate: { amount: string } };
    holds += 1;
    return reply.send({ decision: 'allow', hold: `hld_${holds}`, held: estimate.amount });
  });
  server.post('/v1/holds/:id/settle', (request, reply) => {
    const { amount } = request.body as { amount: string };
    return reply.send({ hold: (request.params as { id: string }).id, status: 'settled', settled: amount });
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  process.send?.((server.server.address() as AddressInfo).port);
}

process.once('disconnect', () => process.exit(0));
void main();
