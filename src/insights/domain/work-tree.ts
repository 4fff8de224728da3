import { Decimal, invariant, type Micros, ZERO } from '../../kernel';

/** What stands in a tree of work: a task, or a session for work that names no task. */
export type NodeKind = 'session' | 'task';

export interface NodeName {
  readonly kind: NodeKind;
  readonly name: string;
}

/** Cost of some events, added up. */
export interface WorkCost {
  readonly cost: Decimal;
  readonly events: number;
  /** Events whose cost is not known yet; they are in `cost` with nothing. */
  readonly pendingEvents: number;
}

/** What the events of one node with the same session, parent and step cost together. */
export interface WorkRow extends WorkCost {
  readonly session: string | null;
  readonly task: string | null;
  readonly parent: string | null;
  readonly step: string | null;
  readonly firstAt: Micros;
  readonly lastAt: Micros;
}

export interface WorkNode extends NodeName {
  readonly parent: NodeName | null;
  /** 0 for the tree's root. */
  readonly depth: number;
  /** Of the node's own events. */
  readonly own: WorkCost;
  /** Of them and of everything below. */
  readonly rolledUp: WorkCost;
  /** The part of the node's own that was done again: after a failure, or to mend an own result. */
  readonly retries: WorkCost;
  readonly selfCorrections: WorkCost;
  readonly firstAt: Micros | null;
  readonly lastAt: Micros | null;
  /** Its events named it, along parents, as its own ancestor; it hangs under the root instead. */
  readonly cycle: boolean;
}

export const NOTHING: WorkCost = Object.freeze({ cost: ZERO, events: 0, pendingEvents: 0 });

/** The node an event belongs to: its task, else its session; null for an event that names neither. */
export function nodeOf(row: Pick<WorkRow, 'session' | 'task'>): NodeName | null {
  if (row.task !== null) return { kind: 'task', name: row.task };
  return row.session === null ? null : { kind: 'session', name: row.session };
}

/**
 * The node above an event's own: the one its `parent` names (`task:NAME`, `session:NAME`, or a bare name of the same
 * kind), else its session for a task. Null where there is none.
 */
export function parentOf(row: Pick<WorkRow, 'session' | 'task' | 'parent'>): NodeName | null {
  const node = nodeOf(row);
  if (node === null) return null;
  if (row.parent !== null) return parentNamed(row.parent, node.kind);
  return node.kind === 'task' && row.session !== null ? { kind: 'session', name: row.session } : null;
}

/** What a `parent` text names, for a node of a kind. */
export function parentNamed(text: string, kind: NodeKind): NodeName {
  for (const named of ['task', 'session'] as const) {
    if (text.startsWith(`${named}:`) && text.length > named.length + 1) {
      return { kind: named, name: text.slice(named.length + 1) };
    }
  }
  return { kind, name: text };
}

/** A node as one text, for maps. */
export function nodeKey({ kind, name }: NodeName): string {
  return `${kind}:${name}`;
}

/**
 * Builds the tree of work below a session or task, with what each node cost itself and together with all below it.
 *
 * Where a node's events name different parents, the first event decides (by time, then by the parent's name), so that
 * the order in which they arrived doesn't matter. A node that is, along parents, its own ancestor hangs under the root
 * and is marked. Nodes that don't lead to the root are left out.
 *
 * ```
 * session support-17                own 0.10   rolled up 1.00
 * ├── task answer                   own 0.20   rolled up 0.90
 * │   └── task search  (1 retry)    own 0.70   rolled up 0.70
 * ```
 *
 * @param rows of all events that may belong to it, in any order
 * @returns    the nodes in the order of a walk: each before what is below it, siblings by their first event
 */
export function buildWorkTree(root: NodeName, rows: readonly WorkRow[]): WorkNode[] {
  const drafts = gather(root, rows);
  const rootKey = nodeKey(root);
  const above = new Map<string, string>();
  for (const [key, draft] of drafts) {
    if (key !== rootKey && draft.parent !== null) above.set(key, nodeKey(draft.parent));
  }
  const cycles = cutCycles(above, rootKey);

  const below = new Map<string, Draft[]>();
  for (const [key, parent] of above) {
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [drafts.get(key)!]);
    else siblings.push(drafts.get(key)!);
  }
  for (const siblings of below.values()) siblings.sort(byFirstEvent);
  return walk(drafts.get(rootKey)!, below, above, cycles, drafts);
}

interface Draft extends NodeName {
  own: WorkCost;
  retries: WorkCost;
  selfCorrections: WorkCost;
  firstAt: Micros | null;
  lastAt: Micros | null;
  parent: NodeName | null;
  /** When the event came that named the parent. */
  parentAt: Micros | null;
}

function gather(root: NodeName, rows: readonly WorkRow[]): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  const draftOf = (node: NodeName): Draft => {
    const key = nodeKey(node);
    let draft = drafts.get(key);
    if (draft === undefined) {
      draft = { ...node, own: NOTHING, retries: NOTHING, selfCorrections: NOTHING, firstAt: null, lastAt: null, parent: null, parentAt: null }; // prettier-ignore
      drafts.set(key, draft);
    }
    return draft;
  };
  draftOf(root);
  for (const row of rows) {
    const node = nodeOf(row);
    if (node === null) continue;
    const draft = draftOf(node);
    draft.own = addCosts(draft.own, row);
    if (row.step === 'retry') draft.retries = addCosts(draft.retries, row);
    if (row.step === 'self_correction') draft.selfCorrections = addCosts(draft.selfCorrections, row);
    draft.firstAt = draft.firstAt === null ? row.firstAt : Math.min(draft.firstAt, row.firstAt);
    draft.lastAt = draft.lastAt === null ? row.lastAt : Math.max(draft.lastAt, row.lastAt);
    const parent = parentOf(row);
    if (parent !== null) {
      // A session that only tasks name has no events of its own, and is a node all the same.
      draftOf(parent);
      if (isEarlier(row.firstAt, parent, draft)) {
        draft.parent = parent;
        draft.parentAt = row.firstAt;
      }
    }
  }
  // A task that names a parent which itself was never seen within a session still belongs to its own session.
  for (const row of rows) adoptOrphan(row, drafts);
  return drafts;
}

/** A parent without events and without a place of its own hangs under the session of the work that names it. */
function adoptOrphan(row: WorkRow, drafts: Map<string, Draft>): void {
  const parent = parentOf(row);
  if (parent?.kind !== 'task' || row.session === null) return;
  const draft = drafts.get(nodeKey(parent))!;
  if (draft.own.events > 0) return;
  const session: NodeName = { kind: 'session', name: row.session };
  if (isEarlier(row.firstAt, session, draft)) {
    draft.parent = session;
    draft.parentAt = row.firstAt;
  }
}

function isEarlier(at: Micros, parent: NodeName, draft: Draft): boolean {
  if (draft.parent === null || draft.parentAt === null) return true;
  return at < draft.parentAt || (at === draft.parentAt && nodeKey(parent) < nodeKey(draft.parent));
}

/** Hangs every node that is its own ancestor under the root. @returns the keys of those */
function cutCycles(above: Map<string, string>, rootKey: string): Set<string> {
  const cycles = new Set<string>();
  const done = new Set<string>([rootKey]);
  for (const start of [...above.keys()].sort()) {
    const path: string[] = [];
    const onPath = new Set<string>();
    let key: string | undefined = start;
    while (key !== undefined && !done.has(key) && !onPath.has(key)) {
      path.push(key);
      onPath.add(key);
      key = above.get(key);
    }
    if (key !== undefined && onPath.has(key)) {
      // The whole ring is cut, so that it doesn't matter where one came upon it.
      for (const member of path.slice(path.indexOf(key))) {
        cycles.add(member);
        above.set(member, rootKey);
      }
    }
    for (const seen of path) done.add(seen);
  }
  return cycles;
}

function walk(
  root: Draft,
  below: ReadonlyMap<string, readonly Draft[]>,
  above: ReadonlyMap<string, string>,
  cycles: ReadonlySet<string>,
  drafts: ReadonlyMap<string, Draft>,
): WorkNode[] {
  // Depth first without recursion: a chain of agents may be thousands deep.
  const order: { draft: Draft; depth: number }[] = [];
  const waiting: { draft: Draft; depth: number }[] = [{ draft: root, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    order.push(next);
    const children = below.get(nodeKey(next.draft)) ?? [];
    for (const draft of children.toReversed()) waiting.push({ draft, depth: next.depth + 1 });
  }

  const rolledUp = new Map<string, WorkCost>();
  for (const { draft } of order.toReversed()) {
    const key = nodeKey(draft);
    const total = addCosts(rolledUp.get(key) ?? NOTHING, draft.own);
    rolledUp.set(key, total);
    const parent = above.get(key);
    if (parent !== undefined && draft !== root) rolledUp.set(parent, addCosts(rolledUp.get(parent) ?? NOTHING, total));
  }
  invariant(order.length <= drafts.size, 'a node stands in the tree once');
  return order.map(({ draft, depth }) => {
    const key = nodeKey(draft);
    const parent = draft === root ? undefined : drafts.get(above.get(key)!);
    return {
      kind: draft.kind,
      name: draft.name,
      parent: parent === undefined ? null : { kind: parent.kind, name: parent.name },
      depth,
      own: draft.own,
      rolledUp: rolledUp.get(key)!,
      retries: draft.retries,
      selfCorrections: draft.selfCorrections,
      firstAt: draft.firstAt,
      lastAt: draft.lastAt,
      cycle: cycles.has(key),
    };
  });
}

function byFirstEvent(a: Draft, b: Draft): number {
  const order = (a.firstAt ?? Infinity) - (b.firstAt ?? Infinity);
  if (order !== 0 && !Number.isNaN(order)) return order;
  return nodeKey(a) < nodeKey(b) ? -1 : 1;
}

export function addCosts(a: WorkCost, b: WorkCost): WorkCost {
  return {
    cost: a.cost.plus(b.cost),
    events: a.events + b.events,
    pendingEvents: a.pendingEvents + b.pendingEvents,
  };
}
