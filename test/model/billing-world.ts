import { Decimal } from '../../src/kernel';
import { advance, made, makeClock } from '../support/books';
import type { Answer, TestServer } from '../support/server';
import { type Command, planRequest, type Setting } from './billing-commands';
import { dueOf, periodAt, RefCustomer, type RefInvoice, subtotalOf, totalOf } from './billing-reference';
import * as r from './rating-reference/rational';

type Body = Answer['body'];

const WHO = 'customer';
const DECIMALS: Readonly<Record<string, number>> = { JPY: 0, KWD: 3 };
const iso = (at: number): string => new Date(at).toISOString();

/** One customer of an organisation of their own, on the server and in the reference. */
export class BillingWorld {
  readonly decimals: number;
  readonly model: RefCustomer;
  /** What was done, for the reader of a failure. */
  readonly story: string[] = [];
  private clock = '';
  private sent = 0;
  private payments = 0;
  private notes = 0n;
  private readonly started: number;

  private constructor(
    private readonly server: TestServer,
    private readonly apiKey: string,
    private readonly setting: Setting,
  ) {
    this.decimals = DECIMALS[setting.currency] ?? 2;
    this.model = new RefCustomer(setting.timeZone, this.decimals, setting.taxPercent, setting.startAt);
    this.started = setting.startAt;
  }

  static async of(server: TestServer, setting: Setting): Promise<BillingWorld> {
    const { apiKey } = await server.organisation('Model');
    const world = new BillingWorld(server, apiKey, setting);
    world.clock = await makeClock(world, iso(setting.startAt));
    const meter = { key: 'calls', name: 'Calls', eventType: 'calls', aggregation: 'sum', value: 'data.n' };
    await world.post('/v1/meters', meter);
    const { timeZone, taxPercent, plans, currency } = setting;
    await world.post('/v1/customers', { key: WHO, name: 'Customer', timeZone, testClock: world.clock });
    if (taxPercent !== '0') {
      const rate = { key: 'tax', name: 'Tax', tax: 'tax', percent: taxPercent, behaviour: 'exclusive', category: 'S' };
      await world.post('/v1/tax-rates', rate);
    }
    for (const plan of plans) await world.post('/v1/plans', planRequest(plan, currency));
    await world.subscribe(0, false, false);
    // A moment later, so that nothing else happens at the very start.
    await world.act({ do: 'advance', minutes: 1 });
    return world;
  }

  api(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.server.api(method, path, body, this.apiKey);
  }
  get = (path: string): Promise<Body> => made(this.api('GET', path));
  post = (path: string, body: unknown = {}): Promise<Body> => made(this.api('POST', path, body));

  private async subscribe(plan: number, calendar: boolean, apart: boolean): Promise<void> {
    const key = `sub-${this.model.subscriptions.length}`;
    const chosen = this.setting.plans[plan]!;
    this.model.subscribe(key, chosen, calendar, apart);
    await this.post('/v1/subscriptions', {
      key,
      customer: WHO,
      plan: chosen.key,
      anchor: calendar ? 'calendar' : 'anniversary',
      ...(apart ? { invoicing: 'apart' } : {}),
    });
  }

  private async send(calls: number, at: number): Promise<void> {
    const id = `e-${(this.sent += 1)}`;
    this.model.events.push({ id, at, calls, isVoid: false });
    const event = { id, source: WHO, type: 'calls', customer: WHO, time: iso(at), data: { n: calls } };
    expect(await this.post('/v1/events', [event])).toMatchObject({ accepted: 1 });
  }

  /** Does it where it can be done. @returns whether it was */
  async act(wanted: Command): Promise<boolean> {
    const { model } = this;
    this.story.push(`${iso(model.now)} ${JSON.stringify(wanted)}`);
    const done = await this.tryTo(wanted);
    if (!done) this.story.pop();
    return done;
  }

  private async tryTo(wanted: Command): Promise<boolean> {
    const { model } = this;
    switch (wanted.do) {
      case 'advance': {
        const to = model.now + wanted.minutes * 60_000;
        model.advance(to);
        await advance(this, this.clock, iso(to));
        return true;
      }
      case 'use':
        await this.send(wanted.calls, model.now);
        return true;
      case 'late':
        await this.send(wanted.calls, this.started + Math.floor(((model.now - this.started) * wanted.permille) / 1000));
        return true;
      case 'void event': {
        const event = model.events.filter(({ isVoid }) => !isVoid).at(-1 - wanted.which);
        if (event === undefined) return false;
        event.isVoid = true;
        await this.post(`/v1/events/${event.id}/void`, { source: WHO, reason: 'Model' });
        return true;
      }
      case 'subscribe':
        if (model.subscriptions.length >= 3) return false;
        await this.subscribe(wanted.plan, wanted.calendar, wanted.apart);
        await this.tryTo({ do: 'advance', minutes: 1 });
        return true;
      case 'finalize':
      case 'void invoice':
      case 'reissue':
      case 'pay':
      case 'credit note':
        return this.onInvoice(wanted);
      default:
        return this.onSubscription(wanted);
    }
  }

  private async onSubscription(wanted: Extract<Command, { which: number }>): Promise<boolean> {
    const { model, setting } = this;
    const subscription = model.subscriptions.at(-1 - (wanted.which % model.subscriptions.length))!;
    const path = `/v1/subscriptions/${subscription.key}`;
    const { now } = model;
    const { ending } = subscription.cycles.at(-1)!;
    const isOver = ending !== null && ending.endAt <= now;
    // A change at the very instant at which periods begin is the stories’ to tell.
    if (!isOver && subscription.open !== null && periodAt(subscription, subscription.open)!.from === now) return false;
    const pause = subscription.pauses.at(-1);
    const isPaused = pause?.to === null;
    const next = subscription.phases.at(-1)!;
    const reason = 'Model';
    switch (wanted.do) {
      case 'plan': {
        const plan = setting.plans[wanted.plan]!;
        if (ending !== null || next.from > now || next.plan === plan) return false;
        model.changePlan(subscription, plan, wanted.at);
        if (wanted.invoice === 'now') model.billNow(subscription);
        await this.post(`${path}/changes`, { plan: plan.key, at: wanted.at, invoice: wanted.invoice, reason });
        return true;
      }
      case 'seats': {
        const agreed = subscription.seats.at(-1)?.quantity ?? next.plan.seats;
        if (ending !== null || next.from > now || agreed === String(wanted.seats)) return false;
        model.changeSeats(subscription, String(wanted.seats));
        if (wanted.invoice === 'now') model.billNow(subscription);
        const quantities = { seats: String(wanted.seats) };
        await this.post(`${path}/changes`, { quantities, at: 'now', invoice: wanted.invoice, reason });
        return true;
      }
      case 'pause':
        if (isOver || isPaused || pause?.to === now) return false;
        model.pause(subscription, wanted.bills);
        await this.post(`${path}/pause`, { bills: wanted.bills, reason });
        return true;
      case 'resume':
        if (isOver || !isPaused || pause.from === now) return false;
        model.resume(subscription);
        await this.post(`${path}/resume`, {});
        return true;
      case 'cancel':
        if (ending !== null || next.from > now) return false;
        model.cancel(subscription, wanted.at, wanted.settle);
        await this.post(`${path}/cancel`, { at: wanted.at, settle: wanted.settle, reason });
        return true;
      case 'undo cancel':
        if (ending === null || isOver) return false;
        model.undoCancel(subscription);
        await this.post(`${path}/undo-cancel`);
        return true;
      case 'reactivate':
        if (!isOver || ending.endAt === now) return false;
        model.reactivate(subscription);
        await this.post(`${path}/reactivate`);
        await this.tryTo({ do: 'advance', minutes: 1 });
        return true;
      default:
        throw new Error(`${wanted.do} is about no subscription`);
    }
  }

  private async onInvoice(wanted: Extract<Command, { which: number }>): Promise<boolean> {
    const { model } = this;
    const invoice = model.invoices.filter(({ status }) => status !== 'void').at(-1 - wanted.which);
    if (invoice === undefined) return false;
    const path = `/v1/invoices/${(await this.same(invoice)).id}`;
    const reason = 'Model';
    switch (wanted.do) {
      case 'finalize':
        if (invoice.status !== 'draft' || this.dependsOnDraft(invoice)) return false;
        model.finalize(invoice);
        await this.post(`${path}/finalize`);
        return true;
      case 'void invoice':
        if (invoice.status !== 'finalized' || invoice.lines.some(({ noted }) => noted > 0n)) return false;
        model.void(invoice);
        await this.post(`${path}/void`, { reason });
        return true;
      case 'reissue': {
        if (invoice.status !== 'finalized' || invoice.lines.some(({ noted }) => noted > 0n)) return false;
        const again = model.reissue(invoice);
        model.finalize(again);
        const { id } = await this.post(`${path}/reissue`, { reason });
        await this.post(`/v1/invoices/${id}/finalize`);
        return true;
      }
      case 'pay': {
        const due = dueOf(invoice);
        if (invoice.status !== 'finalized' || due <= 0n) return false;
        const amount = (due * BigInt(wanted.percent)) / 100n;
        if (amount === 0n) return false;
        model.pay(invoice, amount);
        const reference = `p-${(this.payments += 1)}`;
        await this.post(`${path}/payments`, { amount: this.money(amount), reference, paidAt: iso(model.now) });
        return true;
      }
      case 'credit note':
        return this.note(invoice, wanted, path);
      default:
        throw new Error(`${wanted.do} is about no invoice`);
    }
  }

  /** Part of a line where there is no tax; where there is, everything that is left of the invoice. */
  private async note(invoice: RefInvoice, wanted: Command & { do: 'credit note' }, path: string): Promise<boolean> {
    if (!['finalized', 'paid'].includes(invoice.status) || totalOf(invoice) <= 0n) return false;
    if (invoice.lines.some(({ amount, noted }) => amount < 0n || noted > 0n)) return false;
    const isWhole = this.setting.taxPercent !== '0';
    const place = invoice.lines.findIndex(({ amount }) => amount > 0n);
    const { amount: whole, key, from } = invoice.lines[place]!;
    const part = (whole * BigInt(wanted.percent)) / 100n;
    const amounts = isWhole
      ? new Map(invoice.lines.map(({ amount }, index) => [index, amount]))
      : new Map([[place, part]]);
    const gross = isWhole ? totalOf(invoice) : part;
    if (gross === 0n || (wanted.as === 'invoice' && gross > dueOf(invoice))) return false;
    if (wanted.as === 'refund' && gross > invoice.paid) return false;
    const { lines } = await this.get(path);
    const found = lines.filter((line: Body) => line.key === key && Date.parse(line.servicePeriod.start) === from && line.amount === this.money(whole)); // prettier-ignore
    if (found.length !== 1) return false;
    const body = isWhole ? {} : { lines: [{ line: found[0].id, amount: this.money(part) }] };
    this.model.creditNote(invoice, amounts, isWhole ? invoice.tax : 0n, wanted.as);
    this.notes += gross;
    await this.post(`${path}/credit-notes`, { as: wanted.as, reason: 'Model', ...body });
    return true;
  }

  /** A draft whose own adjustments hang on an earlier one. */
  private dependsOnDraft(invoice: RefInvoice): boolean {
    return this.model.invoices.some((other) => other !== invoice && other.status === 'draft');
  }

  money = (amount: bigint): string => r.asLine(r.fraction(amount, 10n ** BigInt(this.decimals)), this.decimals);

  /** Invoices on the server, each with its lines. */
  async invoices(): Promise<Body[]> {
    const { items } = await this.get(`/v1/customers/${WHO}/invoices?limit=200`);
    const all: Body[] = [];
    for (const { id } of items) all.push(await this.get(`/v1/invoices/${id}`));
    return all;
  }

  private async same(invoice: RefInvoice): Promise<Body> {
    if (invoice.status === 'draft') this.model.refresh(invoice);
    const wanted = this.asModel(invoice).join('\n');
    const found = (await this.invoices()).filter((each) => this.asTold(each).join('\n') === wanted);
    if (found.length === 0) throw new Error(`The server has no such invoice:\n${wanted}`);
    return found[0];
  }

  asModel(invoice: RefInvoice): string[] {
    const { status, issuedAt, lines, tax, creditApplied, credited, paid } = invoice;
    return [
      `${status} ${issuedAt === null ? 'not issued' : iso(issuedAt)}`,
      ...lines
        .map(({ kind, key, from, to, amount }) => `${kind} ${key} ${iso(from)} ${iso(to)} ${this.money(amount)}`)
        .sort(),
      `net ${this.money(subtotalOf(invoice))} tax ${this.money(tax)} total ${this.money(totalOf(invoice))}`,
      `credit ${this.money(creditApplied)} noted ${this.money(credited)} paid ${this.money(paid)} due ${this.money(dueOf(invoice))}`,
    ];
  }

  asTold(invoice: Body): string[] {
    const { status, issuedAt, lines, subtotal, taxTotal, total, creditApplied, credited, amountPaid, amountDue } =
      invoice;
    return [
      `${status} ${issuedAt ?? 'not issued'}`,
      ...lines
        .filter(({ kind, amount }: Body) => kind !== 'adjustment' || !new Decimal(amount).isZero())
        .map(({ kind, key, servicePeriod: { start, end }, amount }: Body) => `${kind} ${key} ${start} ${end} ${amount}`)
        .sort(),
      `net ${subtotal} tax ${taxTotal} total ${total}`,
      `credit ${creditApplied} noted ${credited} paid ${amountPaid} due ${amountDue}`,
    ];
  }

  /** What credit notes took back, taxes included. */
  noted(): bigint {
    return this.notes;
  }
}
