import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A clock that is moved by hand; time stands still for its customers between moves. */
@Entity('test_clock')
export class TestClockEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  @Column('timestamptz') now!: Date;
  @Column('timestamptz') createdAt!: Date;
}
