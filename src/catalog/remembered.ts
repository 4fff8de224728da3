/**
 * Remembers what was made of things that never change, the latest used of them. Reading a definition by its schema takes
 * far longer than rating by it (0.1 ms for two tiers, 70 ms for a matrix of 2,000 cells), and every bill needs it.
 */
export class Remembered<V> {
  private readonly values = new Map<string, V>();

  /** @param most how many are kept */
  constructor(private readonly most: number) {}

  /** @param id of a thing that always makes the same value */
  get(id: string, make: () => V): V {
    const known = this.values.get(id);
    const value = known ?? make();
    // The map keeps its order: what was used last is at its end.
    this.values.delete(id);
    this.values.set(id, value);
    if (this.values.size > this.most) this.values.delete(this.values.keys().next().value!);
    return value;
  }
}
