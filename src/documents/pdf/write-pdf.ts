import PDFDocument from 'pdfkit';
import { Pen } from './pen';
import { type Heading, Sheet } from './sheet';

export type Paper = 'a4' | 'letter';

/** What a file says of itself, and what its first page is. */
export interface Kind {
  readonly title: string;
  readonly author: string;
  /** The time the file carries. */
  readonly madeAt: Date;
  /** Whose Han letters are drawn, where a text doesn't say. */
  readonly country: string | null;
  readonly heading: Heading;
}

/**
 * A PDF of what is drawn. The same document gives the same bytes: a file carries the time of what it is about, not of
 * now, and only the letters that it shows.
 */
export async function writePdf(
  { title, author, madeAt, country, heading }: Kind,
  paper: Paper,
  draw: (sheet: Sheet) => Promise<void>,
): Promise<Buffer> {
  const pdf = new PDFDocument({
    size: paper === 'a4' ? 'A4' : 'LETTER',
    // The sheet keeps its own margins; with pdfkit's, a line near the edge would make a page of its own.
    margin: 0,
    bufferPages: true,
    lang: 'en',
    displayTitle: true,
    info: { Title: title, Author: author, CreationDate: madeAt, ModDate: madeAt },
  });
  const chunks: Buffer[] = [];
  const written = new Promise<Buffer>((resolve, reject) => {
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
    pdf.on('end', () => resolve(Buffer.concat(chunks)));
    pdf.on('error', reject);
  });

  const sheet = new Sheet(new Pen(pdf, country), heading);
  await draw(sheet);
  sheet.finish();

  pdf.end();
  return written;
}
