import { formatDuration } from '../../core/units.ts';
import { defineSource, type SourceSpec } from '../../sources/port.ts';
import type { PollFields } from './fields.ts';
import { pollSettings } from './options.ts';

/** Calls `read` again and again, and reads what is new each time. It never ends. See docs/connectors/poll.md. */
export function poll<Item, Cursor = unknown>(options: PollFields<Item, Cursor>): SourceSpec<Item> {
  const settings = pollSettings(options);
  return defineSource({
    kind: 'poll',
    target: `every ${formatDuration(settings.everyMs)}`,
    resumes: 'by cursor',
    settles: false,
    endless: true,
    open: async (context) => {
      const { polls } = await import('./polls.ts');
      return { read: () => polls(settings, context) };
    },
  });
}
