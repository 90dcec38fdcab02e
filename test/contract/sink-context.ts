import type { QueueStart } from '../../src/core/queue-start.ts';
import type { SinkContext } from '../../src/sinks/port.ts';
import { HandClock } from '../support/hand-clock.ts';

/** The context that a consumer gives a sink: writer 1 of run "run-1", the only writer, at a time that stands still. */
export function sinkContext(overrides: Partial<SinkContext> = {}): SinkContext {
  return {
    run: 'run-1',
    writer: 1,
    sink: 'under test',
    part: undefined,
    otherTables: [],
    pipeline: 'contract',
    start: startOf(1),
    resolve: String,
    isSecret: () => false,
    onOtherQueues: () => {},
    isKnown: false,
    signal: new AbortController().signal,
    clock: new HandClock(),
    exclusive: async (_name, task) => await task(),
    writeOut: async () => {},
    toProgram: { encode: (row) => row, send: () => undefined },
    ...overrides,
  };
}

/** The start with this number, of a queue that was never copied. */
export function startOf(generation: number, { givenBelow = 1000, nextSeq = 1000 } = {}): QueueStart {
  return {
    queue: 'queue-1',
    generation,
    ids: Array.from({ length: generation }, (_, ago) => `start ${generation - ago}`),
    directory: '/state/queue-1',
    givenBelow: Array.from({ length: generation }, () => givenBelow),
    nextSeq: Array.from({ length: generation }, () => nextSeq),
  };
}
