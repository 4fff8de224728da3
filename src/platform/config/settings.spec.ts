import { readSettings } from './settings';

describe('readSettings', () => {
  it('takes what is not given from the defaults, and an empty variable as not given', () => {
    const settings = readSettings({ WEIR_PORT: '', WEIR_OPERATOR_KEY: '', DATABASE_URL: '', PATH: '/bin' });
    expect(settings).toMatchObject({
      WEIR_HOST: '127.0.0.1',
      WEIR_PORT: 8787,
      WEIR_DATA_DIR: '.weir',
      WEIR_EVENT_MAX_AGE: 35 * 86_400_000,
      WEIR_EVENT_MAX_FUTURE: 300_000,
      WEIR_BODY_LIMIT: 16 * 1_048_576,
      WEIR_DRAFT_GRACE: 86_400_000,
      WEIR_BILLING_BATCHES: 2,
      WEIR_ADJUSTMENT_PERIODS: 12,
      WEIR_LOG_LEVEL: 'info',
    });
    expect(settings.DATABASE_URL).toBeUndefined();
    expect(settings).not.toHaveProperty('PATH');
  });

  it.each`
    environment                                        | says                                                                    | because
    ${{ WEIR_PROT: '1' }}                              | ${'Unknown setting WEIR_PROT (did you mean WEIR_PORT?)'}                | ${'a misspelt one is not ignored'}
    ${{ WEIR_DATABASE_URL: 'x' }}                      | ${'Unknown setting WEIR_DATABASE_URL'}                                  | ${'it is called DATABASE_URL'}
    ${{ WEIR_PROT: '1', WEIR_TELEPORT_RANGE_KM: '7' }} | ${'WEIR_PROT (did you mean WEIR_PORT?), WEIR_TELEPORT_RANGE_KM.'}       | ${'all of them are named, hints only where one is near'}
    ${{ weir_port: '1', WEIR_PORT: '70000' }}          | ${'WEIR_PORT must be a whole number from 0 to 65535'}                   | ${'out of range; names count by case'}
    ${{ WEIR_PORT: 'http' }}                           | ${'WEIR_PORT must be a whole number'}                                   | ${'a word'}
    ${{ WEIR_PORT: '80.5' }}                           | ${'WEIR_PORT must be a whole number'}                                   | ${'a fraction'}
    ${{ WEIR_PORT: '0x50' }}                           | ${'WEIR_PORT must be a whole number'}                                   | ${'not in digits'}
    ${{ WEIR_EVENT_MAX_AGE: '35' }}                    | ${'WEIR_EVENT_MAX_AGE must be a number with a unit'}                    | ${'35 of what?'}
    ${{ WEIR_EVENT_MAX_AGE: '35 days' }}               | ${'WEIR_EVENT_MAX_AGE must be a number with a unit'}                    | ${'no such unit'}
    ${{ WEIR_BODY_LIMIT: '-1mb' }}                     | ${'WEIR_BODY_LIMIT must be a number with a unit'}                       | ${'negative'}
    ${{ WEIR_BODY_LIMIT: '0mb' }}                      | ${'WEIR_BODY_LIMIT must be a number with a unit'}                       | ${'nothing would fit'}
    ${{ WEIR_LOG_LEVEL: 'loud' }}                      | ${'WEIR_LOG_LEVEL'}                                                     | ${'not one of them'}
    ${{ WEIR_OPERATOR_KEY: 'secret' }}                 | ${'WEIR_OPERATOR_KEY must have at least 24 characters'}                 | ${'easily guessed'}
    ${{ DATABASE_URL: 'mysql://root@127.0.0.1/weir' }} | ${'DATABASE_URL must be a connection string that starts with postgres'} | ${'another kind of database'}
    ${{ WEIR_PORT: 'x', WEIR_BODY_LIMIT: 'y' }}        | ${'WEIR_PORT must be a whole number from 0 to 65535; WEIR_BODY_LIMIT'}  | ${'everything that is wrong is said at once'}
  `('$environment: $because', ({ environment, says }) => {
    let message = '';
    try {
      readSettings(environment);
    } catch (error) {
      expect((error as Error).name).toBe('StartupError');
      message = (error as Error).message;
    }
    expect(message).toContain(says);
    expect(message).not.toContain('\n');
    // What may be a secret is not repeated.
    if ('WEIR_OPERATOR_KEY' in environment) expect(message).not.toContain(environment.WEIR_OPERATOR_KEY);
  });
});
