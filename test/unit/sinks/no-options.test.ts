import { describe, expect, it } from '@jest/globals';
import { to } from '../../../src/connectors/to.ts';

// Without the types, as JavaScript calls them.
const sinks: readonly [string, (...given: never[]) => unknown][] = [
  ['stdout', to.stdout],
  ['discard', to.discard],
  ['memory', to.memory],
];

describe.each(sinks)('to.%s()', (name, make) => {
  it.each<[string, unknown, string]>([
    ['an option', { file: 'out.ndjson' }, 'expected no options, got file'],
    ['two', { file: 'a', table: 'b' }, 'got file, table'],
    ['text', 'out.ndjson', 'got "out.ndjson"'],
    ['null', null, 'got null'],
  ])('refuses %s', (_what, given, text) => {
    const call = (): unknown => make(given as never);
    expect(call).toThrow(`to.${name}(): expected no options, `);
    expect(call).toThrow(text);
    expect(call).toThrow(expect.objectContaining({ code: 'SINK_OPTIONS', exitCode: 78 }));
  });

  it('accepts no argument and empty options', () => {
    for (const given of [[], [undefined], [{}]]) expect(make(...(given as never[]))).toMatchObject({ kind: name });
  });
});
