import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(__dirname, '../..');
const OURS = ['', 'docs', 'src', 'bench', 'examples'];

/** Every Markdown page of ours, as a path from the root. */
function pages(): string[] {
  return OURS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: folder !== '', encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file)),
  );
}

/** The anchors that a page's headings get: lower case, no punctuation, spaces as hyphens. */
function anchorsOf(path: string): Set<string> {
  const headings = withoutCode(readFileSync(path, 'utf8')).matchAll(/^#{1,6} +(.+)$/gm);
  return new Set(
    [...headings].map(([, heading]) =>
      heading!
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}

/** Code may have what looks like a link or a heading. */
function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^(```+)[^\n]*\n[\s\S]*?^\1/gm, '').replaceAll(/`[^`\n]*`/g, (code) => code.slice(1, -1));
}

/** Links of a page that lead nowhere. Links out of the project are not followed. */
function brokenLinks(page: string): string[] {
  const text = withoutCode(readFileSync(join(ROOT, page), 'utf8'));
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), file);
    if (relative(ROOT, target).startsWith('..') || !existsSync(target)) return true;
    if (anchor === undefined) return false;
    return statSync(target).isDirectory() || !anchorsOf(target).has(anchor);
  });
}

it.each(pages())('the links of %s lead somewhere', (page) => {
  expect(brokenLinks(page)).toEqual([]);
});
