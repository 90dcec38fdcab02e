import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import type { Planned } from '../../../src/torture/faults.ts';
import { placesIn } from '../../../src/torture/places.ts';
import { runRound, type RoundOptions, type RoundResult } from '../../../src/torture/round.ts';
import { until } from '../../support/until.ts';

let directory: string;
let interrupted: AbortController;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'round-'));
  interrupted = new AbortController();
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Everything that takes long hangs. */
const clock: Clock = {
  ...systemClock,
  after: (ms, fn) => (ms < 10_000 ? systemClock.after(ms, fn) : () => undefined),
};

const aStop: Planned = { isAtWork: false, waitMs: 0, fault: { kind: 'stop', ms: null } };

function* always<T>(value: T): Generator<T, never> {
  for (;;) yield value;
}

/** A round with this shell script as the supervisor, in our directory. */
function round(script: string, options: Partial<RoundOptions> = {}): Promise<RoundResult> {
  return runRound({
    clock,
    random: () => 0,
    places: placesIn(directory),
    pipeline: '',
    command: ['sh', '-c', script],
    directory,
    environment: process.env,
    hasStdin: false,
    disk: undefined,
    schedule: always(aStop),
    isEnough: () => true,
    onStruck: () => undefined,
    onStart: () => undefined,
    patienceMs: 5000,
    signal: interrupted.signal,
    ...options,
  });
}

describe('a round', () => {
  it('reports a finished run that hangs when it is started again, instead of waiting for it', async () => {
    const result = await round('test -e ran && exec sleep 1000; touch ran', { patienceMs: 2000 });
    expect(result.problems).toEqual([
      { kind: 'unfinished', count: 1, text: expect.stringContaining('it did not end within 2 s') },
    ]);
  });

  it('reports a supervisor that exits as if the run were over and leaves work to the next one', async () => {
    const result = await round('test -e ran && echo {} > journal/producer-2.ndjson; touch ran');
    expect(result.problems).toEqual([
      { kind: 'unfinished', count: 1, text: expect.stringContaining('when run again it continued') },
    ]);
  });

  it('accepts a supervisor that has nothing more to do', async () => {
    expect(await round('true')).toMatchObject({ starts: 2, problems: [] });
  });

  it('that is interrupted ends at once, whatever it is waiting for', async () => {
    const script = `trap 'touch told' TERM; touch began; while :; do sleep 0.05; done`;
    const result = round(script, { isEnough: () => false, schedule: onceBegun() });
    await until(() => existsSync(join(directory, 'told')));
    interrupted.abort();
    expect(await result).toMatchObject({ starts: 1, problems: [] });
  });
});

/** A schedule that stops the supervisor as soon as it has begun. */
function* onceBegun(): Generator<Planned, never> {
  for (;;)
    yield existsSync(join(directory, 'began')) ? aStop : { ...aStop, fault: { kind: 'kill', target: 'consumer' } };
}
