import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProgramError, StoppedError } from '../client';
import { type DemoServer, startServer, type StartOptions } from './server';

/** Programs that stand in for the server: they are told by environment as it is, and answer by the ready file. */
const READY = `
  const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
  const { WEIR_READY_FILE: ready, WEIR_DATA_DIR: data } = process.env;
  const first = !existsSync(data);
  mkdirSync(data, { recursive: true });
  const settings = Object.entries(process.env).filter(([name]) => /^(WEIR|DATABASE|REDIS|PG)/.test(name));
  writeFileSync(data + '/settings.json', JSON.stringify(Object.fromEntries(settings)));
  writeFileSync(ready, '{"url":');
  setTimeout(() => writeFileSync(ready, JSON.stringify({
    url: 'http://127.0.0.1:1', ...(first ? { apiKey: 'weir_first' } : {}),
  }) + '\\n'), 100);
  const alive = setInterval(() => {}, 1000);
`;
const STOPS = `process.on('SIGTERM', () => { writeFileSync(data + '/stopped', ''); clearInterval(alive); });`;

describe('the demo’s server', () => {
  let folder: string;
  let stop: AbortController;
  let servers: DemoServer[];
  const logged: string[] = [];
  const start = async (program: string, more: Partial<StartOptions> = {}) => {
    const file = join(folder, 'program.js');
    writeFileSync(file, program);
    const onLog = (text: string) => logged.push(text);
    const server = await startServer({ folder, signal: stop.signal, onLog, program: file, ...more });
    servers.push(server);
    return server;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-server-spec-'));
    stop = new AbortController();
    servers = [];
  });
  afterEach(async () => {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true });
  });

  it('is reached by what the ready file says once it is whole, and ends in order', async () => {
    const server = await start(READY + STOPS);
    expect(server).toMatchObject({ url: 'http://127.0.0.1:1', apiKey: 'weir_first' });

    await Promise.all([server.stop(), server.stop()]);
    expect(existsSync(join(folder, 'data/stopped'))).toBe(true);
    expect(await server.ended).toBe('It said nothing (exit code 0).');
  });

  it('keeps its key, for the owner’s eyes only, since the server says it once', async () => {
    await (await start(READY + STOPS)).stop();
    expect(statSync(join(folder, 'private')).mode & 0o077).toBe(0);
    expect((await start(READY + STOPS)).apiKey).toBe('weir_first');
  });

  it('says so when the key to existing data is lost', async () => {
    await (await start(READY + STOPS)).stop();
    rmSync(join(folder, 'private'), { recursive: true });
    await expect(start(READY + STOPS)).rejects.toThrow(`The key to the data in ${folder} is lost`);
  });

  it('has the demo’s settings and none of the caller’s', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      DATABASE_URL: 'postgres://real',
      REDIS_URL: 'redis://real',
      WEIR_HOST: '::',
      PGHOST: 'x',
    });
    try {
      await start(READY + STOPS, { port: 8_999 });
    } finally {
      process.env = before;
    }
    expect(JSON.parse(readFileSync(join(folder, 'data/settings.json'), 'utf8'))).toEqual({
      WEIR_PORT: '8999',
      WEIR_DATA_DIR: join(folder, 'data'),
      WEIR_EVENT_MAX_AGE: '36500d',
      WEIR_LOG_LEVEL: 'warn',
      WEIR_READY_FILE: join(folder, 'private/ready.json'),
    });
  });

  it('that ends before it is ready tells why in one line', async () => {
    const starting = start(`console.error('warming up\\nThe port is taken.'); process.exitCode = 3;`);
    await expect(starting).rejects.toThrow(ProgramError);
    await expect(starting).rejects.toThrow('The server did not start. It says: The port is taken. (exit code 3)');
    expect(logged.join('')).toContain('warming up');
  });

  it('that ends by a fault tells the fault, not where it happened', async () => {
    const starting = start(
      `console.error('weir: QueryFailedError: permission denied\\n    at query (a.ts:1:2)'); process.exitCode = 1;`,
    );
    await expect(starting).rejects.toThrow('It says: weir: QueryFailedError: permission denied (exit code 1)');
  });

  it('whose program is missing tells so', async () => {
    await expect(start('', { program: join(folder, 'absent.js') })).rejects.toThrow('The server did not start.');
  });

  it('that dies later is noticed', async () => {
    const server = await start(READY + STOPS);
    process.kill(server.pid, 'SIGKILL');
    expect(await server.ended).toBe('It said nothing (ended by SIGKILL).');
  });

  it('is stopped when the demo is, also while it starts', async () => {
    const starting = start(
      `require('node:fs').writeFileSync(__dirname + '/pid', String(process.pid)); setInterval(() => {}, 1000);`,
    );
    const pidFile = join(folder, 'pid');
    while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '')
      await new Promise((soon) => setTimeout(soon, 20));
    stop.abort(new StoppedError());
    await expect(starting).rejects.toThrow(StoppedError);
    expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow('ESRCH');
  });
});
