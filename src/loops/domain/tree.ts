import { type LoopState, MOST } from './state';
import type { Step } from './step';

/**
 * How deep a step runs: what it says itself; else the tasks above its own, up to the session. Parents that run in a ring
 * are cut, as in the tree of a session's costs.
 */
export function depthOf(nodes: LoopState['nodes'], { depth, node }: Step): number {
  if (depth !== null) return depth;
  const above = new Map(nodes);
  const met = new Set<string>();
  let level = 0;
  for (let at = node; at !== null && above.has(at) && !met.has(at); at = above.get(at)!) {
    met.add(at);
    level += 1;
  }
  return level;
}

/**
 * The nodes with that of a step. The first event of a node says where it hangs. Where there are too many, the oldest
 * that has none below it goes, so that a tree that grows wide does not lose how deep it is.
 */
export function nodesWith(nodes: LoopState['nodes'], { node, parent }: Step): LoopState['nodes'] {
  if (node === null || parent === null || nodes.some(([known]) => known === node)) return nodes;
  if (nodes.length < MOST.nodes) return [...nodes, [node, parent]];
  const parents = new Set([parent, ...nodes.map(([, above]) => above)]);
  const leaf = Math.max(
    0,
    nodes.findIndex(([known]) => !parents.has(known)),
  );
  return [...nodes.slice(0, leaf), ...nodes.slice(leaf + 1), [node, parent]];
}
