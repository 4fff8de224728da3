import { decimalProblem, type FieldProblem } from '../../kernel';
import {
  ATTRIBUTION_FIELDS,
  type Filter,
  isMeterField,
  isValueField,
  type MeterDefinition,
  MODEL_FIELDS,
  TIME_UNITS,
} from './meter';

const NUMERIC = new Set(['less_than', 'at_most', 'greater_than', 'at_least']);
export const FIELD_HINT = `must be data.<name>, usage.<name>, or one of ${[...ATTRIBUTION_FIELDS, ...MODEL_FIELDS].join(', ')}`;
const VALUE_HINT = 'must be a field of data, such as data.output_tokens, or of usage, such as usage.input_tokens';

/** Says what is wrong with a meter's definition, by field; nothing when it can be used. */
export function meterProblems(meter: MeterDefinition): FieldProblem[] {
  const problems: FieldProblem[] = [...valueProblems(meter), ...timeUnitProblems(meter)];
  meter.filters.forEach((filter, index) => problems.push(...filterProblems(filter, `filters[${index}]`)));
  meter.groupBy.forEach((field, index) => {
    if (!isMeterField(field)) problems.push({ field: `groupBy[${index}]`, detail: FIELD_HINT });
    if (meter.groupBy.indexOf(field) !== index) problems.push({ field: `groupBy[${index}]`, detail: 'is there twice' });
  });
  return problems;
}

function valueProblems({ aggregation, valueField }: MeterDefinition): FieldProblem[] {
  const say = (detail: string): FieldProblem[] => [{ field: 'value', detail }];
  if (aggregation === 'count') return valueField === null ? [] : say('has no meaning for a count; leave it out');
  if (aggregation === 'unique') {
    if (valueField === null) return say('is needed for unique: the field whose different values are counted, such as user'); // prettier-ignore
    return isMeterField(valueField) ? [] : say(FIELD_HINT);
  }
  if (valueField === null) {
    return say(`is needed for ${aggregation}: the field whose values it takes, such as data.output_tokens`);
  }
  return isValueField(valueField) ? [] : say(VALUE_HINT);
}

function timeUnitProblems({ aggregation, timeUnit }: MeterDefinition): FieldProblem[] {
  if ((aggregation === 'time_weighted') === (timeUnit !== null)) return [];
  const detail =
    timeUnit === null
      ? `is needed for time_weighted: what the value holds for, one of ${TIME_UNITS.join(', ')}`
      : `has no meaning for ${aggregation}; leave it out`;
  return [{ field: 'timeUnit', detail }];
}

/** What is wrong with a condition; `path` names it in the messages. */
export function filterProblems(filter: Filter, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { operator, value } = filter;
  const say = (detail: string): void => void problems.push({ field: `${path}.value`, detail });

  if (!isMeterField(filter.field)) problems.push({ field: `${path}.field`, detail: FIELD_HINT });
  if (operator === 'exists' || operator === 'not_exists') {
    if (value !== undefined) say(`has no meaning for ${operator}; leave it out`);
  } else if (operator === 'in' || operator === 'not_in') {
    if (!Array.isArray(value) || value.length === 0) say(`must be a list of at least one value for ${operator}`);
  } else if (value === undefined || Array.isArray(value)) {
    say(`must be one value for ${operator}`);
  } else if (NUMERIC.has(operator) && (typeof value === 'boolean' || decimalProblem(String(value)) !== null)) {
    say(`must be a number or decimal string for ${operator}`);
  }
  return problems;
}
