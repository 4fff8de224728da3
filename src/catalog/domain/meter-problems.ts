import { decimalProblem, type FieldProblem } from '../../kernel';
import { type Filter, isMeterField, type Meter } from './meter';

const NUMERIC = new Set(['less_than', 'at_most', 'greater_than', 'at_least']);
const FIELD_HINT = 'must be data.<name> or one of source, session, task, agent, feature, department, user';

/** Says what is wrong with a meter's definition, by field; nothing when it can be used. */
export function meterProblems(meter: Omit<Meter, 'id'>): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (meter.aggregation === 'sum' && meter.valueField === null) {
    problems.push({
      field: 'value',
      detail: 'is needed for a sum: the field that is summed, such as data.output_tokens',
    });
  }
  if (meter.aggregation === 'count' && meter.valueField !== null) {
    problems.push({ field: 'value', detail: 'has no meaning for a count; leave it out' });
  }
  if (meter.valueField !== null && !meter.valueField.startsWith('data.')) {
    problems.push({ field: 'value', detail: 'must be a field of data, such as data.output_tokens' });
  }
  if (meter.valueField !== null && !isMeterField(meter.valueField))
    problems.push({ field: 'value', detail: FIELD_HINT });
  meter.filters.forEach((filter, index) => problems.push(...filterProblems(filter, `filters[${index}]`)));
  meter.groupBy.forEach((field, index) => {
    if (!isMeterField(field)) problems.push({ field: `groupBy[${index}]`, detail: FIELD_HINT });
    if (meter.groupBy.indexOf(field) !== index) problems.push({ field: `groupBy[${index}]`, detail: 'is there twice' });
  });
  return problems;
}

function filterProblems(filter: Filter, path: string): FieldProblem[] {
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
