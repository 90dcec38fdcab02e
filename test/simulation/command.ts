/** `npm run simulate`: see README.md next to this file. */
import { parseArgs } from 'node:util';
import { run, type Run } from './run.ts';

const usage = `Usage: npm run simulate -- [options]

  --seeds N     how many worlds to run                          [1000]
  --from N      the first world's seed                          [1]
  --minutes M   stop after M minutes, even if --seeds asks for more
  --seed S      run this one world, and tell its whole story
  --help`;

/** How many lines of a failed world's story are shown unless all lines were requested. */
const shownLines = 80;
const progressMs = 10_000;

/** Runs worlds until one fails. Returns the exit code. */
export async function simulate(
  args: readonly string[],
  { print, now }: { print: (text: string) => void; now: () => number },
): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      minutes: { type: 'string', default: 'Infinity' },
      seed: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(usage);
    return 0;
  }
  if (values.seed !== undefined) return await replay(whole('seed', values.seed), print);
  const from = whole('from', values.from);
  const seeds = whole('seeds', values.seeds);
  const end = now() + Number(values.minutes) * 60_000;
  const begun = now();
  let steps = 0;
  let count = 0;
  let shownAt = begun;
  const summary = (): string => {
    const seconds = Math.max(now() - begun, 1) / 1000;
    return `${count} seeds from ${from} in ${seconds.toFixed(0)} s: ${(count / seconds).toFixed(1)} seeds/s, ${(steps / seconds).toFixed(0)} steps/s`;
  };
  while (count < seeds && now() < end) {
    const done = await run(from + count);
    count += 1;
    steps += done.steps;
    if (done.failure) {
      print(`${summary()}\n${toldOf(done, shownLines)}`);
      return 1;
    }
    if (now() - shownAt < progressMs) continue;
    shownAt = now();
    print(`${summary()}, all well so far`);
  }
  print(`${summary()}, all well`);
  return 0;
}

async function replay(seed: number, print: (text: string) => void): Promise<number> {
  const done = await run(seed);
  print(toldOf(done, Infinity));
  return done.failure ? 1 : 0;
}

function toldOf({ seed, steps, failure, story }: Run, lines: number): string {
  const shown = story.slice(-lines);
  const left = story.length - shown.length;
  return [
    ...(left > 0 ? [`… ${left} lines before (all of them: npm run simulate -- --seed ${seed})`] : []),
    ...shown,
    failure
      ? `\nseed ${seed} failed at step ${steps}: ${failure.stack}`
      : `\nseed ${seed}: all well after ${steps} steps`,
  ].join('\n');
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw new Error(`--${name}: expected a whole number below 2^32, got "${text}"\n\n${usage}`);
}
