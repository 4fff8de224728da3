import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, type Scalar, stringify, visit } from 'yaml';
import { ProgramError } from '../client';

/** A file of plans as the server takes it: JSON, where every decimal is text. */
export type PlanDocument = Readonly<Record<string, unknown>>;

/** What was read, and where in the file each part of it stands. */
export interface PlanFile {
  readonly document: PlanDocument;
  /** `plans.yaml:14` for `plans[0].prices[1].charge`: the line of the field, else of the part it is missing from. */
  readonly placeOf: (field: string) => string;
}

/** Fields whose numbers are values to compare with or to hand on, not amounts: they stay numbers. */
const VALUES = new Set(['value', 'equals']);

/**
 * Reads a file of plans, YAML or JSON. A number keeps the digits it is written with: `0.10` is sent as the text "0.10" and
 * never becomes a binary fraction. Whole numbers that JSON holds exactly are sent as numbers, since some fields count.
 *
 * @param text of the file
 * @param name of the file, for messages
 * @throws ProgramError (exit code 2) with the line and what is wrong there
 */
export function readPlanFile(text: string, name: string): PlanFile {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    lineCounter: lines,
    prettyErrors: false,
  });
  const [document, second] = documents;
  if (document === undefined) throw new ProgramError(`${name} is empty: it has no features, meters or plans.`, 2);
  if (second !== undefined) throw new ProgramError(`${name} holds several documents (---); give one file for each.`, 2);
  // A warning is a tag or directive that YAML would skip; a price file has no room for what is skipped.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    throw new ProgramError(`${name}:${lines.linePos(problem.pos[0]).line}: ${problem.message}`, 2);
  }

  visit(document, {
    Scalar: (key, scalar, path) => {
      if (typeof scalar.value === 'number') scalar.value = key === 'key' ? scalar.source : numberOf(scalar, path);
    },
  });
  if (!isMap(document.contents)) {
    throw new ProgramError(`${name} must name features, meters or plans at its top.`, 2);
  }
  const contents: Node = document.contents;
  return {
    document: aliasesResolved(() => document.toJS() as PlanDocument, name),
    placeOf: (field) => `${name}:${lines.linePos(startOf(contents, pathOf(field))).line}`,
  };
}

/** A document as a file of plans. Decimals are quoted, so that no program that reads the file makes them inexact. */
export function writePlanFile(document: unknown, comment: string): string {
  return `${comment.replace(/^/gm, '# ')}\n${stringify(document, { version: '1.2', lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** The number as it is sent: the very text, or a number where JSON says the same. */
function numberOf(scalar: Scalar, path: readonly unknown[]): number | string {
  const value = scalar.value as number;
  const source = scalar.source ?? String(value);
  const isExact = String(value) === source;
  if (!isExact) return source;
  return Number.isSafeInteger(value) || VALUES.has(nameAt(path)) ? value : source;
}

/** The name of the field that a node stands in, also within a list. */
function nameAt(path: readonly unknown[]): string {
  const pair = path.findLast((node) => !isSeq(node)) as { key?: unknown };
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

/** YAML stops aliases that blow a small file up; it says so only when they are resolved. */
function aliasesResolved(read: () => PlanDocument, name: string): PlanDocument {
  try {
    return read();
  } catch (error) {
    throw new ProgramError(`${name}: ${(error as Error).message}`, 2);
  }
}

/** `plans[0].prices[1].charge` as steps: plans, 0, prices, 1, charge. */
function pathOf(field: string): string[] {
  return field.split(/[.[\]]+/).filter((step) => step !== '');
}

/** Where in the text the node at the end of a path begins; the last one on the way where it goes no further. */
function startOf(contents: Node, path: readonly string[]): number {
  let node: unknown = contents;
  let start = rangeOf(contents);
  for (const step of path) {
    if (isSeq(node)) {
      node = node.items[Number(step)];
      start = rangeOf(node) ?? start;
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      node = pair?.value;
      start = rangeOf(pair?.key) ?? start;
    }
  }
  return start ?? 0;
}

function rangeOf(node: unknown): number | undefined {
  return (node as Node | undefined)?.range?.[0];
}
