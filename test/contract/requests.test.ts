/** Requests of callers are parsed once, and a refusal names the field. */
import type { z } from 'zod';
import { MESSAGE_LIMIT, SESSION_ID_LIMIT } from '../../src/contract/names';
import {
  clientFrame,
  coordinateRequest,
  cursorText,
  eventsQuery,
  executeRequest,
  listRunsQuery,
} from '../../src/contract/requests';

/** The fields that a schema refuses in a value; empty if it accepts the value. */
function refusedIn(schema: z.ZodType, value: unknown): string[] {
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).map(({ path }) => path.join('.'));
}

const execute = { swarm_id: 'coding-swarm', message: 'Go' };
const starts = [
  ['execute', executeRequest, execute],
  ['coordinate', coordinateRequest, { message: 'Go' }],
  ['a frame that starts a run', clientFrame, execute],
] as const;

describe.each(starts)('%s', (_, schema, valid) => {
  const withField = (field: string, value: unknown) => ({ ...valid, [field]: value });
  const parse = (value: unknown) => schema.parse(value) as Record<string, unknown>;

  it('trims white space around a message', () => {
    expect(parse(withField('message', ' \n Why, so? \t'))).toMatchObject({ message: 'Why, so?' });
  });

  it('accepts a message of maximum length, not counting white space around it', () => {
    const longest = 'x'.repeat(MESSAGE_LIMIT);
    expect(parse(withField('message', ` ${longest} `)).message).toBe(longest);
    expect(refusedIn(schema, withField('message', `${longest}x`))).toEqual(['message']);
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \n\t '],
  ])('refuses a message of %s', (__, message) => {
    expect(refusedIn(schema, withField('message', message))).toEqual(['message']);
  });

  it.each(['a', 'A.b:c@d-e_9', 'x'.repeat(SESSION_ID_LIMIT)])('accepts the session id %s', (id) => {
    expect(parse(withField('session_id', id)).session_id).toBe(id);
  });

  it.each([[''], [null], [undefined]])('treats the session id %p as none', (id) => {
    expect(parse(withField('session_id', id)).session_id).toBeUndefined();
  });

  it.each([['a b'], ['a/b'], ['ä'], ['a\n'], ['{a}'], ['x'.repeat(SESSION_ID_LIMIT + 1)]])(
    'refuses the session id %j',
    (id) => {
      expect(refusedIn(schema, withField('session_id', id))).toEqual(['session_id']);
    },
  );

  it.each(['session_id', 'temperature', 'max_tokens', 'stream', 'wait', 'max_rounds'])(
    'treats null in %s as not set',
    (field) => {
      const value = parse(withField(field, null));
      expect(value[field] ?? undefined).toEqual(parse(valid)[field]);
    },
  );

  it.each<[string, unknown]>([
    ['temperature', -0.1],
    ['temperature', 2.1],
    ['temperature', Number.NaN],
    ['max_tokens', 0],
    ['max_tokens', 1.5],
    ['max_tokens', 200_001],
  ])('refuses %s = %p', (field, value) => {
    expect(refusedIn(schema, withField(field, value))).toEqual([field]);
  });

  it.each<[string, unknown]>([
    ['temperature', 0],
    ['temperature', 2],
    ['max_tokens', 1],
    ['max_tokens', 200_000],
  ])('accepts %s = %p', (field, value) => {
    expect(parse(withField(field, value))[field]).toBe(value);
  });

  it('ignores unknown fields', () => {
    expect(parse({ ...valid, use_memory: true, __proto__: { polluted: 1 } })).toEqual(parse(valid));
  });
});

describe.each(starts)('%s', (_, schema, valid) => {
  it.each<[string, unknown]>([
    ['message', 5],
    ['message', undefined],
    ['session_id', 7],
    ['temperature', '0.5'],
    ['max_tokens', '5'],
    ['stream', 'yes'],
    ['wait', -1],
    ['wait', 'soon'],
  ])('names the field if %s is %p', (field, value) => {
    expect(refusedIn(schema, { ...valid, [field]: value })).toEqual([field]);
  });

  it.each([[null], [[]], ['text'], [undefined]])('refuses %p as a body', (body) => {
    expect(schema.safeParse(body).success).toBe(false);
  });
});

describe('execute', () => {
  it.each([[undefined], [''], [7], [null]])('refuses the swarm id %p', (swarm_id) => {
    expect(refusedIn(executeRequest, { ...execute, swarm_id })).toEqual(['swarm_id']);
  });
});

describe('coordinate', () => {
  it('sends code back once by default', () => {
    expect(coordinateRequest.parse({ message: 'Go' }).max_rounds).toBe(1);
  });

  it.each([1, 10])('accepts %i rounds', (max_rounds) => {
    expect(coordinateRequest.parse({ message: 'Go', max_rounds }).max_rounds).toBe(max_rounds);
  });

  it.each([0, 11, 1.5, '2'])('refuses %p rounds', (max_rounds) => {
    expect(refusedIn(coordinateRequest, { message: 'Go', max_rounds })).toEqual(['max_rounds']);
  });
});

describe('a cursor', () => {
  it.each(['0', '1790000000000-0', '1-25', '9999999999999999-9999999999999999'])('may be %s', (cursor) => {
    expect(cursorText.parse(cursor)).toBe(cursor);
  });

  it.each(['', '-1', '1', '1-', '-', 'a-b', '1-2-3', ' 0', '0\n', '$', '+', '12345678901234567-0', '1.5-0'])(
    'is not %p',
    (cursor) => {
      expect(cursorText.safeParse(cursor).success).toBe(false);
    },
  );

  it('is optional in a query, and is named if it is invalid', () => {
    expect(eventsQuery.parse({})).toEqual({});
    expect(eventsQuery.parse({ after: '1-1' })).toEqual({ after: '1-1' });
    expect(refusedIn(eventsQuery, { after: 'x' })).toEqual(['after']);
  });
});

describe('a frame of a client', () => {
  it.each<[string, object, object]>([
    ['cancels', { cancel: 'run-1' }, { cancel: 'run-1' }],
    ['follows from the beginning', { run_id: 'run-1' }, { run_id: 'run-1', after: '0' }],
    ['follows from the beginning, too', { run_id: 'run-1', after: null }, { run_id: 'run-1', after: '0' }],
    ['resumes', { run_id: 'run-1', after: '5-2' }, { run_id: 'run-1', after: '5-2' }],
    ['starts', execute, { ...execute, session_id: undefined, max_rounds: 1 }],
    ['starts a coordination', { ...execute, max_rounds: 3 }, { ...execute, session_id: undefined, max_rounds: 3 }],
    [
      'starts though its run id is null',
      { ...execute, run_id: null },
      { ...execute, session_id: undefined, max_rounds: 1 },
    ],
  ])('%s a run', (_, frame, expected) => {
    expect(clientFrame.parse(frame)).toEqual(expected);
  });

  it.each<[string, object]>([
    ['cancel', { cancel: '' }],
    ['cancel', { cancel: 'x'.repeat(201) }],
    ['run_id', { run_id: '' }],
    ['after', { run_id: 'run-1', after: 'x' }],
    ['swarm_id', { ...execute, swarm_id: '' }],
    ['max_rounds', { ...execute, max_rounds: 11 }],
    ['max_rounds', { ...execute, max_rounds: '2' }],
    ['cancel', { cancel: 5 }],
    ['run_id', { run_id: 5, after: '0' }],
    ['after', { run_id: 'run-1', after: 5 }],
  ])('names %s in %j', (field, frame) => {
    expect(refusedIn(clientFrame, frame)).toEqual([field]);
  });

  it.each([[{}], [null], ['start'], [[]], [{ cancel: 5 }], [{ message: 'Go' }]])('is not %j', (frame) => {
    expect(clientFrame.safeParse(frame).success).toBe(false);
  });
});

describe('the list of runs', () => {
  it('has a default page size of twenty, and parses numbers from text', () => {
    expect(listRunsQuery.parse({})).toEqual({ limit: 20 });
    expect(listRunsQuery.parse({ limit: '5', status: 'failed' })).toEqual({ limit: 5, status: 'failed' });
  });

  it.each<[string, string]>([
    ['limit', '0'],
    ['limit', '101'],
    ['limit', 'many'],
    ['status', 'done'],
    ['swarm', 'x" OR 1=1'],
    ['session', "x' OR 1=1"],
  ])('names %s if it is %s', (field, value) => {
    expect(refusedIn(listRunsQuery, { [field]: value })).toEqual([field]);
  });
});
