import type { Clock } from '../../kernel';
import type { Standing } from './standing';

/** How long where a customer stands is believed without asking. */
const BELIEVED_MS = 3_000;
const MOST_REMEMBERED = 5_000;

/**
 * Where customers stood when it was read last, to estimate by. An event later, a price may have reached another tier: an
 * estimate may be that much off, what is charged is not. Counting tells each time it has rated somebody.
 */
export class RecentPositions {
  private readonly standings = new Map<string, { readonly readAt: number; readonly standing: Promise<Standing> }>();

  constructor(private readonly clock: Clock) {}

  put(organisationId: string, customerId: string, standing: Standing, readAt: number): void {
    const name = `${organisationId} ${customerId}`;
    // What isn't known may be any moment, as soon as somebody subscribes.
    if (standing.unknown === null) this.remember(name, Promise.resolve(standing), readAt);
    else this.standings.delete(name);
  }

  /** What is remembered, or else is read; those who ask meanwhile share the reading. */
  get(organisationId: string, customerId: string, read: () => Promise<Standing>): Promise<Standing> {
    const name = `${organisationId} ${customerId}`;
    const now = this.clock.now().getTime();
    const known = this.standings.get(name);
    if (known !== undefined && now - known.readAt < BELIEVED_MS && now >= known.readAt) return known.standing;
    const standing = read();
    this.remember(name, standing, now);
    standing.then(
      ({ unknown }) => unknown === null || this.standings.delete(name),
      () => this.standings.delete(name),
    );
    return standing;
  }

  private remember(name: string, standing: Promise<Standing>, readAt: number): void {
    if (this.standings.size >= MOST_REMEMBERED && !this.standings.has(name)) this.standings.clear();
    this.standings.set(name, { readAt, standing });
  }
}
