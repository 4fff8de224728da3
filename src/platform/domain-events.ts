import { Injectable } from '@nestjs/common';

/** News for rooms to the right: what happened, to whom. */
export interface DomainEvent {
  readonly name: string;
  readonly organisationId: string;
}

type Handler<E extends DomainEvent> = (event: E) => Promise<void>;

/**
 * How a room tells the rooms to its right that something happened, without knowing them. Handlers run one after the
 * other and are awaited, in this process. It carries news that is also found by looking (a period that has ended is
 * found by the next sweep), so nothing is lost when the process dies between the fact and its handling.
 */
@Injectable()
export class DomainEvents {
  private readonly handlers = new Map<string, Handler<DomainEvent>[]>();

  on<E extends DomainEvent>(name: E['name'], handler: Handler<E>): void {
    this.handlers.set(name, [...(this.handlers.get(name) ?? []), handler as Handler<DomainEvent>]);
  }

  /** @throws what a handler throws; the remaining handlers are then not called */
  async publish(event: DomainEvent): Promise<void> {
    for (const handler of this.handlers.get(event.name) ?? []) await handler(event);
  }
}
