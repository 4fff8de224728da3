import { type EventProblem, parseEvent, type UsageEvent } from '../../events/domain';

type Attributes = Readonly<Record<string, unknown>>;

/** The one version of the specification there is in use. */
const VERSION = '1.0';
/** As the specification has names: lower-case ASCII letters and digits. */
const ATTRIBUTE_NAME = /^[a-z0-9]+$/;
/** JSON as RFC 6838 names it: `application/json`, or a format on top of it such as `application/vnd.acme+json`. */
const JSON_MEDIA_TYPE = /^[\w!#$&^.+-]+\/(?:json|[\w!#$&^.+-]+\+json) *(?:;|$)/i;

/** Extension attributes that are fields of our events by the same name. */
const EXTENSIONS = ['session', 'task', 'agent', 'feature', 'department', 'user', 'parent', 'hold', 'step'] as const;

/** What our fields are called in a CloudEvent, where that is something else. */
const NAMES: Readonly<Record<string, string>> = {
  customer: 'subject',
  cost: 'costamount',
  'cost.amount': 'costamount',
  'cost.currency': 'costcurrency',
};

/**
 * Reads a CloudEvent 1.0 in the JSON event format. docs/cloudevents.md has the table of what becomes what.
 *
 * @returns the event, or the first thing that is wrong with it, in our names: `inCloudEventTerms` translates them
 */
export function parseCloudEvent(value: unknown): UsageEvent | EventProblem {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refused('event', 'must be a JSON object');
  const event = value as Attributes;
  return contextProblem(event) ?? parseEvent(ourFields(event));
}

/** The same, of OpenMeter's API, which fills in the version that a sender leaves out. */
export function parseOpenMeterEvent(value: unknown): UsageEvent | EventProblem {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return parseCloudEvent(value);
  const event = value as Attributes;
  return parseCloudEvent(isSet(event['specversion']) ? event : { ...event, specversion: VERSION });
}

/** A problem with the field named as the sender of a CloudEvent knows it. */
export function inCloudEventTerms(problem: EventProblem): EventProblem {
  const field = Object.hasOwn(NAMES, problem.field) ? NAMES[problem.field]! : problem.field;
  return field === problem.field ? problem : { ...problem, field };
}

/** What is wrong with the attributes that are about the CloudEvent and not about what happened. */
function contextProblem(event: Attributes): EventProblem | null {
  for (const name in event) {
    if (name === 'data_base64') return refused(name, 'is not taken: usage is read from JSON, so send it in data');
    if (!ATTRIBUTE_NAME.test(name))
      return refused(
        name.slice(0, 100),
        'is no name of a CloudEvents attribute: these have lower-case letters and digits only',
      );
  }
  const { specversion, source, datacontenttype, dataschema } = event;
  if (!isSet(specversion)) return refused('specversion', 'is missing');
  if (specversion !== VERSION) return refused('specversion', `must be "${VERSION}"`);
  if (!isSet(source)) return refused('source', 'is missing');
  if (isSet(datacontenttype) && !(typeof datacontenttype === 'string' && JSON_MEDIA_TYPE.test(datacontenttype)))
    return refused('datacontenttype', 'must be application/json: usage is read from JSON');
  if (isSet(dataschema) && (typeof dataschema !== 'string' || dataschema === ''))
    return refused('dataschema', 'must be a URI');
  return null;
}

/** The event as one of ours. What has no place in ours (`dataschema`, extensions of others) is left out. */
function ourFields(event: Attributes): Attributes {
  const fields: Record<string, unknown> = {
    id: event['id'],
    source: event['source'],
    type: event['type'],
    customer: event['subject'],
    time: event['time'],
    data: event['data'],
  };
  for (const name of EXTENSIONS) fields[name] = asText(event[name]);
  const amount = event['costamount'];
  const currency = event['costcurrency'];
  if (isSet(amount) || isSet(currency)) fields['cost'] = { amount, currency };
  return fields;
}

/** A number or a boolean as its text, which is what it is in a header: the same event, whichever way it came. */
function asText(value: unknown): unknown {
  return typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : value;
}

/** JSON's null says that an attribute is not there. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function refused(field: string, detail: string): EventProblem {
  return { code: 'invalid_event', field, detail };
}
