import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Redaction } from '../../../src/core/redaction.ts';
import { jsonLine, prettyLine, type LogRecord } from '../../../src/observability/line-format.ts';

function record(changes: Partial<LogRecord> = {}): LogRecord {
  return {
    time: new Date(2026, 0, 2, 3, 4, 5, 67).getTime(),
    who: { role: 'consumer', ordinal: 2, pid: 4242 },
    level: 'warn',
    event: 'item.dead',
    message: 'item became a dead letter',
    fields: { seq: 7, reason: 'attempts used up' },
    ...changes,
  };
}

const redaction = new Redaction();
const pretty = prettyLine(redaction, false);
const json = jsonLine(redaction);
const forgery = 'x\n00:00:00.000 INFO forged\u001b[2J';

describe('a pretty line', () => {
  it('has local time, level, process and pid, message, and fields', () => {
    expect(pretty(record())).toBe(
      '03:04:05.067 WARN  consumer 2 4242     item became a dead letter seq=7 reason="attempts used up"',
    );
    expect(pretty(record({ who: { role: 'supervisor', ordinal: 0, pid: 1 }, fields: {} }))).toBe(
      '03:04:05.067 WARN  supervisor 1        item became a dead letter',
    );
  });

  it('has a coloured level and dimmed details, if colour is on', () => {
    expect(prettyLine(redaction, true)(record({ fields: { seq: 7 } }))).toBe(
      '\u001b[2m03:04:05.067\u001b[22m \u001b[33mWARN \u001b[39m \u001b[2mconsumer 2 4242    \u001b[22m item became a dead letter \u001b[2mseq=\u001b[22m7',
    );
  });

  it.each([
    ['text', 'text'],
    ['two words', '"two words"'],
    ['', '""'],
    ['a=b', '"a=b"'],
    [{ a: [1] }, '{"a":[1]}'],
    [forgery, '"x\\n00:00:00.000 INFO forged\\u001b[2J"'],
  ])('shows the value %j as %s', (value, shown) => {
    expect(pretty(record({ fields: { value } })).split(' value=')).toEqual([expect.anything(), shown]);
  });

  it('omits fields without a value', () => {
    expect(pretty(record({ fields: { a: undefined, b: null } }))).toMatch(/dead letter$/);
  });
});

describe('a JSON line', () => {
  it('has time, level, message, role, ordinal, pid, event, and fields', () => {
    expect(JSON.parse(json(record({ time: 0 })))).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'warn',
      message: 'item became a dead letter',
      role: 'consumer',
      ordinal: 2,
      pid: 4242,
      event: 'item.dead',
      seq: 7,
      reason: 'attempts used up',
    });
  });

  it('renames fields that would replace its own', () => {
    const line = JSON.parse(json(record({ fields: { level: 'info', message: 'fine', constructor: 1 } }))) as object;
    expect(line).toMatchObject({ level: 'warn', level_: 'info', message_: 'fine' });
  });
});

describe.each([
  ['pretty', pretty],
  ['JSON', json],
])('every %s line', (_, format) => {
  it('stays one line, whatever its content', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, fc.dictionary(text, fc.anything()), (message, fields) => {
        expect(format(record({ message, fields }))).toMatch(/^\P{Cc}+$/u);
      }),
    );
    const message = `${forgery}\u009b31m\u202e`;
    expect(format(record({ message, fields: { message } }))).toMatch(/^[^\p{Cc}\u202e]+$/u);
  });

  it('contains no secrets', () => {
    const line = format(record({ message: 'calling https://me:canary@a.example/', fields: { password: 'canary' } }));
    expect(line).toContain('https://***@a.example/');
    expect(line).not.toContain('canary');
  });
});
