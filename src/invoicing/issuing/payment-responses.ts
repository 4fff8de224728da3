import { z } from 'zod';
import { formatAmount, toPublicId } from '../../kernel';
import { decimalString, instant, text } from '../../platform/http';
import { amountDueOf, INVOICE_STATUSES } from '../domain';
import { APPROVALS, type InvoiceSettings, type PaymentTerms } from './invoice-settings.service';
import type { InvoiceEntity } from '../persistence/invoice.entity';
import type { PaymentEntity } from '../persistence/payment.entity';

export const PaymentRequest = z.strictObject({
  amount: decimalString().describe('In the invoice’s currency. More than is due becomes credit of the customer.'),
  reference: text(200).describe('What the payer or the bank calls it. A repeat of it is the same payment.'),
  paidAt: instant().optional().describe('When the money arrived; now, by the customer’s clock, without it.'),
});

export const ReasonRequest = z.strictObject({ reason: text(500).describe('Why, for whoever asks later.') });

const PaymentResponse = z.object({
  id: z.string(),
  reference: z.string(),
  amount: z.string(),
  applied: z.string().describe('What of it pays the invoice.'),
  credited: z.string().describe('What of it is more than was due, and became credit of the customer.'),
  currency: z.string(),
  paidAt: z.string(),
  createdAt: z.string(),
});

const InvoiceStateResponse = z.object({
  id: z.string(),
  number: z.string().nullable(),
  status: z.enum(INVOICE_STATUSES),
  amountPaid: z.string(),
  amountDue: z.string(),
});

export const RecordedPaymentResponse = PaymentResponse.extend({
  invoice: InvoiceStateResponse.describe('As it is now.'),
});

export const PaymentsResponse = z.object({
  invoice: InvoiceStateResponse,
  items: z.array(PaymentResponse).describe('In the order they were recorded.'),
});

const netDays = () => z.number().int().min(0).max(365);
export const InvoiceSettingsRequest = z
  .strictObject({
    numberFormat: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe(
        'Such as `INV-{year}-{number:6}`. The number is at the end, goes on without gaps, and is filled up to so many digits.',
      ),
    netDays: netDays().optional().describe('Days after it is finalized in which an invoice is to be paid.'),
    approval: z
      .enum(APPROVALS)
      .optional()
      .describe(
        'With `required` a draft is finalized only after somebody approved its total. Invoices of a change that is billed at once, and of thresholds, need no approval.',
      ),
  })
  .refine((asked) => Object.keys(asked).length > 0, 'must say what to change: numberFormat, netDays or approval');
export const InvoiceSettingsResponse = z.object({
  numberFormat: z.string(),
  netDays: z.number().int(),
  approval: z.enum(APPROVALS),
});

export const PaymentTermsRequest = z.strictObject({
  netDays: netDays().nullable().describe('Days to pay agreed with this customer; null: as of the organisation.'),
});
export const PaymentTermsResponse = z.object({
  netDays: z.number().int().nullable(),
  effectiveNetDays: z.number().int().describe('What holds for invoices finalized from now on.'),
});

export function toPaymentResponse(
  payment: PaymentEntity,
  { currency }: InvoiceEntity,
): z.infer<typeof PaymentResponse> {
  return {
    id: toPublicId('payment', payment.id),
    reference: payment.reference,
    amount: formatAmount(payment.amount, currency),
    applied: formatAmount(payment.amount.minus(payment.credited), currency),
    credited: formatAmount(payment.credited, currency),
    currency,
    paidAt: payment.paidAt.toISOString(),
    createdAt: payment.createdAt.toISOString(),
  };
}

export function toInvoiceState(invoice: InvoiceEntity): z.infer<typeof InvoiceStateResponse> {
  return {
    id: toPublicId('invoice', invoice.id),
    number: invoice.number,
    status: invoice.status,
    amountPaid: formatAmount(invoice.amountPaid, invoice.currency),
    amountDue: formatAmount(amountDueOf(invoice), invoice.currency),
  };
}

export function toSettingsResponse({
  numberFormat,
  netDays: days,
  approval,
}: InvoiceSettings): z.infer<typeof InvoiceSettingsResponse> {
  return { numberFormat, netDays: days, approval };
}

export function toTermsResponse({
  netDays: days,
  effectiveNetDays,
}: PaymentTerms): z.infer<typeof PaymentTermsResponse> {
  return { netDays: days, effectiveNetDays };
}
