import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';

/** The least a server can do with the same requests: parse their JSON and answer with a little of it. */
async function main(): Promise<void> {
  const server = Fastify({ bodyLimit: 16 * 1024 * 1024 });
  server.post('/v1/events', (request, reply) => {
    const { body } = request;
    return reply.send({ accepted: Array.isArray(body) ? body.length : 1 });
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  process.send?.((server.server.address() as AddressInfo).port);
}

process.once('disconnect', () => process.exit(0));
void main();
