import type { Clock } from '../../kernel';
import type { Standing } from './standing';

/** How long where a customer stands is believed without asking, and how long while it is being asked. */
const BELIEVED_MS = 3_000;
const SHOWN_MS = 30_000;
const MOST_REMEMBERED = 5_000;

interface Remembered {
  readonly readAt: number;
  readonly standing: Promise<Standing>;
  /** Whether it is being read anew. */
  renewing: boolean;
}

/**
 * Where customers stood when it was read last, to estimate by. An event later, a price may have reached another tier: an
 * estimate may be that much off, what is charged is not. Counting tells each time it has rated somebody, and what is some
 * seconds old is answered once more while it is read anew, so that hardly a hold waits for it.
 */
export class RecentPositions {
  private readonly standings = new Map<string, Remembered>();

  constructor(private readonly clock: Clock) {}

  put(organisationId: string, customerId: string, standing: Standing, readAt: number): void {
    const name = nameOf(organisationId, customerId);
    // What isn't known may be any moment, as soon as somebody subscribes.
    if (standing.unknown === null) this.remember(name, Promise.resolve(standing), readAt);
    else this.standings.delete(name);
  }

  /** What is remembered, or else is read; those who ask meanwhile share the reading. */
  get(organisationId: string, customerId: string, read: () => Promise<Standing>): Promise<Standing> {
    const name = nameOf(organisationId, customerId);
    const known = this.standings.get(name);
    const age = known === undefined ? Infinity : this.clock.now().getTime() - known.readAt;
    if (known === undefined || age < 0 || age >= SHOWN_MS) return this.read(name, read);
    if (age >= BELIEVED_MS && !known.renewing) {
      known.renewing = true;
      const readAt = this.clock.now().getTime();
      read().then(
        (standing) => this.put(organisationId, customerId, standing, readAt),
        () => this.standings.delete(name),
      );
    }
    return known.standing;
  }

  /** The same, read now: what is remembered is of another time. */
  again(organisationId: string, customerId: string, read: () => Promise<Standing>): Promise<Standing> {
    return this.read(nameOf(organisationId, customerId), read);
  }

  private read(name: string, read: () => Promise<Standing>): Promise<Standing> {
    const readAt = this.clock.now().getTime();
    const standing = read();
    this.remember(name, standing, readAt);
    const forget = (): void => {
      if (this.standings.get(name)?.standing === standing) this.standings.delete(name);
    };
    standing.then(({ unknown }) => {
      if (unknown !== null) forget();
    }, forget);
    return standing;
  }

  private remember(name: string, standing: Promise<Standing>, readAt: number): void {
    if (this.standings.size >= MOST_REMEMBERED && !this.standings.has(name)) this.standings.clear();
    this.standings.set(name, { readAt, standing, renewing: false });
  }
}

function nameOf(organisationId: string, customerId: string): string {
  return `${organisationId} ${customerId}`;
}
