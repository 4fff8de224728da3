import { OUTCOME_DEFAULTS, type OutcomeCharge, type SuccessRule } from './charges/outcome';
import { compileFilterTest, decimalOf, scalarText, type FilterTest } from './filter-test';

/** Makes ready to read a field, by its path, of many events: `metering/domain`'s `compileField`. */
export type FieldReader<E> = (field: string) => (event: E) => unknown;

/** What an event says about a task. */
export interface Verdict {
  /** What attempts at the same task share; null for an event that is a task of its own. */
  readonly task: string | null;
  /** What kind of outcome it is. */
  readonly type: string | null;
  /** The attempt worked. */
  readonly success: boolean;
  /** It isn't an attempt, but takes back what its task was billed for. */
  readonly reversal: boolean;
}

/**
 * Makes an outcome charge ready to judge many events: whether an attempt was a success (all of the charge's rules hold),
 * at which task, of which kind, or whether the event takes an outcome back.
 *
 * Values are compared as meters' filters do: true and "true" are the same, and a score is compared as a decimal, exactly.
 * What is missing or isn't a number meets no rule, so an event that says nothing is a failed attempt, not a success.
 */
export function compileOutcome<E>(charge: OutcomeCharge, reader: FieldReader<E>): (event: E) => Verdict {
  const { typeField, taskField, reversal = OUTCOME_DEFAULTS.reversal } = charge;
  const task = reader(taskField ?? OUTCOME_DEFAULTS.taskField);
  const type = reader(typeField ?? OUTCOME_DEFAULTS.typeField);
  const reversed = { read: reader(reversal.field), holds: compileFilterTest(reversal) };
  const rules = charge.success.map((rule) => ({ read: reader(fieldOf(rule)), holds: compileRule(rule) }));

  return (event) => {
    const isReversal = reversed.holds(reversed.read(event));
    return {
      // An empty name would make one task of all that lack one.
      task: scalarText(task(event)) || null,
      type: scalarText(type(event)),
      success: !isReversal && rules.every(({ read, holds }) => holds(read(event))),
      reversal: isReversal,
    };
  };
}

function fieldOf(rule: SuccessRule): string {
  return rule.field ?? OUTCOME_DEFAULTS.acceptedField;
}

function compileRule(rule: SuccessRule): FilterTest {
  const field = fieldOf(rule);
  if ('equals' in rule) return compileFilterTest({ field, operator: 'equals', value: rule.equals });
  if ('humanAccepted' in rule) return compileFilterTest({ field, operator: 'equals', value: true });
  return (value) => decimalOf(value)?.greaterThanOrEqualTo(rule.atLeast) === true;
}
