const MOST_REMEMBERED = 10_000;

interface Remembered<T> {
  readonly value: Promise<T>;
  readonly until: number;
}

/** Answers that are looked up once and believed for a while. A look-up that fails is forgotten at once. */
export class Believed<T> {
  private readonly remembered = new Map<string, Remembered<T>>();

  constructor(private readonly milliseconds: number) {}

  get(key: string, lookUp: () => Promise<T>): Promise<T> {
    const now = performance.now();
    const known = this.remembered.get(key);
    if (known !== undefined && known.until > now) return known.value;

    const value = lookUp();
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    this.remembered.set(key, { value, until: now + this.milliseconds });
    value.catch(() => this.remembered.delete(key));
    return value;
  }
}
