import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** An answer that is written bit by bit; each write waits until the one who asked has room for more. */
export class AnswerStream {
  private readonly response: ServerResponse;

  /** @param quietMs how long to wait for someone who doesn't read, before the connection is closed */
  constructor(
    private readonly reply: FastifyReply,
    private readonly contentType: string,
    private readonly quietMs: number,
  ) {
    this.response = reply.raw;
  }

  /** Whether the status is on its way, so that a failure has to be told in the body. */
  get begun(): boolean {
    return this.response.headersSent;
  }

  /** Resolves when there is room for more, also when nobody is there to read it: whoever sent the events went away. */
  async write(text: string): Promise<void> {
    this.begin();
    if (text === '' || this.response.destroyed || this.response.write(text)) return;
    await new Promise<void>((resolve) => {
      const tooLong = setTimeout(() => this.response.destroy(), this.quietMs);
      const done = (): void => {
        clearTimeout(tooLong);
        this.response.off('drain', done).off('close', done);
        resolve();
      };
      this.response.once('drain', done).once('close', done);
    });
  }

  end(): void {
    this.begin();
    this.response.end();
  }

  private begin(): void {
    if (!this.reply.sent) this.reply.hijack(); // from here on Fastify leaves the answer to us
    if (this.begun || this.response.destroyed) return;
    this.response.writeHead(200, { 'content-type': this.contentType, 'x-accel-buffering': 'no' });
    this.response.flushHeaders();
  }
}
