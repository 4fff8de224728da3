import { parseArgs } from 'node:util';
import { apiKeyOf, refusal, serverOf, unreadableFlags } from '../client';

export const HELP = `Keeps plans, meters and features in a file.

  npx weir plans apply FILE [flags]        make and publish what FILE says, where it isn't so
  npx weir plans export [FILE] [flags]     write what is on sale into FILE, or to the screen
  npx weir plans templates [NAME] [flags]  the plans to start from; with NAME one of them, as a file

FILE is YAML or JSON with \`features\`, \`meters\` and \`plans\`, as POST /v1/plans/apply takes them;
- is the standard input. What FILE doesn't name stays as it is. Nothing is done by halves: all of it
holds afterwards, or the server refused it and nothing has changed.

where to
  --url URL      the server (default: WEIR_URL, else http://127.0.0.1:8787)
  --key KEY      an API key (default: WEIR_KEY); apply needs the scope manage, the others read

how
  --dry-run      apply: show what would change, and change nothing
  --reason TEXT  apply: why a plan is published though its margin would be below your floor
  --json         print the server's answer as JSON
  --help         show this

exit codes
  0  done; with --dry-run: it could be done
  1  the server could not be reached, or the program broke
  2  the file, a flag or the server's answer says no
`;

interface Where {
  readonly url: string;
  readonly apiKey: string;
  readonly json: boolean;
}

/** What the command line asks for. Paths are as written; `main` resolves them. */
export type PlansOptions =
  | (Where & {
      readonly command: 'apply';
      readonly file: string;
      readonly dryRun: boolean;
      readonly reason: string | null;
    })
  | (Where & { readonly command: 'export'; readonly file: string | null })
  | (Where & { readonly command: 'templates'; readonly name: string | null });

/**
 * Reads the command line.
 *
 * @param args what follows `weir plans`
 * @param env  where address and key may stand instead
 * @returns    the options, or `help` when that is all that was asked for
 * @throws     ProgramError (exit code 2) that names the flag and says what it takes
 */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): PlansOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help === true) return 'help';

  const [command, file = null, stray] = positionals;
  if (command === undefined) throw refusal('Say what to do: apply, export or templates');
  if (stray !== undefined) throw refusal(`One at a time: '${stray.slice(0, 80)}' is a second one`);
  if (command !== 'apply') {
    if (values['dry-run'] === true) throw refusal('--dry-run goes with apply');
    if (values.reason !== undefined) throw refusal('--reason goes with apply');
  }
  const apiKey = apiKeyOf(values.key, env);
  const url = serverOf(values.url, env);
  const where = { url, apiKey, json: values.json ?? false };

  switch (command) {
    case 'apply': {
      if (file === null || file === '') throw refusal('Name the file to apply');
      return { ...where, command, file, dryRun: values['dry-run'] ?? false, reason: values.reason ?? null };
    }
    case 'export':
      return { ...where, command, file };
    case 'templates':
      return { ...where, command, name: file };
    default:
      throw refusal(`'${command.slice(0, 40)}' is none of apply, export and templates`);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: { type: 'string' },
        key: { type: 'string' },
        'dry-run': { type: 'boolean' },
        reason: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
      strict: true,
      allowPositionals: true,
    });
  } catch (error) {
    throw unreadableFlags(error);
  }
}
