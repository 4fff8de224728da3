import { CreateFoundation1795305600000 } from './1795305600000-create-foundation';
import { ExtendEvents1795312800000 } from './1795312800000-extend-events';
import { AddCorrections1795312810000 } from './1795312810000-add-corrections';
import { WidenMeters1795312820000 } from './1795312820000-widen-meters';
import { AddResources1795312830000 } from './1795312830000-add-resources';
import { AddExchangeRates1795312840000 } from './1795312840000-add-exchange-rates';
import { AddMeterRevisions1795312850000 } from './1795312850000-add-meter-revisions';
import { SumEveryCustomer1795312860000 } from './1795312860000-sum-every-customer';
import { NameReleasedModels1795312870000 } from './1795312870000-name-released-models';
import { ExtendPlans1795313600000 } from './1795313600000-extend-plans';
import { AddPhases1795313610000 } from './1795313610000-add-phases';
import { WidenInvoiceLines1795313620000 } from './1795313620000-widen-invoice-lines';
import { AddSimulations1795313630000 } from './1795313630000-add-simulations';
import { IndexAnswersByAge1795313640000 } from './1795313640000-index-answers-by-age';
import { AddLedger1795314000000 } from './1795314000000-add-ledger';
import { AddBillingDetails1795314010000 } from './1795314010000-add-billing-details';
import { AddInvoiceStates1795314020000 } from './1795314020000-add-invoice-states';
import { AddAdjustments1795314030000 } from './1795314030000-add-adjustments';
import { WidenIntervals1795314040000 } from './1795314040000-widen-intervals';
import { AddCycles1795314600000 } from './1795314600000-add-cycles';
import { GatherInvoices1795314610000 } from './1795314610000-gather-invoices';
import { AddTaxes1795314630000 } from './1795314630000-add-taxes';
import { AddInvoiceItems1795314635000 } from './1795314635000-add-invoice-items';
import { AddCreditNotes1795314640000 } from './1795314640000-add-credit-notes';
import { AddBillingRuns1795314650000 } from './1795314650000-add-billing-runs';
import { AddEventHolds1795315200000 } from './1795315200000-add-event-holds';
import { AddCaps1795315210000 } from './1795315210000-add-caps';
import { AddSpend1795315220000 } from './1795315220000-add-spend';
import { AddPrepaidCredit1795315230000 } from './1795315230000-add-prepaid-credit';
import { AddLoops1795315240000 } from './1795315240000-add-loops';

/** Every migration in the order it runs. A released one is never edited; a change is a new one. */
export const MIGRATIONS = [
  CreateFoundation1795305600000,
  ExtendEvents1795312800000,
  AddCorrections1795312810000,
  WidenMeters1795312820000,
  AddResources1795312830000,
  AddExchangeRates1795312840000,
  AddMeterRevisions1795312850000,
  SumEveryCustomer1795312860000,
  NameReleasedModels1795312870000,
  ExtendPlans1795313600000,
  AddPhases1795313610000,
  WidenInvoiceLines1795313620000,
  AddSimulations1795313630000,
  IndexAnswersByAge1795313640000,
  AddLedger1795314000000,
  AddBillingDetails1795314010000,
  AddInvoiceStates1795314020000,
  AddAdjustments1795314030000,
  WidenIntervals1795314040000,
  AddCycles1795314600000,
  GatherInvoices1795314610000,
  AddTaxes1795314630000,
  AddInvoiceItems1795314635000,
  AddCreditNotes1795314640000,
  AddBillingRuns1795314650000,
  AddEventHolds1795315200000,
  AddCaps1795315210000,
  AddSpend1795315220000,
  AddPrepaidCredit1795315230000,
  AddLoops1795315240000,
] as const;
