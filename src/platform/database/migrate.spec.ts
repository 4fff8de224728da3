import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connectionProblem } from './connection-problem';
import { migrate } from './migrate';

/** One message of PostgreSQL's protocol: its letter, its length, its body. */
function message(letter: string, ...parts: (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(`${part}\0`) : part)));
  const header = Buffer.alloc(5);
  header.write(letter, 0, 'latin1');
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

function int(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
}

function column(name: string): Buffer {
  return Buffer.concat([Buffer.from(`${name}\0`), int(0, 4), int(0, 2), int(25, 4), int(-1, 2), int(-1, 4), int(0, 2)]);
}

function value(text: string): Buffer {
  return Buffer.concat([int(text.length, 4), Buffer.from(text)]);
}

/** Answers as a PostgreSQL of long ago would: it lets everyone in and says how old it is. */
function oldPostgres(socket: Socket): void {
  const ready = message('Z', Buffer.from('I'));
  let greeted = false;
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    if (!greeted) {
      greeted = true;
      socket.write(Buffer.concat([message('R', int(0, 4)), ready]));
    } else if (data.toString('latin1', 0, 1) === 'Q') {
      socket.write(
        Buffer.concat([
          message('T', int(2, 2), column('number'), column('version')),
          message('D', int(2, 2), value('130014'), value('13.14')),
          message('C', 'SELECT 1'),
          ready,
        ]),
      );
    }
  });
}

describe('migrate', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer(oldPostgres);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterAll(() => new Promise((closed) => server.close(closed)));

  it('refuses a PostgreSQL that is too old, in one line', async () => {
    const { port } = server.address() as AddressInfo;
    await expect(migrate(`postgres://weir@127.0.0.1:${port}/weir`)).rejects.toMatchObject({
      name: 'StartupError',
      message: 'PostgreSQL 13.14 is too old: point DATABASE_URL at version 15 or newer.',
    });
  });
});

describe('connectionProblem', () => {
  it.each`
    url                                             | error                                                  | says
    ${'postgres://ada:secret@db.example:5433/weir'} | ${{ code: 'ECONNREFUSED' }}                            | ${"Can't reach PostgreSQL at db.example:5433/weir: nothing listens there. Check DATABASE_URL."}
    ${'postgres://ada:secret@db.example/weir'}      | ${{ code: '28P01' }}                                   | ${"Can't reach PostgreSQL at db.example/weir: the password is wrong. Check DATABASE_URL."}
    ${'postgres://db.example/weir?host=/run/pg'}    | ${{ code: 'ENOENT' }}                                  | ${"Can't reach PostgreSQL at /run/pg/weir: there is no such socket. Check DATABASE_URL."}
    ${'postgres:///weir'}                           | ${{ code: '3D000' }}                                   | ${"Can't reach PostgreSQL at localhost/weir: it has no such database. Check DATABASE_URL."}
    ${'postgresql://ada@/weir?host=%2Frun'}         | ${{ code: '57P03' }}                                   | ${'it is still starting or is shutting down'}
    ${'postgres://h/d'}                             | ${{ message: '', errors: [{ code: 'ECONNREFUSED' }] }} | ${'nothing listens there'}
    ${'postgres://h/d'}                             | ${{ message: 'self-signed certificate\nin chain' }}    | ${'self-signed certificate. Check'}
  `('$url, $error', ({ url, error, says }) => {
    const { message: line } = connectionProblem(url, error);
    expect(line).toContain(says);
    expect(line).not.toMatch(/secret|\n/);
  });
});
