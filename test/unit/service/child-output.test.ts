import { describe, expect, it } from '@jest/globals';
import { childOutput } from '../../../src/service/child-output.ts';
import { EventBus, type Events, type Who } from '../../../src/observability/events.ts';
import { HandClock } from '../../support/hand-clock.ts';

const who: Who = { role: 'consumer', ordinal: 1, pid: 42 };

function capture() {
  const told: string[] = [];
  const events = new EventBus();
  events.subscribe((name, event) => {
    if (name === 'child.output') {
      const { stream, line } = event as Events['child.output'];
      told.push(`${stream}: ${line}`);
    } else {
      told.push(`${(event as Events['child.outputDropped']).lines} left out`);
    }
  });
  return { told, output: childOutput({ clock: new HandClock(), events }) };
}

describe("a child's output", () => {
  it('is cut into lines, separately for each stream', () => {
    const { told, output } = capture();
    output.take(who, 'stdout', Buffer.from('on'));
    output.take(who, 'stderr', Buffer.from('oh\n'));
    output.take(who, 'stdout', Buffer.from('e\ntw'));
    output.take(who, 'stdout', null);
    expect(told).toEqual(['stderr: oh', 'stdout: one', 'stdout: tw']);
  });

  it('is reported to its end, with the number of omitted lines, when the service ends before the stream does', () => {
    const { told, output } = capture();
    output.take(who, 'stdout', Buffer.from('x\n'.repeat(1500)));
    output.take(who, 'stderr', Buffer.from('last words'));
    expect(told).toHaveLength(1000);
    output.end();
    expect(told.slice(1000)).toEqual(['500 left out', 'stderr: last words']);
    output.end();
    expect(told).toHaveLength(1002);
  });
});
