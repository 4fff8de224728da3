import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  canDecode,
  decodedBody,
  decodingStream,
  InflatedTooLargeError,
  InvalidEncodingError,
  isCompressed,
} from './content-encoding';

const TEXT = Buffer.from('{"id":"e-1","type":"t","customer":"acme"}'.repeat(50));
const LIMIT = 1_000_000;

it.each`
  encoding      | body                                                                              | because
  ${undefined}  | ${TEXT}                                                                           | ${'nothing says that it is compressed'}
  ${''}         | ${TEXT}                                                                           | ${'an empty header says nothing'}
  ${'Identity'} | ${TEXT}                                                                           | ${'it says that it is not'}
  ${'gzip'}     | ${gzipSync(TEXT)}                                                                 | ${'what everybody can'}
  ${'GZIP'}     | ${gzipSync(TEXT)}                                                                 | ${'the name in any case'}
  ${'x-gzip'}   | ${gzipSync(TEXT)}                                                                 | ${'its old name'}
  ${'gzip'}     | ${Buffer.concat([gzipSync(TEXT.subarray(0, 900)), gzipSync(TEXT.subarray(900))])} | ${'several gzip files in a row are one'}
  ${'deflate'}  | ${deflateSync(TEXT)}                                                              | ${'deflate in the zlib format'}
  ${'br'}       | ${brotliCompressSync(TEXT)}                                                       | ${'Brotli'}
`('reads $encoding: $because', async ({ encoding, body }: { encoding: string | undefined; body: Buffer }) => {
  expect((await decodedBody(body, encoding, LIMIT)).equals(TEXT)).toBe(true);
  const stream = decodingStream(encoding);
  expect(stream === null).toBe(!isCompressed(encoding));
  if (stream === null) return;
  stream.end(body);
  expect(Buffer.concat(await stream.toArray()).equals(TEXT)).toBe(true);
});

it.each`
  encoding     | body                                        | because
  ${'gzip'}    | ${gzipSync(TEXT).subarray(0, 40)}           | ${'half a stream'}
  ${'gzip'}    | ${gzipSync(TEXT).subarray(0, -1)}           | ${'its last byte is missing'}
  ${'gzip'}    | ${Buffer.alloc(0)}                          | ${'nothing is no gzip stream'}
  ${'gzip'}    | ${TEXT}                                     | ${'it was never compressed'}
  ${'gzip'}    | ${deflateSync(TEXT)}                        | ${'another encoding'}
  ${'deflate'} | ${deflateRawSync(TEXT)}                     | ${'deflate without the zlib header'}
  ${'br'}      | ${brotliCompressSync(TEXT).subarray(0, 20)} | ${'half of Brotli'}
`('refuses $encoding: $because', async ({ encoding, body }: { encoding: string; body: Buffer }) => {
  const error: unknown = await decodedBody(body, encoding, LIMIT).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidEncodingError);
  expect(error).toMatchObject({ code: 'invalid_encoding', kind: 'malformed' });
});

it('limits what comes out, not what goes in: a bomb of a few kilobytes is refused', async () => {
  const bomb = gzipSync(Buffer.alloc(LIMIT + 1));
  expect(bomb.length).toBeLessThan(2_000);
  await expect(decodedBody(bomb, 'gzip', LIMIT)).rejects.toBeInstanceOf(InflatedTooLargeError);
  expect(await decodedBody(gzipSync(Buffer.alloc(LIMIT)), 'gzip', LIMIT)).toHaveLength(LIMIT);
});

it.each(['zstd', 'compress', 'gzip, gzip', 'gzip;q=1', '__proto__', 'none'])('does not know %s', async (encoding) => {
  expect(canDecode(encoding)).toBe(false);
  await expect(decodedBody(TEXT, encoding, LIMIT)).rejects.toBeInstanceOf(InvalidEncodingError);
});

it('gives back what was compressed, and of damaged bytes either that or a refusal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), fc.nat(), async (bytes, at) => {
      const compressed = gzipSync(bytes);
      expect((await decodedBody(compressed, 'gzip', LIMIT)).equals(Buffer.from(bytes))).toBe(true);
      compressed[at % compressed.length]! ^= 0xff;
      const damaged: unknown = await decodedBody(compressed, 'gzip', LIMIT).catch((error: unknown) => error);
      if (Buffer.isBuffer(damaged)) expect(damaged.equals(Buffer.from(bytes))).toBe(true);
      else expect(damaged).toBeInstanceOf(InvalidEncodingError);
    }),
  );
});
