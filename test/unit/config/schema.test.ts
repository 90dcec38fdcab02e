import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { configFileText, environmentFileOptions, optionsTable } from '../../support/options-in-documents.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { type OptionName, options, schema } from '../../../src/config/schema.ts';
import { readYaml } from '../../../src/config/yaml.ts';
import type { PipelineOptions } from '../../../src/pipeline/options.ts';

const outside = ['state', 'stateRoot', 'logLevel', 'logFormat', 'progress'] as const;

/** Fails to compile if the schema has an option that a pipeline cannot set, or vice versa. */
const inPipelines: Record<Exclude<OptionName, (typeof outside)[number]>, unknown> = {
  consumers: 2,
  concurrency: 4,
  attempts: 3,
  retryBase: '2s',
  retryCap: 60_000,
  crashLimit: 3,
  crashPeriod: '30s',
  maxRss: '1GiB',
  maxItems: 1000,
  maxAge: '1h',
  deadMax: 10,
  pauseAfter: 50,
  itemTimeout: '1 min',
  abortGrace: '3s',
  sinkTimeout: '20s',
  stopTimeout: 0,
  endTimeout: '2min',
  stallTimeout: '10s',
  readyTimeout: '5s',
  durability: 'normal',
  queueHighItems: 100,
  queueLowItems: 10,
  queueHighBytes: '1MiB',
  queueLowBytes: 1000,
  queueMemory: '2 MiB',
  minFree: '1GiB',
  maxItemBytes: '64kB',
  producerWindow: '1MB',
  consumerCredit: '100KiB',
  frameItems: 8,
  frameBytes: '2KiB',
  redact: ['email'],
} satisfies Required<PipelineOptions>;

describe('the options', () => {
  it('can all be set by a pipeline, except for options that are needed before it is read', () => {
    expect(options.filter(({ isOutside }) => isOutside).map(({ name }) => name)).toEqual(outside);
    const pipeline = { file: 'a.ts', options: inPipelines };
    const { settings, origins } = resolveConfig({ flags: {}, environment: {}, pipeline, cwd: '/' });
    expect(settings).toMatchObject({
      retryBase: 2000,
      retryCap: 60_000,
      itemTimeout: 60_000,
      sinkTimeout: 20_000,
      queueHighBytes: 1024 ** 2,
    });
    for (const name of Object.keys(inPipelines)) expect(origins[name as OptionName].source).toBe('pipeline');
  });

  it('have flags and variables that follow from their names', () => {
    expect(options.find(({ name }) => name === 'queueHighItems')).toMatchObject({
      flag: 'queue-high-items',
      environment: 'MILLRACE_QUEUE_HIGH_ITEMS',
      kind: 'count',
      range: '1 … 1,000,000,000',
      defaultText: '100000',
    });
    expect(options.map(({ name }) => name)).toEqual(Object.keys(schema.shape));
  });

  it('are listed correctly in the README', () => {
    const [, table] =
      /<!-- options: [^\n]*-->\n([\s\S]*?)\n<!-- \/options -->/.exec(readFileSync('README.md', 'utf8')) ?? [];
    expect(table).toBe(optionsTable());
  });

  it('are listed correctly in config/millrace.yaml', () => {
    expect(readFileSync('config/millrace.yaml', 'utf8')).toBe(configFileText());
  });

  it('are listed correctly in config/millrace.env', () => {
    const text = readFileSync('config/millrace.env', 'utf8');
    expect(text.slice(text.indexOf('# ── '))).toBe(environmentFileOptions());
  });
});

describe('config/millrace.yaml', () => {
  const text = readFileSync('config/millrace.yaml', 'utf8');

  it('sets nothing in its original form', () => {
    expect(readYaml(text)).toEqual({ entries: [], complaints: [] });
  });

  it('sets the defaults if its options are uncommented', () => {
    const { entries, complaints } = readYaml(text.replaceAll(/^#(?=\w)/gm, ''));
    expect(complaints).toEqual([]);
    expect(entries.map(({ name }) => name).toSorted()).toEqual(Object.keys(schema.shape).toSorted());
    const nothing = { flags: {}, environment: {}, cwd: '/', cores: () => 2 };
    const { settings } = resolveConfig({ ...nothing, file: { path: 'millrace.yaml', entries, problems: [] } });
    const unset = {
      state: null,
      stateRoot: null,
      minFree: null,
      maxRss: null,
      maxItems: null,
      maxAge: null,
      redact: [],
    };
    expect({ ...settings, ...unset }).toEqual(resolveConfig(nothing).settings);
  });
});
