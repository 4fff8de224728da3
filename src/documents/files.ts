import { StreamableFile } from '@nestjs/common';
import { z } from 'zod';

export const PdfQuery = z.object({
  paper: z.enum(['a4', 'letter']).default('a4').describe('Which paper the pages are for; A4 without it.'),
});

export const FILE = { schema: { type: 'string' } } as const;
export const PDF = { schema: { type: 'string', format: 'binary' } } as const;

export function file(content: Buffer, name: string, shown: 'inline' | 'attachment' = 'attachment'): StreamableFile {
  return new StreamableFile(content, { disposition: `${shown}; filename="${name}"`, length: content.length });
}

/** A header and a folder hold plain letters only; others become dashes. */
export function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '-');
}
