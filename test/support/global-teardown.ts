/** Ends what global-setup.ts started. jest calls this after a failed run, too. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.stopTestServer?.();
}
