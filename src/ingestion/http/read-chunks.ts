import type { Readable } from 'node:stream';

/** The sender kept quiet for longer than is waited for, or went away before the end. */
export class SenderGoneError extends Error {
  /** Request Timeout: the answer to who is still there. */
  readonly statusCode = 408;

  constructor(readonly reason: 'quiet' | 'closed') {
    super(
      reason === 'quiet'
        ? 'Nothing was sent for too long. Send on, from where the results end.'
        : 'The sender went away.',
    );
  }
}

/**
 * Hands a stream's chunks on, one after the other: the next is read when the one before was taken. Unlike `for await`
 * it leaves the stream alone when it stops early, since a request that is destroyed can't be answered any more.
 *
 * @param take    resolves when it has room for more
 * @param stopped stops reading as soon as it is aborted
 * @param quietMs how long to wait for a chunk
 * @returns whether the stream ended (or was stopped)
 * @throws SenderGoneError, whatever `take` throws, and the errors of the stream
 */
export async function readChunks(
  source: Readable,
  take: (chunk: Buffer) => Promise<void>,
  stopped: AbortSignal,
  quietMs: number,
): Promise<'ended' | 'stopped'> {
  const listening = new AbortController();
  try {
    return await new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(error instanceof Error ? error : new Error(String(error)));
      let quiet: NodeJS.Timeout | undefined;
      const wait = (): void => {
        quiet = setTimeout(() => fail(new SenderGoneError('quiet')), quietMs);
      };

      const onData = (chunk: Buffer): void => {
        clearTimeout(quiet); // from now on it is we who take our time
        source.pause();
        take(chunk).then(() => {
          if (listening.signal.aborted) return;
          wait();
          source.resume();
        }, fail);
      };
      const onEnd = (): void => resolve('ended');
      const onClose = (): void => fail(new SenderGoneError('closed'));
      const onStop = (): void => resolve('stopped');
      wait();
      // The listener for errors stays: one that comes later is nobody's any more, and must not end the process.
      source.on('data', onData).once('end', onEnd).on('error', fail).once('close', onClose);
      stopped.addEventListener('abort', onStop);
      if (stopped.aborted) onStop();
      if (source.destroyed) onClose();
      listening.signal.addEventListener('abort', () => {
        clearTimeout(quiet);
        source.off('data', onData).off('end', onEnd).off('close', onClose);
        stopped.removeEventListener('abort', onStop);
      });
    });
  } finally {
    source.pause();
    listening.abort();
  }
}

/** Reads on and throws away, so that a sender that is still sending comes to read the answer; for this long at most. */
export async function readAway(source: Readable, ms: number): Promise<void> {
  if (source.readableEnded || source.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      source.off('end', done).off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    source.once('end', done).once('close', done).on('error', done).resume();
  });
}
