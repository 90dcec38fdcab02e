import { describe, expect, it } from '@jest/globals';
import type { PipelineDescription } from '../../../../src/ipc/messages.ts';
import { describePipeline } from '../../../../src/supervision/posts/describe.ts';
import { FakeProducer } from '../../../support/fake-child.ts';
import { HandClock } from '../../../support/hand-clock.ts';

const pipeline: PipelineDescription = {
  name: 'tested',
  params: {},
  secrets: [],
  limits: {},
  options: {},
  fingerprint: 'version 1',
  code: 'code 1',
  deterministic: true,
  settles: false,
  sink: { kind: 'memory', delivery: 'transaction', target: 'memory', options: 'none' },
};

function asking() {
  const clock = new HandClock();
  const child = new FakeProducer({ role: 'producer', ordinal: 0, pid: 7 });
  const description = describePipeline(child, { file: '/a.ts', clock, deadlineMs: 1000, onOther: () => undefined });
  return { clock, child, description };
}

describe('a producer that describes a pipeline file', () => {
  it('gets the file’s path, and answers with the description', async () => {
    const { clock, child, description } = asking();
    expect(child.sent).toEqual([{ type: 'describe', file: '/a.ts' }]);
    child.says({ type: 'described', pipeline, problems: [] });
    expect(await description).toEqual({ status: 'described', pipeline });
    expect(clock.waiting).toBe(0);
  });

  it('can report problems', async () => {
    const { child, description } = asking();
    const problems = [{ file: '/a.ts', line: 3, message: 'unexpected token' }];
    child.says({ type: 'described', pipeline: null, problems });
    expect(await description).toEqual({ status: 'wrong', problems });
  });

  it('can be ended by the file, and the reason is reported', async () => {
    const { clock, child, description } = asking();
    child.says({
      type: 'failed',
      origin: 'process',
      error: { code: 'E', message: 'a timer of it threw' },
      exitCode: null,
    });
    child.goes({ code: 1 });
    expect(await description).toEqual({
      status: 'failed',
      reason: 'loading /a.ts ended the process: a timer of it threw',
      wasKilled: false,
    });
    expect(clock.waiting).toBe(0);
  });

  it('is not to blame when something else kills it', async () => {
    const { child, description } = asking();
    child.dies();
    expect(await description).toMatchObject({ status: 'failed', wasKilled: true });
  });

  it('is killed when the file takes too long', async () => {
    const { clock, child, description } = asking();
    clock.turn(1000);
    expect(child.killedFor).toBe(
      'not loaded within 1s (readyTimeout); does its top level await something that never happens?',
    );
    child.dies();
    expect(await description).toMatchObject({
      status: 'failed',
      reason:
        'loading /a.ts ended the process: not loaded within 1s (readyTimeout); does its top level await something that never happens?',
      wasKilled: false,
    });
  });

  it('fails without a timer left if it exited before it was asked', async () => {
    const child = new FakeProducer({ role: 'producer', ordinal: 0, pid: 7 });
    child.goes({ code: 1 });
    const clock = new HandClock();
    const options = { file: '/a.ts', clock, deadlineMs: 1000, onOther: () => undefined };
    expect(await describePipeline(child, options)).toMatchObject({ status: 'failed', wasKilled: false });
    expect(clock.waiting).toBe(0);
  });
});
