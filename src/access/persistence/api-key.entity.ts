import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Scope } from '../domain';

/** A key of the API. The secret itself is not stored. */
@Entity('api_key')
export class ApiKeyEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  @Column('text', { array: true }) scopes!: Scope[];
  @Column('bytea') secretHash!: Buffer;
  @Column('text') hint!: string;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz', { nullable: true }) revokedAt!: Date | null;
}
