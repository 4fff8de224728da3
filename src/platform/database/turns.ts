/**
 * Lets at most so many of one organisation's works run at a time in this process; the others wait in their order. So
 * that one organisation with many requests takes a share of what all use, and not all of it.
 */
export class Turns {
  private readonly byOrganisation = new Map<string, { running: number; readonly waiting: (() => void)[] }>();

  constructor(private readonly most: number) {}

  async take<T>(organisationId: string, work: () => Promise<T>): Promise<T> {
    const mine = this.byOrganisation.get(organisationId) ?? { running: 0, waiting: [] };
    this.byOrganisation.set(organisationId, mine);
    // Whoever ends hands its place on, so that nobody who comes later slips in between.
    if (mine.running === this.most) await new Promise<void>((resolve) => mine.waiting.push(resolve));
    else mine.running += 1;
    try {
      return await work();
    } finally {
      const next = mine.waiting.shift();
      if (next !== undefined) next();
      else {
        mine.running -= 1;
        if (mine.running === 0) this.byOrganisation.delete(organisationId);
      }
    }
  }
}
