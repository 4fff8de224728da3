import { z } from 'zod';
import { askedDecimal } from '../../catalog';
import { CHANGE_INVOICES, type ChangeRequest, PAUSE_BILLS, PriceOverrideFields, SETTLES } from '../../customers';
import { instant, key, reference, text } from '../../platform/http';

const changeTime = () =>
  z
    .union([z.enum(['now', 'period_end']), instant()], {
      error: 'must be "now", "period_end" or an instant such as "2026-10-01T00:00:00Z"',
    })
    .describe(
      '`now`: by the customer’s clock. `period_end`: when the billing period ends that now is in. Or an instant, not in a period that has its invoice.',
    );
const invoice = () =>
  z
    .enum(CHANGE_INVOICES)
    .default('next')
    .describe(
      '`next`: what fees in advance cost more or less is on the next invoice. `now`: on one of its own, at once. Usage and fees in arrears always wait for the end of the period.',
    );
const reason = () => text(500).optional().describe('Why, for the record.');

const TermsFields = {
  plan: reference().optional().describe('Another plan: by key its newest version, by id that version.'),
  quantities: z
    .record(key(), askedDecimal('How many are held.'))
    .optional()
    .describe('How many of recurring prices are held, by the price’s key, such as `{"seats": "5"}`.'),
  prices: z
    .record(key(), z.strictObject(PriceOverrideFields))
    .optional()
    .describe('Other terms for single prices, by the price’s key. Terms that aren’t named stay as they are.'),
  at: changeTime().default('now'),
  invoice: invoice(),
  reason: reason(),
};
const PauseFields = {
  bills: z
    .enum(PAUSE_BILLS)
    .describe(
      'What is charged meanwhile: `nothing`, or the `base_fee`: fees that no usage is needed for. Usage is free.',
    ),
  at: changeTime().default('now'),
  until: instant().optional().describe('When it ends by itself; without it, when it is resumed.'),
  reason: reason(),
};
const ResumeFields = { at: changeTime().default('now'), invoice: invoice(), reason: reason() };
const CancelFields = {
  at: changeTime().default('period_end'),
  settle: z
    .enum(SETTLES)
    .default('invoice')
    .describe(
      'What becomes of the period it ends in. `invoice`: what was used is billed, fees in advance are kept. `invoice_and_credit`: their unused part is given back, too. `nothing`: neither.',
    ),
  reason: reason(),
};
const ScheduleFields = {
  phases: z
    .array(
      z.strictObject({
        from: instant().describe('From when on; after now, and after the phase before.'),
        plan: reference().describe('By key its newest version, by id that version.'),
      }),
    )
    .max(100)
    .describe('All plans that are planned after now, in order. What was planned before and isn’t here is gone.'),
  reason: reason(),
};
const UndoFields = { reason: reason() };
const ReactivateFields = {
  plan: reference().optional().describe('Without it, the plan it had last.'),
  reason: reason(),
};

export const TermsRequest = z.strictObject(TermsFields);
export const PauseRequest = z.strictObject(PauseFields);
export const ResumeRequest = z.strictObject(ResumeFields);
export const CancelRequest = z.strictObject(CancelFields);
export const ScheduleRequest = z.strictObject(ScheduleFields);
export const UndoRequest = z.strictObject(UndoFields);
export const ReactivateRequest = z.strictObject(ReactivateFields);

const AnyChange = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('change'), ...TermsFields }),
  z.strictObject({ kind: z.literal('pause'), ...PauseFields }),
  z.strictObject({ kind: z.literal('resume'), ...ResumeFields }),
  z.strictObject({ kind: z.literal('cancel'), ...CancelFields }),
  z.strictObject({ kind: z.literal('undo_cancel'), ...UndoFields }),
  z.strictObject({ kind: z.literal('reactivate'), ...ReactivateFields }),
  z.strictObject({ kind: z.literal('schedule'), ...ScheduleFields }),
  z.strictObject({ kind: z.literal('take_back'), change: reference().describe('Id of the change.') }),
]);

export const ChangePreviewRequest = z.strictObject({
  change: AnyChange.nullable().describe(
    'The body of the request that would make the change, with its `kind`; null: what is to be paid as things are.',
  ),
});

/** What a request asks for, in the words of the rooms behind. */
export function toChangeRequest(asked: z.output<typeof AnyChange>): ChangeRequest {
  switch (asked.kind) {
    case 'change':
    case 'resume':
    case 'cancel':
    case 'undo_cancel':
      return { ...asked, reason: asked.reason ?? null };
    case 'pause':
      return { ...asked, until: asked.until ?? null, reason: asked.reason ?? null };
    case 'reactivate':
      return { ...asked, plan: asked.plan ?? null, reason: asked.reason ?? null };
    case 'schedule':
      return {
        kind: 'schedule',
        phases: asked.phases.map(({ from, plan }) => ({ fromAt: from, plan })),
        reason: asked.reason ?? null,
      };
    case 'take_back':
      return asked;
  }
}
