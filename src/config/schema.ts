/** The only list of options: `--help`, the README's table and config/millrace.yaml are generated from it. */
import * as z from 'zod/mini';
import { choice, count, countOrAuto, directory, duration, names, type OptionType, size } from './option-types.ts';

export const groups = ['Processes', 'Retries', 'Times', 'Durability', 'Queue', 'Hand-over', 'Output'] as const;

/** The description of an option in lists. */
export interface About {
  group: (typeof groups)[number];
  /** One sentence without a period. */
  help: string;
  /** The default as it is written in a config file. A text in `{ }` is computed; it contains an example. */
  default: string | number | { text: string; example: string | number };
  /** It must be known before the pipeline is, so a pipeline cannot set it. Default false. */
  isOutside?: boolean;
}

const registry = z.registry<About & Pick<OptionType, 'kind' | 'range'>>();

function described<Type extends z.core.$ZodType>({ type, kind, range }: OptionType<Type>, about: About): Type {
  registry.add(type, { kind, range, ...about });
  return type;
}

export const schema = z.strictObject({
  consumers: described(countOrAuto(1, 1000), {
    group: 'Processes',
    help: 'Consumer processes; auto: as many as the config file or the pipeline says, otherwise one per core',
    default: 'auto',
  }),
  concurrency: described(count(1, 10_000), {
    group: 'Processes',
    help: 'Items that each consumer processes at a time',
    default: 16,
  }),
  crashLimit: described(count(0, 1_000_000), {
    group: 'Processes',
    help: 'Crashes within crashPeriod, or failed starts in a row, that are tolerated; one more parks the process',
    default: 5,
  }),
  crashPeriod: described(duration('1s', '1d'), {
    group: 'Processes',
    help: 'Period over which crashes are counted',
    default: '60s',
  }),
  maxRss: described(size('32MiB', '1024GiB'), {
    group: 'Processes',
    help: 'Memory (RSS) above which a consumer is replaced by a new process',
    default: { text: 'none', example: '1GiB' },
  }),
  maxItems: described(count(1, 1_000_000_000), {
    group: 'Processes',
    help: 'Items after which a consumer is replaced by a new process',
    default: { text: 'none', example: 1_000_000 },
  }),
  maxAge: described(duration('10s', '365d'), {
    group: 'Processes',
    help: 'Age at which a consumer is replaced by a new process',
    default: { text: 'none', example: '1d' },
  }),
  attempts: described(count(1, 1000), {
    group: 'Retries',
    help: 'Attempts per item before it becomes a dead letter',
    default: 5,
  }),
  retryBase: described(duration('1ms', '1d'), {
    group: 'Retries',
    help: 'Longest delay before the second attempt; it doubles with each attempt',
    default: '1s',
  }),
  retryCap: described(duration('1ms', '7d'), {
    group: 'Retries',
    help: 'Longest delay before any attempt',
    default: '5min',
  }),
  deadMax: described(count(1, 1_000_000_000), {
    group: 'Retries',
    help: 'Dead letters at which the pipeline pauses',
    default: 10_000,
  }),
  pauseAfter: described(count(0, 1_000_000_000), {
    group: 'Retries',
    help: 'Consecutive failed attempts before the pipeline pauses (if they span at least 10 s) and tries one item at a time; 0: never',
    default: 100,
  }),
  itemTimeout: described(duration('10ms', '7d'), {
    group: 'Times',
    help: 'Time limit for an item; after that its signal aborts',
    default: '5min',
  }),
  abortGrace: described(duration('0s', '1d'), {
    group: 'Times',
    help: 'Time that an item may keep running after its signal aborted, before its process is replaced',
    default: '30s',
  }),
  sinkTimeout: described(duration('100ms', '1d'), {
    group: 'Times',
    help: 'Time limit for a commit to the sink; after that the sink counts as unreachable',
    default: '60s',
  }),
  stopTimeout: described(duration('0s', '1d'), {
    group: 'Times',
    help: 'Time for started items to finish when the pipeline stops',
    default: '25s',
  }),
  endTimeout: described(duration('100ms', '1d'), {
    group: 'Times',
    help: 'Time limit for the last flush and teardown at the end of a run, for each of two attempts',
    default: '5min',
  }),
  stallTimeout: described(duration('2s', '1d'), {
    group: 'Times',
    help: 'Time without a sign of life after which a process is killed and replaced',
    default: '60s',
  }),
  readyTimeout: described(duration('100ms', '1d'), {
    group: 'Times',
    help: 'Time limit for a process to start',
    default: '30s',
  }),
  durability: described(choice('full', 'normal'), {
    group: 'Durability',
    help: 'full: exactly once, even after a power failure; normal: after a power failure some items may be written twice',
    default: 'full',
  }),
  state: described(directory(), {
    group: 'Durability',
    help: 'Directory of the queue',
    default: { text: '$STATE_DIRECTORY, or .millrace/NAME', example: '/var/lib/millrace' },
    isOutside: true,
  }),
  stateRoot: described(directory(), {
    group: 'Durability',
    help: 'Directory that holds one state directory per pipeline, by name; state overrides it',
    default: { text: 'none', example: '/var/lib/millrace' },
    isOutside: true,
  }),
  queueHighItems: described(count(1, 1_000_000_000), {
    group: 'Queue',
    help: 'High-water mark: items in the queue at which the producer pauses',
    default: 100_000,
  }),
  queueLowItems: described(count(0, 1_000_000_000), {
    group: 'Queue',
    help: 'Low-water mark: items in the queue at which it resumes',
    default: { text: 'half of queueHighItems', example: 50_000 },
  }),
  queueHighBytes: described(size('64KiB', '1024GiB'), {
    group: 'Queue',
    help: 'High-water mark: bytes in the queue at which the producer pauses',
    default: '256MiB',
  }),
  queueLowBytes: described(size('0B', '1024GiB'), {
    group: 'Queue',
    help: 'Low-water mark: bytes in the queue at which it resumes',
    default: { text: 'half of queueHighBytes', example: '128MiB' },
  }),
  queueMemory: described(size('1MiB', '64GiB'), {
    group: 'Queue',
    help: 'How much of the queue is held in memory',
    default: '8MiB',
  }),
  minFree: described(size('0B', '1024GiB'), {
    group: 'Queue',
    help: 'Free space on the queue’s disk below which the producer pauses; 0B: never',
    default: { text: '256MiB, or a twentieth of the disk if that is less', example: '1GiB' },
  }),
  maxItemBytes: described(size('1KiB', '128MiB'), {
    group: 'Hand-over',
    help: 'Largest item, encoded',
    default: '16MiB',
  }),
  producerWindow: described(size('64KiB', '1GiB'), {
    group: 'Hand-over',
    help: 'Bytes the producer may send ahead of acknowledgement; they may take the queue past its high-water marks',
    default: '4MiB',
  }),
  consumerCredit: described(size('64KiB', '1GiB'), {
    group: 'Hand-over',
    help: 'Bytes of items that a consumer may hold',
    default: '8MiB',
  }),
  frameItems: described(count(1, 65_536), {
    group: 'Hand-over',
    help: 'Most items stored together',
    default: 1024,
  }),
  frameBytes: described(size('1KiB', '16MiB'), {
    group: 'Hand-over',
    help: 'Most bytes stored together; a larger item is stored alone',
    default: '256KiB',
  }),
  redact: described(names(), {
    group: 'Output',
    help: 'Keys whose values are hidden in logs, errors and displayed dead letters, in addition to those that look like secrets',
    default: { text: 'none', example: 'email,iban' },
  }),
  logLevel: described(choice('error', 'warn', 'info', 'debug'), {
    group: 'Output',
    help: 'Least severe level that is logged',
    default: 'info',
    isOutside: true,
  }),
  logFormat: described(choice('auto', 'pretty', 'json'), {
    group: 'Output',
    help: 'auto: pretty on a terminal, otherwise JSON lines',
    default: 'auto',
    isOutside: true,
  }),
  progress: described(choice('auto', 'on', 'off'), {
    group: 'Output',
    help: 'Progress display; auto: only on a terminal',
    default: 'auto',
    isOutside: true,
  }),
});

export type OptionName = keyof typeof schema.shape;

/** The values of all options: durations in milliseconds, sizes in bytes. */
export type Settings = Omit<
  z.output<typeof schema>,
  'state' | 'stateRoot' | 'consumers' | 'maxRss' | 'maxItems' | 'maxAge' | 'minFree'
> & {
  consumers: number;
  maxRss: number | null;
  maxItems: number | null;
  maxAge: number | null;
  minFree: number | null;
  /** Absolute paths, or null: see state-directory.ts. */
  state: string | null;
  stateRoot: string | null;
};

/** An option, for lists of options. */
export interface Option extends Readonly<Required<About> & Pick<OptionType, 'kind' | 'range'>> {
  readonly name: OptionName;
  /** `queue-high-items`; on a command line with `--`. */
  readonly flag: string;
  /** `MILLRACE_QUEUE_HIGH_ITEMS` */
  readonly environment: string;
  /** The default for people: as it would be written, or in words. */
  readonly defaultText: string;
}

export const options: readonly Option[] = Object.entries(schema.shape).map(([name, type]) => {
  const about = registry.get(type)!;
  const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    isOutside: false,
    ...about,
    name: name as OptionName,
    flag: words,
    environment: `MILLRACE_${words.replaceAll('-', '_').toUpperCase()}`,
    defaultText: typeof about.default === 'object' ? about.default.text : String(about.default),
  };
});

const byName: ReadonlyMap<string, Option> = new Map(options.map((option) => [option.name, option]));

/** The option with that name, if it exists. */
export function findOption(name: string): Option | undefined {
  return byName.get(name);
}
