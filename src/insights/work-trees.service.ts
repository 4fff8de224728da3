import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import type { CustomerEntity } from '../customers';
import { DomainError, NotFoundError, type Period } from '../kernel';
import { Database } from '../platform/database';
import { buildWorkTree, type NodeName, nodeKey, nodeOf, parentOf, type WorkNode, type WorkRow } from './domain';
import { findWorkRows } from './persistence/work-rows';

/** A tree of work has more nodes than one answer holds. Ask for a shorter time, or for a task further down. */
export class WorkTreeTooLargeError extends DomainError {
  readonly code = 'work_tree_too_large';
  readonly kind = 'invalid';
}

/** Most sessions and tasks in one tree. */
const MOST_NODES = 5_000;

/** Finds what sessions and tasks cost, with all the work below them. */
@Injectable()
export class WorkTreesService {
  constructor(@Inject(Database) private readonly database: Database) {}

  /**
   * The tree below a session or task of a customer, from the events of a period as they stand now.
   *
   * @throws NotFoundError when no event of the period belongs to it; WorkTreeTooLargeError
   */
  async treeOf(tenant: Tenant, customer: CustomerEntity, root: NodeName, period: Period): Promise<WorkNode[]> {
    const rows = await this.database.tenant(tenant.organisationId, async (db) => {
      const scope = {
        organisationId: tenant.organisationId,
        customerId: customer.id,
        from: period.start.getTime() * 1_000,
        to: period.end.getTime() * 1_000,
      };
      const found = new Map<string, WorkRow>();
      const known = new Set<string>([nodeKey(root)]);
      // Level by level: what is found names what to look for next.
      for (let next: NodeName[] = [root]; next.length > 0;) {
        const level = await findWorkRows(db, scope, next);
        next = [];
        for (const row of level) {
          found.set(JSON.stringify([row.session, row.task, row.parent, row.step]), row);
          for (const node of [nodeOf(row), parentOf(row)]) {
            if (node === null || known.has(nodeKey(node))) continue;
            known.add(nodeKey(node));
            next.push(node);
          }
        }
        if (known.size > MOST_NODES) {
          throw new WorkTreeTooLargeError(
            `More than ${MOST_NODES} sessions and tasks belong together here. Ask for a shorter time, or for a task further down.`,
          );
        }
      }
      return [...found.values()];
    });
    if (rows.length === 0) {
      if (root.kind === 'session') throw new NotFoundError('session', root.name);
      throw new NotFoundError('task', root.name);
    }
    return buildWorkTree(root, rows);
  }
}
