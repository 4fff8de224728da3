import { StartupError } from '../startup-error';

/** The address in a connection string, without user, password or options. */
function addressOf(databaseUrl: string): string {
  try {
    const url = new URL(databaseUrl);
    const host = url.searchParams.get('host') ?? (url.host || 'localhost');
    return `${host}${url.pathname}`;
  } catch {
    return 'the given address';
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'it did not answer',
  ENOENT: 'there is no such socket',
  EACCES: 'the socket may not be opened by this user',
  '28P01': 'the password is wrong',
  '28000': 'it does not let this user in',
  '3D000': 'it has no such database',
  '57P03': 'it is still starting or is shutting down',
};

/** One line for a connection that failed. @returns StartupError for the reasons we can name, otherwise with the driver's words */
export function connectionProblem(databaseUrl: string, error: unknown): StartupError {
  const { code, message, errors } = error as { code?: string; message?: string; errors?: { code?: string }[] };
  const known = code ?? errors?.[0]?.code ?? '';
  const reason = REASONS[known] ?? (message || known || 'unknown reason').split('\n')[0];
  return new StartupError(`Can't reach PostgreSQL at ${addressOf(databaseUrl)}: ${reason}. Check DATABASE_URL.`);
}
