import { dayAt, type Interval } from './calendar';
import {
  dueOf,
  type RefEvent,
  type RefInvoice,
  type RefPart,
  type RefPlan,
  type RefSubscription,
  type Settle,
  subtotalOf,
  totalOf,
} from './definitions';
import { missingFees } from './fees';
import { taxOf } from './money';
import { adjustments, ratedLines } from './periods';
import { periodAt, termsAt } from './time';

const GRACE = 86_400_000;

/**
 * A customer with everything that is billed to them, as a clock goes on. Whatever falls due is done at its instant, one
 * after the other, by looking at everything again.
 */
export class RefCustomer {
  readonly subscriptions: RefSubscription[] = [];
  readonly invoices: RefInvoice[] = [];
  readonly events: RefEvent[] = [];
  /** What the customer may use up, in minor units. */
  credit = 0n;
  /** Money that arrived, less what was paid back. */
  money = 0n;

  constructor(
    readonly timeZone: string,
    readonly decimals: number,
    readonly taxPercent: string,
    public now: number,
  ) {}

  subscribe(key: string, plan: RefPlan, calendar: boolean, apart: boolean): RefSubscription {
    const subscription: RefSubscription = {
      key,
      apart,
      cycles: [this.cycle(plan.interval, calendar, 0)],
      phases: [{ from: this.now, plan }],
      seats: [],
      pauses: [],
      open: 0,
      startDue: plan.ahead > 0,
      feesUpTo: this.now,
    };
    this.subscriptions.push(subscription);
    return subscription;
  }

  private cycle(interval: Interval, calendar: boolean, firstIndex: number): RefSubscription['cycles'][number] {
    const anchor = { startAt: this.now, timeZone: this.timeZone, interval, count: 1, calendar };
    return { anchor, firstIndex, cutAt: null, ending: null };
  }

  /** The clock moves: the next thing that is due is done, again and again. */
  advance(to: number): void {
    for (;;) {
      const next = Math.min(...this.subscriptions.map(dueAt), ...this.invoices.map(finalAt));
      if (next > to) break;
      this.now = Math.max(this.now, next);
      this.runDue();
    }
    this.now = to;
  }

  private runDue(): void {
    for (;;) {
      const due = this.subscriptions.filter((each) => dueAt(each) <= this.now).sort((one, other) => dueAt(one) - dueAt(other))[0]; // prettier-ignore
      if (due === undefined) break;
      this.closeNext(due);
    }
    const ready = this.invoices.filter((invoice) => finalAt(invoice) <= this.now);
    for (const invoice of ready.sort((one, other) => finalAt(one) - finalAt(other))) this.finalize(invoice);
  }

  /** The first fees of a subscription, or its open period. */
  closeNext(subscription: RefSubscription): void {
    const index = subscription.open!;
    const period = periodAt(subscription, index)!;
    if (subscription.startDue) {
      subscription.startDue = false;
      this.gather({ subscription, kind: 'start', index, from: period.from, to: period.to, closesAt: period.from });
      return;
    }
    const { ending } = subscription.cycles.at(-1)!;
    const isLast = ending !== null && period.to >= ending.endAt;
    subscription.open = isLast ? null : index + 1;
    if (isLast && ending.settle === 'nothing') return;
    this.gather({ subscription, kind: 'period', index, from: period.from, to: period.to, closesAt: period.to });
  }

  /** Onto the draft of its day, or a new one. */
  private gather(part: RefPart): void {
    const gathersOn = part.subscription.apart ? null : dayAt(part.closesAt, this.timeZone);
    const waiting = this.invoices.find((each) => each.status === 'draft' && each.gathersOn === gathersOn);
    const invoice = gathersOn === null || waiting === undefined ? this.newInvoice(gathersOn) : waiting;
    invoice.parts.push(part);
    this.writeFees(invoice, part);
    this.refresh(invoice);
  }

  private newInvoice(gathersOn: string | null): RefInvoice {
    const money = { tax: 0n, creditApplied: 0n, credited: 0n, paid: 0n };
    const invoice: RefInvoice = { parts: [], lines: [], gathersOn, status: 'draft', issuedAt: null, reissued: false, ...money }; // prettier-ignore
    this.invoices.push(invoice);
    return invoice;
  }

  private writeFees(invoice: RefInvoice, { subscription, closesAt }: RefPart): void {
    invoice.lines.push(...missingFees(subscription, this.invoices, closesAt, this.decimals));
  }

  /** What follows its events is made anew. */
  refresh(invoice: RefInvoice): void {
    const { events, decimals } = this;
    const written = invoice.lines.filter(({ memory }) => memory === 'fee');
    const computed = invoice.parts
      .filter(({ kind }) => kind === 'period')
      .flatMap((part) => [
        ...ratedLines(part.subscription, part.index, events, decimals),
        ...adjustments(part.subscription, part, this.invoices, events, decimals),
      ]);
    invoice.lines = [...written, ...computed];
    invoice.tax = taxOf(invoice.lines, this.taxPercent);
  }

  finalize(invoice: RefInvoice): void {
    if (invoice.status !== 'draft') return;
    this.refresh(invoice);
    invoice.status = 'finalized';
    invoice.issuedAt = this.now;
    const total = totalOf(invoice);
    if (total > 0n) {
      invoice.creditApplied = this.credit < total ? this.credit : total;
      this.credit -= invoice.creditApplied;
    } else {
      this.credit -= total;
    }
    this.settle(invoice);
  }

  private settle(invoice: RefInvoice): void {
    if (invoice.status === 'finalized' && dueOf(invoice) === 0n) invoice.status = 'paid';
  }

  /** Fees as they should be now, on an invoice of their own; none when nothing is different. */
  billNow(subscription: RefSubscription): void {
    const lines = missingFees(subscription, this.invoices, this.now, this.decimals);
    if (lines.length === 0) return;
    const invoice = this.newInvoice(null);
    const index = subscription.open!;
    invoice.parts.push({ subscription, kind: 'change', index, from: this.now, to: this.now, closesAt: this.now });
    invoice.lines.push(...lines);
    this.finalize(invoice);
  }

  changePlan(subscription: RefSubscription, plan: RefPlan, at: 'now' | 'period_end'): void {
    const from = at === 'now' ? this.now : periodAt(subscription, subscription.open!)!.to;
    subscription.phases = [...subscription.phases.filter((phase) => phase.from < from), { from, plan }];
  }

  changeSeats(subscription: RefSubscription, quantity: string): void {
    subscription.seats = [...subscription.seats.filter(({ from }) => from < this.now), { from: this.now, quantity }];
  }

  pause(subscription: RefSubscription, bills: 'nothing' | 'base_fee'): void {
    subscription.pauses.push({ from: this.now, to: null, bills });
  }

  resume(subscription: RefSubscription): void {
    subscription.pauses.at(-1)!.to = this.now;
  }

  cancel(subscription: RefSubscription, at: 'now' | 'period_end', settle: Settle): void {
    const endAt = at === 'now' ? this.now : periodAt(subscription, subscription.open!)!.to;
    subscription.cycles.at(-1)!.ending = { endAt, cancelledAt: this.now, settle };
    if (at === 'now') this.closeNext(subscription);
  }

  undoCancel(subscription: RefSubscription): void {
    subscription.cycles.at(-1)!.ending = null;
  }

  reactivate(subscription: RefSubscription): void {
    const { anchor, firstIndex, ending } = subscription.cycles.at(-1)!;
    let last = firstIndex;
    while (periodAt(subscription, last + 1) !== null) last += 1;
    if (ending === null) throw new Error('it has not ended');
    // It is taken up again to be used: the pause it ended in is over.
    const pause = subscription.pauses.at(-1);
    if (pause?.to === null) pause.to = ending.endAt;
    const { plan } = termsAt(subscription, this.now);
    subscription.cycles.push(this.cycle(plan.interval, anchor.calendar, last + 1));
    subscription.open = last + 1;
    subscription.startDue = plan.ahead > 0;
  }

  pay(invoice: RefInvoice, amount: bigint): void {
    const due = dueOf(invoice);
    const applied = amount < due ? amount : due;
    invoice.paid += applied;
    this.credit += amount - applied;
    this.money += amount;
    this.settle(invoice);
  }

  void(invoice: RefInvoice): void {
    invoice.status = 'void';
    this.credit += invoice.creditApplied + invoice.paid;
  }

  /** Voided, and made again with everything as it is now. */
  reissue(invoice: RefInvoice): RefInvoice {
    if (invoice.status !== 'void') this.void(invoice);
    invoice.reissued = true;
    const again = this.newInvoice(null);
    for (const part of invoice.parts) {
      again.parts.push(part);
      this.writeFees(again, part.kind === 'change' ? { ...part, closesAt: this.now } : part);
    }
    this.refresh(again);
    return again;
  }

  /** Takes so much of a line back. */
  creditNote(
    invoice: RefInvoice,
    amounts: ReadonlyMap<number, bigint>,
    tax: bigint,
    as: 'invoice' | 'balance' | 'refund',
  ): void {
    let gross = tax;
    for (const [place, amount] of amounts) {
      invoice.lines[place]!.noted += amount;
      gross += amount;
    }
    if (as === 'invoice') invoice.credited += gross;
    if (as === 'balance') this.credit += gross;
    if (as === 'refund') this.money -= gross;
    this.settle(invoice);
  }
}

/** When a subscription needs something done next. */
function dueAt(subscription: RefSubscription): number {
  if (subscription.open === null) return Number.POSITIVE_INFINITY;
  const period = periodAt(subscription, subscription.open)!;
  return subscription.startDue ? period.from : period.to;
}

/** When a draft is issued by itself. */
function finalAt({ status, parts }: RefInvoice): number {
  return status === 'draft' ? Math.max(...parts.map(({ closesAt }) => closesAt)) + GRACE : Number.POSITIVE_INFINITY;
}

export { dueOf, subtotalOf, totalOf };
