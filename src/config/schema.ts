/** The only list of options: `--help`, the README's table and config/millrace.yaml are made from it. */
import * as z from 'zod/mini';
import { choice, count, countOrAuto, duration, folder, names, type OptionType, size } from './option-types.ts';

export const groups = ['Processes', 'Retries', 'Times', 'Durability', 'Queue', 'Hand-over', 'Output'] as const;

/** The description of an option in lists. */
export interface About {
  group: (typeof groups)[number];
  /** One sentence without a period. */
  help: string;
  /** The default as it is written in a config file. A text in `{ }` is computed; it contains an example. */
  default: string | number | { text: string; example: string | number };
  /** It must be known before the pipeline is read, so a pipeline cannot set it. Default false. */
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
    help: 'Consumer processes; auto: what config file or pipeline say, else one for each core',
    default: 'auto',
  }),
  concurrency: described(count(1, 10_000), {
    group: 'Processes',
    help: 'Items that one consumer processes at a time',
    default: 16,
  }),
  crashLimit: described(count(0, 1_000_000), {
    group: 'Processes',
    help: 'Crashes within crashPeriod, or failed starts in a row; one more parks the process',
    default: 5,
  }),
  crashPeriod: described(duration('1s', '1d'), {
    group: 'Processes',
    help: 'Period in which crashes are counted',
    default: '60s',
  }),
  maxRss: described(size('32MiB', '1024GiB'), {
    group: 'Processes',
    help: 'Memory (RSS) of a consumer above which it is replaced by a new process',
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
    help: 'Tries of an item before it becomes a dead letter',
    default: 5,
  }),
  retryBase: described(duration('1ms', '1d'), {
    group: 'Retries',
    help: 'Longest wait before the second try; it doubles from try to try',
    default: '1s',
  }),
  retryCap: described(duration('1ms', '7d'), {
    group: 'Retries',
    help: 'Longest wait before any try',
    default: '5min',
  }),
  deadMax: described(count(1, 1_000_000_000), {
    group: 'Retries',
    help: 'Dead letters at which the pipeline pauses',
    default: 10_000,
  }),
  pauseAfter: described(count(0, 1_000_000_000), {
    group: 'Retries',
    help: 'Tries that all fail, over at least 10 s, after which the pipeline pauses and tries one item at a time; 0: never',
    default: 100,
  }),
  itemTimeout: described(duration('10ms', '7d'), {
    group: 'Times',
    help: 'Time that an item may take before its signal aborts',
    default: '5min',
  }),
  abortGrace: described(duration('0s', '1d'), {
    group: 'Times',
    help: 'Time that an item may go on after its signal aborted, before its process is replaced',
    default: '30s',
  }),
  sinkTimeout: described(duration('100ms', '1d'), {
    group: 'Times',
    help: 'Time that the sink may take for a commit; then it is taken for unreachable',
    default: '60s',
  }),
  stopTimeout: described(duration('0s', '1d'), {
    group: 'Times',
    help: 'Time to finish started items when told to stop',
    default: '25s',
  }),
  endTimeout: described(duration('100ms', '1d'), {
    group: 'Times',
    help: 'Time for teardown and the last flush at the end of a run, for each of two attempts',
    default: '5min',
  }),
  stallTimeout: described(duration('2s', '1d'), {
    group: 'Times',
    help: 'Silence after which a process is killed and replaced',
    default: '60s',
  }),
  readyTimeout: described(duration('100ms', '1d'), {
    group: 'Times',
    help: 'Time that a process may take to start',
    default: '30s',
  }),
  durability: described(choice('full', 'normal'), {
    group: 'Durability',
    help: 'full: exactly once, also when the power fails; normal: after that, some items may come twice',
    default: 'full',
  }),
  state: described(folder(), {
    group: 'Durability',
    help: 'Folder for the queue',
    default: { text: '$STATE_DIRECTORY, or .millrace/NAME', example: '/var/lib/millrace' },
    isOutside: true,
  }),
  stateRoot: described(folder(), {
    group: 'Durability',
    help: 'Folder that holds one state folder per pipeline, by name; state overrides it',
    default: { text: 'none', example: '/var/lib/millrace' },
    isOutside: true,
  }),
  queueHighItems: described(count(1, 1_000_000_000), {
    group: 'Queue',
    help: 'Items in the queue at which the producer waits',
    default: 100_000,
  }),
  queueLowItems: described(count(0, 1_000_000_000), {
    group: 'Queue',
    help: 'Items in the queue at which it goes on',
    default: { text: 'half of queueHighItems', example: 50_000 },
  }),
  queueHighBytes: described(size('64KiB', '1024GiB'), {
    group: 'Queue',
    help: 'Bytes in the queue at which the producer waits',
    default: '256MiB',
  }),
  queueLowBytes: described(size('0B', '1024GiB'), {
    group: 'Queue',
    help: 'Bytes in the queue at which it goes on',
    default: { text: 'half of queueHighBytes', example: '128MiB' },
  }),
  queueMemory: described(size('1MiB', '64GiB'), {
    group: 'Queue',
    help: 'How much of the queue is held in memory',
    default: '8MiB',
  }),
  minFree: described(size('0B', '1024GiB'), {
    group: 'Queue',
    help: 'Free space of the queue’s disk below which the producer waits; 0B: no matter',
    default: { text: '256MiB, or a twentieth of the disk if that is less', example: '1GiB' },
  }),
  maxItemBytes: described(size('1KiB', '128MiB'), {
    group: 'Hand-over',
    help: 'Largest item, encoded',
    default: '16MiB',
  }),
  producerWindow: described(size('64KiB', '1GiB'), {
    group: 'Hand-over',
    help: 'What the producer may have sent and not yet know to be stored',
    default: '4MiB',
  }),
  consumerCredit: described(size('64KiB', '1GiB'), {
    group: 'Hand-over',
    help: 'What a consumer may be lent',
    default: '8MiB',
  }),
  frameItems: described(count(1, 65_536), {
    group: 'Hand-over',
    help: 'Items that are stored together, at most',
    default: 1024,
  }),
  frameBytes: described(size('1KiB', '16MiB'), {
    group: 'Hand-over',
    help: 'Bytes that are stored together, at most; a larger item goes alone',
    default: '256KiB',
  }),
  redact: described(names(), {
    group: 'Output',
    help: 'Keys whose values are taken out of logs, errors and dead letters as shown, besides those that look like secrets',
    default: { text: 'none', example: 'email,iban' },
  }),
  logLevel: described(choice('error', 'warn', 'info', 'debug'), {
    group: 'Output',
    help: 'What is logged, at least',
    default: 'info',
    isOutside: true,
  }),
  logFormat: described(choice('auto', 'pretty', 'json'), {
    group: 'Output',
    help: 'auto: pretty on a terminal, JSON lines otherwise',
    default: 'auto',
    isOutside: true,
  }),
  progress: described(choice('auto', 'on', 'off'), {
    group: 'Output',
    help: 'The progress display; auto: on a terminal',
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

/** The option of that name, if there is one. */
export function findOption(name: string): Option | undefined {
  return byName.get(name);
}
