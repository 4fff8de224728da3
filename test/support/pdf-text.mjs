import { readFileSync } from 'node:fs';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';

// Reads PDFs as a viewer does. For each file named: its pages, each with its size and its lines of text from top to bottom.
const documents = [];
for (const file of process.argv.slice(2)) {
  const pdf = await getDocument({ data: new Uint8Array(readFileSync(file)), verbosity: 0 }).promise;
  const pages = [];
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    const lines = new Map();
    for (const { str, transform } of items.filter((item) => item.str.trim() !== '')) {
      const y = Math.round(transform[5]);
      lines.set(y, [...(lines.get(y) ?? []), { x: transform[4], str }]);
    }
    const [, , width, height] = page.view;
    pages.push({
      ...{ width: Math.round(width), height: Math.round(height) },
      lines: [...lines]
        .sort(([one], [other]) => other - one)
        .map(([, parts]) =>
          parts
            .sort((one, other) => one.x - other.x)
            .map(({ str }) => str)
            .join(' '),
        ),
    });
  }
  const { info } = await pdf.getMetadata();
  documents.push({ pages, title: info.Title });
}
process.stdout.write(JSON.stringify(documents));
