import { describe, expect, it } from '@jest/globals';
import { EventBus } from '../../../../src/observability/events.ts';
import { Pausing } from '../../../../src/supervision/tick/pausing.ts';
import { aQueue } from '../../../support/a-queue.ts';
import { frameOf } from '../../../support/frames.ts';

/** A pipeline with two items in its queue, and reasons to pause that a test sets. */
function aPipeline({ items = [1, 2], deadMax = 5 } = {}) {
  const logged: string[] = [];
  const events = new EventBus();
  events.subscribe((name, event) => logged.push(name === 'run.paused' ? (event as { reason: string }).reason : name));
  const queue = items.length === 0 ? aQueue([]) : aQueue([frameOf(items)]);
  const outage: { reason: string | null } = { reason: null };
  const consumers: { sinkProblem: string | null } = { sinkProblem: null };
  // Only one setting matters here.
  const settings = { deadMax } as never;
  const pausing = new Pausing({ hub: { queue, events, settings }, outage, consumers });
  return { pausing, outage, consumers, logged };
}

describe('a pipeline', () => {
  it('lends while there is no reason to pause', () => {
    const { pausing, logged } = aPipeline();
    expect([pausing.update(), pausing.reason, logged]).toEqual(['lending', null, []]);
  });

  it('only probes during an outage, and resumes when it is over', () => {
    const { pausing, outage, logged } = aPipeline();
    outage.reason = 'nothing succeeds';
    expect([pausing.update(), pausing.reason]).toEqual(['probing', 'nothing succeeds']);
    outage.reason = null;
    expect([pausing.update(), pausing.reason]).toEqual(['lending', null]);
    expect(logged).toEqual(['nothing succeeds', 'run.unpaused']);
  });

  it('logs the new reason when the old one is gone and another keeps it paused', () => {
    const { pausing, outage, consumers, logged } = aPipeline();
    outage.reason = 'nothing succeeds';
    pausing.update();
    outage.reason = null;
    consumers.sinkProblem = 'connection refused';
    expect(pausing.update()).toBe('paused');
    expect(logged).toEqual([
      'nothing succeeds',
      'no consumer can write to the sink (connection refused); they keep trying',
    ]);
  });

  it('does not log each error of the same outage, but shows the last one', () => {
    const { pausing, outage, logged } = aPipeline();
    for (const reason of ['answered 503', 'timed out', 'answered 502']) {
      outage.reason = reason;
      pausing.update();
    }
    expect(pausing.reason).toBe('answered 502');
    expect(logged).toEqual(['answered 503']);
  });

  it('does not even probe when there are too many dead letters', () => {
    const { pausing, outage } = aPipeline({ deadMax: 0 });
    outage.reason = 'nothing succeeds';
    expect(pausing.update()).toBe('paused');
    expect(pausing.reason).toContain('the number of dead letters reached deadMax (0)');
  });

  it('has nothing to pause when nothing is queued', () => {
    const { pausing, outage } = aPipeline({ items: [] });
    outage.reason = 'nothing succeeds';
    expect(pausing.update()).toBe('lending');
  });
});
