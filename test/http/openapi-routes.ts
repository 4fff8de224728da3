import type { TestServer } from '../support/server';

/** One operation of the OpenAPI document, such as `GET /v1/customers/{customer}`. */
export interface Route {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly operation: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- checked by what asks
}

/** Every operation the server documents, so that a test over all of them notices a new one. */
export async function routesOf(server: TestServer): Promise<Route[]> {
  const { body } = await server.api('GET', '/openapi.json', undefined, null);
  return Object.entries<Record<string, unknown>>(body.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
}
