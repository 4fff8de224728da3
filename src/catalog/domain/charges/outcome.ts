import { decimalProblem, type Decimal, type FieldProblem } from '../../../kernel';
import { isMeterField, type Filter, type Scalar } from '../meter';
import { FIELD_HINT, filterProblems } from '../meter-problems';
import { aboveZero, notBelowZero, wholeAtLeast } from './problem-kit';

/**
 * Pay for what worked: each event of the meter is an attempt at a task and brings its verdict, and a task is billed
 * once when it succeeds, however many attempts it took.
 */
export interface OutcomeCharge {
  readonly model: 'outcome';
  /** Where an attempt says what kind of outcome it is; `data.outcome` unless told. */
  readonly typeField?: string | undefined;
  readonly prices: readonly OutcomePrice[];
  /** For outcomes of any other type; without it they aren't billed. */
  readonly otherwise?: Decimal | undefined;
  /** All of them must hold for an attempt to be a success. */
  readonly success: readonly SuccessRule[];
  /** What attempts at the same task share; `task` unless told. An event without one is a task of its own. */
  readonly taskField?: string | undefined;
  /** A task is billed once in each window: the period, unless told, or so many hours from a success that is billed. */
  readonly window?: 'period' | { readonly hours: number } | undefined;
  /** Outcomes billed for one task in a period at most. */
  readonly maxPerTask?: number | undefined;
  /** For each attempt, whatever came of it. */
  readonly attemptPrice?: Decimal | undefined;
  /** For each attempt that failed. */
  readonly failurePrice?: Decimal | undefined;
  /** A success counts after so many hours, and only if it wasn't reversed before. */
  readonly confirmationHours?: number | undefined;
  /** A reversal up to so many hours after an outcome counted is credited; later ones aren't. */
  readonly disputeHours?: number | undefined;
  /** Which events of the meter take an outcome back; `data.reversed` equal to true unless told. */
  readonly reversal?: Filter | undefined;
  /** The charge is at least what the usage cost times a factor. */
  readonly costFloor?: OutcomeCostFloor | undefined;
}

export interface OutcomePrice {
  readonly type: string;
  readonly unitPrice: Decimal;
}

export interface OutcomeCostFloor {
  /** 1 covers the cost, 1.25 a quarter more. */
  readonly factor: Decimal;
  /** The meter whose cost it is; the cost of all the customer's events unless told. */
  readonly meter?: string | undefined;
}

/** What must hold for an attempt to be a success: a field's value, a score, or that a person accepted it. */
export type SuccessRule = SuccessEquals | SuccessAtLeast | SuccessAccepted;

export interface SuccessEquals {
  readonly field: string;
  readonly equals: Scalar;
}

export interface SuccessAtLeast {
  readonly field: string;
  readonly atLeast: Decimal;
}

export interface SuccessAccepted {
  readonly humanAccepted: true;
  /** Where the verdict stands; `data.accepted` unless told. */
  readonly field?: string | undefined;
}

/** What an outcome charge means where it says nothing. */
export const OUTCOME_DEFAULTS = {
  typeField: 'data.outcome',
  taskField: 'task',
  acceptedField: 'data.accepted',
  disputeHours: 90 * 24,
  reversal: { field: 'data.reversed', operator: 'equals', value: true } satisfies Filter as Filter,
} as const;

/** What may decide about a period is looked up no more than 400 days back; a month of them is for the period before. */
const MOST_HOURS = (400 - 31) * 24;

/** Prices, rules and stretches of time are as they should be, and every field is one that meters know. */
export function outcomeProblems(charge: OutcomeCharge, at: string): FieldProblem[] {
  return [
    ...problemsOfPrices(charge, at),
    ...problemsOfFields(charge, at),
    ...problemsOfHours(charge, at),
    ...(charge.maxPerTask === undefined ? [] : wholeAtLeast(`${at}.maxPerTask`, charge.maxPerTask, 1)),
    ...(charge.costFloor === undefined ? [] : aboveZero(`${at}.costFloor.factor`, charge.costFloor.factor)),
  ];
}

function problemsOfPrices(charge: OutcomeCharge, at: string): FieldProblem[] {
  const { prices, otherwise, attemptPrice, failurePrice } = charge;
  const types = prices.map(({ type }) => type);
  const nothing = prices.length === 0 && [otherwise, attemptPrice, failurePrice].every((price) => price === undefined);
  return [
    ...(nothing ? [{ field: `${at}.prices`, detail: 'must have a price, or nothing is ever charged' }] : []),
    ...prices.flatMap(({ type, unitPrice }, index) => [
      ...(types.indexOf(type) === index ? [] : [{ field: `${at}.prices[${index}].type`, detail: 'is there twice' }]),
      ...notBelowZero(`${at}.prices[${index}].unitPrice`, unitPrice),
    ]),
    ...(['otherwise', 'attemptPrice', 'failurePrice'] as const).flatMap((name) => {
      const price = charge[name];
      return price === undefined ? [] : notBelowZero(`${at}.${name}`, price);
    }),
  ];
}

function problemsOfFields({ typeField, taskField, success, reversal }: OutcomeCharge, at: string): FieldProblem[] {
  const known = (field: string, name: string | undefined): FieldProblem[] =>
    name === undefined || isMeterField(name) ? [] : [{ field, detail: FIELD_HINT }];
  return [
    ...known(`${at}.typeField`, typeField),
    ...known(`${at}.taskField`, taskField),
    ...(success.length === 0 ? [{ field: `${at}.success`, detail: 'must have at least one rule' }] : []),
    ...success.flatMap((rule, index) => [
      ...known(`${at}.success[${index}].field`, rule.field),
      ...('atLeast' in rule ? digits(`${at}.success[${index}].atLeast`, rule.atLeast) : []),
    ]),
    ...(reversal === undefined ? [] : filterProblems(reversal, `${at}.reversal`)),
  ];
}

/** A score may be below zero, but is a number that we keep exactly. */
function digits(field: string, value: Decimal): FieldProblem[] {
  const problem = decimalProblem(value.toFixed());
  return problem === null ? [] : [{ field, detail: problem }];
}

function problemsOfHours(charge: OutcomeCharge, at: string): FieldProblem[] {
  const { confirmationHours = 0, disputeHours = OUTCOME_DEFAULTS.disputeHours, window } = charge;
  const windowHours = window === undefined || window === 'period' ? null : window.hours;
  const real = (field: string, hours: number, least: string, isEnough: boolean): FieldProblem[] =>
    Number.isFinite(hours) && isEnough ? [] : [{ field: `${at}.${field}`, detail: `must be ${least} hours or more` }];
  const problems = [
    ...real('confirmationHours', confirmationHours, '0', confirmationHours >= 0),
    ...real('disputeHours', disputeHours, '0', disputeHours >= 0),
    ...(windowHours === null ? [] : real('window.hours', windowHours, '0.001', windowHours >= 0.001)),
  ];
  if (problems.length > 0 || confirmationHours + disputeHours <= MOST_HOURS) return problems;
  const detail = 'must be at most 8,856 (369 days) together with the hours of confirmation';
  return [{ field: `${at}.disputeHours`, detail }];
}
