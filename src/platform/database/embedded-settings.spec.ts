import { embeddedSettings, sharedBuffersMebibytes } from './embedded-settings';

const GIBIBYTE = 1024 ** 3;

it.each`
  memory            | megabytes | because
  ${24 * GIBIBYTE}  | ${256}    | ${'more is not worth it for a small install'}
  ${2 * GIBIBYTE}   | ${256}    | ${'an eighth is just the default'}
  ${GIBIBYTE}       | ${128}    | ${'a small machine gives an eighth'}
  ${64 * 1024 ** 2} | ${16}     | ${'PostgreSQL needs some to work at all'}
`('shared buffers of $megabytes MB: $because', ({ memory, megabytes }) => {
  expect(sharedBuffersMebibytes(memory)).toBe(megabytes);
});

describe('settings', () => {
  const given = { memoryBytes: GIBIBYTE, address: { socketDirectory: '/data/socket' }, fastButUnsafe: false };

  it('waits for the disk and listens on the socket alone, unless told otherwise', () => {
    expect(embeddedSettings({ ...given, overrides: {} })).toMatchObject({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      listen_addresses: '',
      unix_socket_directories: '/data/socket',
    });
  });

  it('lets the caller have the last word', () => {
    const settings = embeddedSettings({ ...given, fastButUnsafe: true, overrides: { fsync: 'on', work_mem: '64MB' } });
    expect(settings).toMatchObject({ fsync: 'on', synchronous_commit: 'off', work_mem: '64MB' });
  });

  it('listens on this machine only where there are no sockets', () => {
    const settings = embeddedSettings({ ...given, address: { port: 4711 }, overrides: {} });
    expect(settings).toMatchObject({ listen_addresses: '127.0.0.1', port: '4711' });
    expect(settings).not.toHaveProperty('unix_socket_directories');
  });
});
