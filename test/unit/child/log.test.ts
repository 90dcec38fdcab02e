import { describe, expect, it } from '@jest/globals';
import { childLog } from '../../../src/child/log.ts';
import type { LogMessage } from '../../../src/ipc/messages.ts';
import { parse } from '../../../src/ipc/parse.ts';

/** The message that reaches the supervisor for a line that is logged with these arguments. */
function arrives(message: unknown, fields?: unknown): LogMessage {
  let sent: LogMessage | undefined;
  childLog((line) => (sent = line)).info(message as string, fields as Record<string, unknown>);
  return parse.fromConsumer(JSON.parse(JSON.stringify(sent))) as LogMessage;
}

const circular: Record<string, unknown> = {};
circular['self'] = circular;

const hostile = {
  get trap() {
    throw new Error('do not look');
  },
};

describe('a line of user code’s log', () => {
  it('keeps its level, text and fields', () => {
    const sent: LogMessage[] = [];
    const log = childLog((line) => sent.push(line));
    log.debug('a');
    log.info('b', { n: 1 });
    log.warn('c', { deep: { list: [1, 'x', null, true] } });
    log.error('d');
    expect(sent).toEqual([
      { type: 'log', level: 'debug', message: 'a', fields: {} },
      { type: 'log', level: 'info', message: 'b', fields: { n: 1 } },
      { type: 'log', level: 'warn', message: 'c', fields: { deep: { list: [1, 'x', null, true] } } },
      { type: 'log', level: 'error', message: 'd', fields: {} },
    ]);
  });

  it.each<[string, unknown, unknown]>([
    ['a big integer', { n: 12345678901234567890n }, { n: '12345678901234567890' }],
    ['a date', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['a map', { by: new Map([['a', 1n]]) }, { by: { a: '1' } }],
    ['a set', { all: new Set([1, 2]) }, { all: [1, 2] }],
    ['fields that JSON leaves out', { gone: undefined, go: () => 1, kept: 1 }, { kept: 1 }],
    ['NaN', { n: NaN }, { n: null }],
    ['an array instead of fields', [1, 2], { fields: [1, 2] }],
    ['text instead of fields', 'text', { fields: 'text' }],
    ['null instead of fields', null, { fields: null }],
    ['a function instead of fields', () => 1, { fields: 'expected an object, got a function' }],
  ])('carries %s', (_, fields, carried) => {
    expect(arrives('m', fields).fields).toEqual(carried);
  });

  it('carries an error with its name, text and stack', () => {
    const { fields } = arrives('m', { error: new TypeError('not that') });
    expect(fields).toEqual({
      error: { name: 'TypeError', message: 'not that', stack: expect.stringContaining('log.test.ts') },
    });
  });

  it.each<[string, unknown]>([
    ['refer back to themselves', circular],
    ['cannot be inspected', hostile],
    [
      'fail to describe themselves',
      {
        toJSON() {
          throw new Error('do not look');
        },
      },
    ],
  ])('does not fail an item when its fields %s', (_, fields) => {
    expect(arrives('still here', fields)).toEqual({
      type: 'log',
      level: 'info',
      message: 'still here',
      fields: { fields: expect.stringContaining('could not be written as JSON') },
    });
  });

  it.each<[string, unknown, string]>([
    ['a number', 7, '7'],
    ['nothing', undefined, 'undefined'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a value that cannot be converted to text', Object.create(null), '(a message that is not text: object)'],
  ])('may have %s as its message', (_, message, text) => {
    expect(arrives(message).message).toBe(text);
  });

  it('is limited, however long the text and the fields are', () => {
    const { message, fields } = arrives('m'.repeat(10e6), { text: 'x'.repeat(10e6) });
    expect(message).toHaveLength(64 * 1024 + 1);
    expect(JSON.stringify(fields).length).toBeLessThan(2000);
    expect(fields['fields']).toMatch(/^\{"text":"x+… \(10000011 characters\)$/);
  });
});
