import { Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { InvariantError } from '../../kernel';

/** Stores the events of a settling. The room that takes in events offers how. */
@Injectable()
export class HoldEvents {
  private recording: ((tenant: Tenant, events: readonly unknown[]) => Promise<void>) | null = null;

  offer(record: (tenant: Tenant, events: readonly unknown[]) => Promise<void>): void {
    this.recording = record;
  }

  /** Stores and costs events, all of them or none. @throws DomainError that names the event that is refused */
  record(tenant: Tenant, events: readonly unknown[]): Promise<void> {
    if (this.recording === null) throw new InvariantError('nobody takes in the events of holds');
    return this.recording(tenant, events);
  }
}
