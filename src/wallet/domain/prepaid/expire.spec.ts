import { Decimal } from '../../../kernel';
import { expiriesAt } from '.';
import { grant } from './some-grants';

const AT = new Date('2026-03-01T00:00:00Z');
const day = (at: Date | null): string => (at === null ? 'never' : at.toISOString().slice(0, 10));

it.each`
  left    | rolloverLimit | breakage | rolled  | worth   | because
  ${'30'} | ${null}       | ${'30'}  | ${null} | ${null} | ${'nothing is rolled over unless it was agreed'}
  ${'30'} | ${'20'}       | ${'10'}  | ${'20'} | ${'10'} | ${'up to the limit; at half a dollar a unit'}
  ${'30'} | ${'30'}       | ${'0'}   | ${'30'} | ${'15'} | ${'all of it fits'}
  ${'12'} | ${'50'}       | ${'0'}   | ${'12'} | ${'6'}  | ${'no more than is left'}
`('$left left, up to $rolloverLimit rolled over: $because', ({ left, rolloverLimit, breakage, rolled, worth }) => {
  const units = grant('units', '100', { left, rolloverLimit, cost: '50', expiresAt: '2026-01-31', features: ['chat'] });
  const [expiry, ...others] = expiriesAt([units], AT);
  expect(others).toEqual([]);
  expect(expiry).toMatchObject({ grant: 'units', at: new Date('2026-01-31') });
  expect(expiry!.breakage.toFixed()).toBe(breakage);
  expect(expiry!.rolledOver?.amount.toFixed() ?? null).toBe(rolled);
  expect(expiry!.rolledOver?.cost?.amount.toFixed() ?? null).toBe(worth);
});

it('rolls over for as long as the first time, once, on the same terms', () => {
  const first = grant('units', '100', {
    left: '30',
    rolloverLimit: '20',
    priority: 3,
    kind: 'promotional',
    expiresAt: '2026-01-31',
    features: ['chat'],
    cost: null,
  });
  const rolled = expiriesAt([first], AT)[0]!.rolledOver!;
  expect(rolled).toMatchObject({
    kind: 'promotional',
    priority: 3,
    features: ['chat'],
    rolloverLimit: null,
    cost: null,
  });
  expect([rolled.startsAt, rolled.grantedAt, rolled.expiresAt].map(day)).toEqual([
    '2026-01-31',
    '2026-01-31',
    '2026-03-02',
  ]);
});

it('expires what has expired and still has something left, the earliest first', () => {
  const grants = [
    grant('at now', '1', { expiresAt: '2026-03-01' }),
    grant('later', '1', { expiresAt: '2026-03-02' }),
    grant('never', '1'),
    grant('empty', '1', { left: '0', expiresAt: '2026-02-01' }),
    grant('early', '1', { expiresAt: '2026-02-01' }),
  ];
  expect(expiriesAt(grants, AT).map((each) => each.grant)).toEqual(['early', 'at now']);
});

it('a third of a cent each: what rolls over and what broke are worth what was paid for both', () => {
  const thirds = grant('thirds', '3', { left: '2', rolloverLimit: '1', cost: '0.01', expiresAt: '2026-02-01' });
  const worth = expiriesAt([thirds], AT)[0]!.rolledOver!.cost!.amount;
  expect(worth.toFixed()).toBe('0.003333333333333333333333');
  expect(new Decimal('0.01').minus(worth).toFixed()).toBe('0.006666666666666666666667');
});
