import { describe, expect, it } from '@jest/globals';
import { renderSummary } from '../../../src/observability/summary.ts';
import type { Status } from '../../../src/observability/status.ts';
import { aConsumer, aStatus } from './a-status.ts';

function summary(changes: Partial<Status>): string[] {
  return renderSummary(aStatus(changes), { cwd: '/srv', color: false });
}

const items = { stored: 151, done: 151, dead: 0, retries: 0, perSecond: 0, doneBefore: 0 };

describe('the summary of a run', () => {
  it('shows how many items were done, how fast, and where the state is', () => {
    expect(summary({ state: 'finished', items, uptimeMs: 1714 })).toEqual([
      'pokedex finished: 151 items done in 1.7s, 88.1/s, 0 restarts',
      '  state         .millrace/pokedex',
    ]);
  });

  it('counts only the items of this start for its speed', () => {
    const [line] = summary({ state: 'finished', items: { ...items, doneBefore: 51 }, uptimeMs: 100_000 });
    expect(line).toBe('pokedex finished: 151 items done (51 of them before this start) in 100s, 1/s, 0 restarts');
  });

  it('shows how to see the dead letters', () => {
    const lines = summary({
      state: 'finished',
      items: { ...items, done: 150, dead: 1 },
      stateDirectory: "/var/lib/it's",
    });
    expect(lines.slice(1)).toEqual([
      `  dead letters  1: see millrace dead ls --state '/var/lib/it'\\''s'`,
      "  state         /var/lib/it's",
    ]);
  });

  it('names the pipeline if its name is enough to find them', () => {
    const lines = summary({ state: 'finished', items: { ...items, dead: 2 } });
    expect(lines[1]).toBe('  dead letters  2: see millrace dead ls pokedex');
  });

  it('shows what is left of a stopped run, and counts restarts', () => {
    const queue = { ...aStatus().queue, queued: 60, lent: 6, retrying: 3 };
    const processes = [aConsumer(1, { restarts: 2 }), aConsumer(2, { restarts: 1 })];
    expect(summary({ state: 'stopping', items: { ...items, done: 82 }, queue, processes, uptimeMs: 0 })).toEqual([
      'pokedex stopped: 82 items done in 0.0s, 0/s, 3 restarts',
      '  in the queue  69 items: the same command resumes with them',
      '  state         .millrace/pokedex',
    ]);
  });
});
