import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { scripts } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  scripts: { start: string };
};

/** npm runs a script in a shell, and gives a SIGTERM of its own to that shell only. `exec` makes the shell become the
 *  server; what follows `||` is for Windows, whose shell has no `exec` (and which has no SIGTERM). */
const onPosix = process.platform === 'win32' ? describe.skip : describe;

onPosix('the start script', () => {
  const directory = mkdtempSync(join(tmpdir(), 'weir-start-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** Runs `start` as npm does, over a server that is only a few lines. */
  function start(server: string) {
    mkdirSync(join(directory, 'dist/src'), { recursive: true });
    writeFileSync(join(directory, 'dist/src/main.js'), server);
    return spawn('sh', ['-c', scripts.start], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
  }

  it('passes SIGTERM on to the server, which drains before it ends', async () => {
    const shell = start(`
      process.on('SIGTERM', () => setTimeout(() => { console.log('drained'); process.exit(0); }, 50));
      setInterval(() => {}, 1_000);
      console.log('up');
    `);
    let said = '';
    shell.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (said === 'up\n') shell.kill('SIGTERM');
    });

    const [code] = await once(shell, 'close');

    expect({ code, said }).toEqual({ code: 0, said: 'up\ndrained\n' });
  });

  it('starts the server once, and ends with its exit code', async () => {
    const shell = start("console.log('up'); process.exit(3);");
    let said = '';
    shell.stdout.on('data', (text: Buffer) => (said += text.toString()));

    const [code] = await once(shell, 'close');

    expect({ code, said }).toEqual({ code: 3, said: 'up\n' });
  });
});
