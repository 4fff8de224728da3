import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

interface Form {
  readonly because: string;
  readonly pattern: RegExp;
  /** The code that the pattern's first group stands for. */
  readonly codeOf: (found: string) => string;
}

const itself = (code: string): string => code;
const notFound = (noun: string): string => `${noun.replaceAll(' ', '_')}_not_found`;

/** Every form in which a code is written in `src`. */
// prettier-ignore
const FORMS: readonly Form[] = [
  { because: 'an error class has its own', pattern: /readonly code = '([a-z_]+)'/g, codeOf: itself },
  { because: 'an error is thrown by its code', pattern: /new (?:InvalidRequestError|ConflictError)\(\s*'([a-z_]+)'/g, codeOf: itself },
  { because: 'a thing is not there', pattern: /new NotFoundError\(\s*'([a-z ]+)'/g, codeOf: notFound },
  { because: 'an event is refused', pattern: /\bcode: '([a-z_]+)'/g, codeOf: itself },
  { because: 'a problem has no error behind it', pattern: /\bproblem\(\s*\d{3},\s*'([a-z_]+)'/g, codeOf: itself },
  { because: 'a hold can not be', pattern: /\bproblem\(\s*'(hold_[a-z_]+)'/g, codeOf: itself },
  { because: 'the HTTP server itself refuses', pattern: /^ {2}\d{3}: '([a-z_]+)',$/gm, codeOf: itself },
  { because: 'it refuses for a reason without a code', pattern: /\?\? '([a-z_]+)', clientErrorDetail/g, codeOf: itself },
];

/** zod's own name for an issue that we raise, and what is answered as `invalid_hold`: they never leave us. */
const NOT_OURS = new Set(['custom', 'hold_parent_not_found']);
/** Warnings of caps have codes, too; docs/caps.md has them. */
const WARNINGS = join('entitlements', 'domain', 'cap-warnings.ts');

function sources(): string[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        path.endsWith('.ts') &&
        !path.endsWith('.spec.ts') &&
        path !== WARNINGS &&
        !/^(client|demo|import)\//.test(path),
    )
    .map((path) => readFileSync(join(ROOT, 'src', path), 'utf8'));
}

const texts = sources();

function codesIn({ pattern, codeOf }: Form): string[] {
  return texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => codeOf(match[1]!)));
}

const inSource = new Set(FORMS.flatMap(codesIn).filter((code) => !NOT_OURS.has(code)));
const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
const onPage = [...page.matchAll(/^\| `([a-z_]+)` +\|/gm)].map((match) => match[1]!);

it.each(FORMS)('the source is still written as this test reads it: $because', (form) => {
  expect(codesIn(form)).not.toEqual([]);
});

it('docs/errors.md has a row for every code that src can answer, and none that it cannot', () => {
  expect([...new Set(onPage)].sort()).toEqual([...inSource].sort());
});

it('docs/errors.md says each code once', () => {
  expect(onPage).toEqual([...new Set(onPage)]);
});

it('each row has a status, what the code means and what to do', () => {
  const incomplete = onPage.filter((code) => {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${code}\` `))!;
    const [, , status = '', meaning = '', todo = ''] = row.split('|').map((cell) => cell.trim());
    return !/^\d{3}(?:, receipt)?$/.test(status) || meaning === '' || todo === '';
  });
  expect(incomplete).toEqual([]);
});
