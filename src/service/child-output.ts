import type { Clock } from '../core/clock.ts';
import type { EventBus, Who } from '../observability/events.ts';
import { lineSplitter, type LineSplitter } from '../observability/line-splitter.ts';

/** Splits the children's standard output and error into lines, as events. */
export function childOutput({ clock, events }: { clock: Clock; events: EventBus }) {
  const splitters = new Map<string, LineSplitter>();
  return {
    /** Output of `who`; `null` when the stream has ended. */
    take: (who: Who, stream: 'stdout' | 'stderr', chunk: Buffer | null): void => {
      const key = `${who.pid}:${stream}`;
      let splitter = splitters.get(key);
      if (chunk === null) {
        splitter?.end();
        splitters.delete(key);
        return;
      }
      if (!splitter) {
        splitter = lineSplitter((line) => events.emit('child.output', { who, stream, line }), {
          clock,
          onDropped: (lines) => events.emit('child.outputDropped', { who, lines }),
        });
        splitters.set(key, splitter);
      }
      splitter.push(chunk);
    },

    /** The service is over, perhaps before a stream is: reports what is still pending for each. */
    end: (): void => {
      for (const splitter of splitters.values()) splitter.end();
      splitters.clear();
    },
  };
}
