import { describe, expect, it } from '@jest/globals';
import { type ConfigSources, resolveConfig } from '../../../src/config/resolve.ts';
import type { MillraceError } from '../../../src/core/errors.ts';

function resolve(sources: Partial<ConfigSources> = {}): ReturnType<typeof resolveConfig> {
  return resolveConfig({ flags: {}, environment: {}, cwd: '/here', cores: () => 2, ...sources });
}

function errorOf(sources: Partial<ConfigSources>): Pick<MillraceError, 'message' | 'code' | 'exitCode'> {
  try {
    resolve(sources);
  } catch (error) {
    const { message, code, exitCode } = error as MillraceError;
    return { message, code, exitCode };
  }
  throw new Error('nothing was wrong');
}

function file(values: Record<string, unknown>): ConfigSources['file'] {
  const entries = Object.entries(values).map(([name, value], index) => ({ name, value, line: index + 1 }));
  return { path: 'conf/millrace.yaml', entries, problems: [] };
}

describe('the settings', () => {
  it('are the defaults, in milliseconds and bytes, if nothing is given', () => {
    expect(resolve()).toEqual({
      settings: {
        consumers: 2,
        concurrency: 16,
        attempts: 5,
        retryBase: 1000,
        retryCap: 300_000,
        crashLimit: 5,
        crashPeriod: 60_000,
        maxRss: null,
        minFree: null,
        redact: [],
        maxItems: null,
        maxAge: null,
        deadMax: 10_000,
        pauseAfter: 100,
        itemTimeout: 300_000,
        abortGrace: 30_000,
        sinkTimeout: 60_000,
        stopTimeout: 25_000,
        endTimeout: 300_000,
        stallTimeout: 60_000,
        readyTimeout: 30_000,
        durability: 'full',
        state: null,
        stateRoot: null,
        queueHighItems: 100_000,
        queueLowItems: 50_000,
        queueHighBytes: 268_435_456,
        queueLowBytes: 134_217_728,
        queueMemory: 8_388_608,
        maxItemBytes: 16_777_216,
        producerWindow: 4_194_304,
        consumerCredit: 8_388_608,
        frameItems: 1024,
        frameBytes: 262_144,
        logLevel: 'info',
        logFormat: 'auto',
        progress: 'auto',
      },
      origins: expect.objectContaining({ consumers: { source: 'default', place: 'default' } }),
      warnings: [],
    });
  });

  it('come from flags first, then from the environment, then from the file, then from the pipeline', () => {
    const pipeline = {
      file: 'a.ts',
      options: { attempts: 1, concurrency: 1, consumers: 1, deadMax: 1 },
      optionLines: { deadMax: 9 },
    };
    const { settings, origins } = resolve({
      flags: { attempts: '4', 'queue-high-items': '400', frameItems: 4, consumers: undefined },
      environment: { MILLRACE_ATTEMPTS: '3', MILLRACE_CONCURRENCY: '3', PATH: '/bin' },
      file: file({ attempts: 2, concurrency: 2, consumers: 2 }),
      pipeline,
    });
    expect(settings).toMatchObject({
      attempts: 4,
      concurrency: 3,
      consumers: 2,
      deadMax: 1,
      queueHighItems: 400,
      frameItems: 4,
    });
    expect(origins).toMatchObject({
      attempts: { source: 'flag', place: '--attempts' },
      concurrency: { source: 'environment', place: 'MILLRACE_CONCURRENCY' },
      consumers: { source: 'file', place: 'conf/millrace.yaml:3' },
      deadMax: { source: 'pipeline', place: 'a.ts:9' },
      queueHighItems: { source: 'flag', place: '--queue-high-items' },
    });
  });

  it('derive the low-water marks from the high-water marks', () => {
    const { settings } = resolve({
      flags: { 'queue-high-items': '1' },
      environment: { MILLRACE_QUEUE_HIGH_BYTES: '1MiB' },
    });
    expect(settings).toMatchObject({ queueLowItems: 0, queueLowBytes: 524_288 });
  });

  it.each([
    [{ flags: { state: 'queue' } }, '/here/queue'],
    [{ flags: { state: '/var/queue' } }, '/var/queue'],
    [{ environment: { MILLRACE_STATE: '../queue' } }, '/queue'],
    [{ file: { ...file({ state: 'queue' })!, path: '/etc/millrace.yaml' } }, '/etc/queue'],
  ])('name the state directory by an absolute path: %j', (sources, path) => {
    expect(resolve(sources).settings.state).toBe(path);
  });
});

describe('a list of names', () => {
  it.each<[string, Partial<ConfigSources>]>([
    ['a flag', { flags: { redact: 'e-mail, iban' } }],
    ['the environment', { environment: { MILLRACE_REDACT: 'e-mail,iban' } }],
    ['a file', { file: file({ redact: 'e-mail ,iban' }) }],
    ['a list in a file', { file: file({ redact: ['e-mail', 'iban'] }) }],
    ['a pipeline', { pipeline: { file: 'a.ts', options: { redact: ['e-mail', 'iban'] } } }],
  ])('can come from %s', (_, sources) => {
    expect(resolve(sources).settings.redact).toEqual(['e-mail', 'iban']);
  });

  it.each<[Partial<ConfigSources>, string]>([
    [{ flags: { redact: 'email,,iban' } }, 'got ""'],
    [{ file: file({ redact: ['email', 7] }) }, 'got 7'],
    [{ pipeline: { file: 'a.ts', options: { redact: { email: true } } } }, 'got an object'],
    [{ flags: { redact: ' -_ ' } }, 'got "-_"'],
    [{ flags: { redact: 'a,'.repeat(200) + 'a' } }, 'got 201'],
  ])('is refused if it is invalid: %j', (sources, got) => {
    expect(errorOf(sources).message).toContain(
      `expected names separated by commas; at most 100, of at most 100 characters, ${got}`,
    );
  });
});

describe('consumers: auto', () => {
  it.each<[Partial<ConfigSources>, number, string]>([
    [{ flags: { consumers: 'auto' } }, 2, 'default'],
    [{ environment: { MILLRACE_CONSUMERS: 'auto' } }, 2, 'default'],
    [{ flags: { consumers: 'auto' }, environment: { MILLRACE_CONSUMERS: '7' } }, 7, 'MILLRACE_CONSUMERS'],
    [{ environment: { MILLRACE_CONSUMERS: 'auto' }, file: file({ consumers: 6 }) }, 6, 'conf/millrace.yaml:1'],
    [{ file: file({ consumers: 'auto' }), pipeline: { file: 'a.ts', options: { consumers: 5 } } }, 5, 'a.ts'],
    [{ pipeline: { file: 'a.ts', options: { consumers: 'auto' } } }, 2, 'default'],
  ])(
    'takes the number from the next weaker source, or from the CPUs if there is none: %j',
    (sources, expected, place) => {
      const { settings, origins } = resolve(sources);
      expect([settings.consumers, origins.consumers.place]).toEqual([expected, place]);
    },
  );
});

describe('a wrong value', () => {
  const whole = 'expected a whole number from 1 to 1,000, or auto';

  it.each([
    [{ consumers: '0' }, `--consumers: ${whole}, got 0`],
    [{ consumers: '-1' }, `--consumers: ${whole}, got "-1"`],
    [{ consumers: '1.5' }, `--consumers: ${whole}, got "1.5"`],
    [{ consumers: 1.5 }, `--consumers: ${whole}, got 1.5`],
    [{ consumers: 'abc' }, `--consumers: ${whole}, got "abc"`],
    [{ consumers: '1e9' }, `--consumers: ${whole}, got "1e9"`],
    [{ consumers: '0x8' }, `--consumers: ${whole}, got "0x8"`],
    [{ consumers: '8 ' }, `--consumers: ${whole}, got "8 "`],
    [{ consumers: '9007199254740993' }, `--consumers: ${whole}, got 9007199254740992`],
    [{ consumers: Number.NaN }, `--consumers: ${whole}, got NaN`],
    [{ consumers: '' }, '--consumers: expected a value'],
    [{ consumers: true }, '--consumers: expected a value'],
    [{ consumers: ['1', '2'] }, '--consumers: was given more than once'],
    [{ progress: false }, '--progress: expected one of auto, on, off, got false'],
    [
      { 'stop-timeout': '10 sec' },
      '--stop-timeout: expected a duration such as 250ms, 60s, 5min, 2h or 1d, got "10 sec"',
    ],
    [{ 'stop-timeout': '25' }, '--stop-timeout: expected a duration such as 250ms, 60s, 5min, 2h or 1d, got "25"'],
    [{ 'stop-timeout': '2d' }, '--stop-timeout: expected a duration from 0s to 1d, got 2d'],
    [{ 'max-item-bytes': '129MiB' }, '--max-item-bytes: expected a size from 1KiB to 128MiB, got 129MiB'],
    [
      { 'max-item-bytes': '64M' },
      '--max-item-bytes: expected a size such as 64KiB, 16MiB, 1GiB or a number of bytes, got "64M"',
    ],
    [{ durability: 'none' }, '--durability: expected one of full, normal, got "none"'],
    [{ state: 'a\0b' }, '--state: expected the path of a directory, got "a\\u0000b"'],
    [{ consumer: '8' }, '--consumer: there is no such option; did you mean --consumers?'],
    [{ stalltimeout: '8s' }, '--stalltimeout: there is no such option; did you mean --stall-timeout?'],
    [{ workers: '8' }, '--workers: there is no such option'],
    [{ 'stop-timeout': '', stopTimeout: '' }, '--stop-timeout: expected a value'],
  ])('in the flags %j is a usage error', (flags, message) => {
    expect(errorOf({ flags })).toEqual({ message, code: 'USAGE', exitCode: 64 });
  });

  it.each([
    [{ MILLRACE_CONSUMERS: 'abc' }, `MILLRACE_CONSUMERS: ${whole}, got "abc"`],
    [{ MILLRACE_CONSUMERS: '' }, 'MILLRACE_CONSUMERS: is empty; give it a value or unset it'],
    [{ MILLRACE_CONFIG: '' }, 'MILLRACE_CONFIG: is empty; give it a value or unset it'],
    [{ MILLRACE_STALL_TIMEOUT: '1s' }, 'MILLRACE_STALL_TIMEOUT: expected a duration from 2s to 1d, got 1s'],
  ])('in the environment %j is a configuration error', (environment, message) => {
    expect(errorOf({ environment })).toEqual({ message, code: 'CONFIG', exitCode: 78 });
  });

  it.each([
    [{ consumers: '8' }, `conf/millrace.yaml:1: consumers: ${whole}, got "8"`],
    [{ consumers: null }, 'conf/millrace.yaml:1: consumers: has no value'],
    [{ consumers: {} }, `conf/millrace.yaml:1: consumers: ${whole}, got an object`],
    [
      { stopTimeout: [] },
      'conf/millrace.yaml:1: stopTimeout: expected a duration such as 250ms, 60s, 5min, 2h or 1d, got an array',
    ],
    [
      { stopTimeout: true },
      'conf/millrace.yaml:1: stopTimeout: expected a duration such as 250ms, 60s, 5min, 2h or 1d, got true',
    ],
    [
      { queueMemory: Number.POSITIVE_INFINITY },
      'conf/millrace.yaml:1: queueMemory: expected a size such as 64KiB, 16MiB, 1GiB or a number of bytes, got Infinity',
    ],
    [{ state: '' }, 'conf/millrace.yaml:1: state: expected the path of a directory, got ""'],
    [{ state: 5 }, 'conf/millrace.yaml:1: state: expected the path of a directory, got 5'],
    [
      { 'stall-timeout': '60s' },
      'conf/millrace.yaml:1: stall-timeout: there is no such option; did you mean stallTimeout?',
    ],
    [{ ['__proto__']: 5 }, 'conf/millrace.yaml:1: __proto__: there is no such option'],
    [{ constructor: 5 }, 'conf/millrace.yaml:1: constructor: there is no such option'],
  ])('in the file %j is a configuration error', (values, message) => {
    expect(errorOf({ file: file(values) })).toEqual({ message, code: 'CONFIG', exitCode: 78 });
  });

  it.each([
    [{ concurrency: '4' }, {}, 'a.ts: options.concurrency: expected a whole number from 1 to 10,000, got "4"'],
    [
      { concurency: 4 },
      { concurency: 7 },
      'a.ts:7: options.concurency: there is no such option; did you mean concurrency?',
    ],
    [
      { logLevel: 'debug' },
      { logLevel: 7 },
      'a.ts:7: options.logLevel: is needed before the pipeline is read: use --log-level or MILLRACE_LOG_LEVEL',
    ],
  ])('in the pipeline %j is a configuration error', (options, optionLines, message) => {
    expect(errorOf({ pipeline: { file: 'a.ts', options, optionLines } })).toEqual({
      message,
      code: 'CONFIG',
      exitCode: 78,
    });
  });

  it('is reported together with all others, even if another source overrides it', () => {
    const error = errorOf({
      flags: { consumers: '4', attempts: 'x' },
      environment: { MILLRACE_CONSUMERS: 'y' },
      file: { ...file({ consumers: 'z' })!, problems: ['conf/millrace.yaml:9:1: a syntax error'] },
      pipeline: { file: 'a.ts', options: { nothing: 1 } },
    });
    expect(error).toEqual({
      exitCode: 64,
      code: 'USAGE',
      message: [
        'conf/millrace.yaml:9:1: a syntax error',
        'a.ts: options.nothing: there is no such option',
        `MILLRACE_CONSUMERS: ${whole}, got "y"`,
        `conf/millrace.yaml:1: consumers: ${whole}, got "z"`,
        '--attempts: expected a whole number from 1 to 1,000, got "x"',
      ].join('\n'),
    });
  });
});

describe('a contradiction', () => {
  it.each([
    [
      { flags: { 'queue-low-items': '20' }, file: file({ queueHighItems: 10 }) },
      64,
      'queueLowItems must be less than queueHighItems, got 20 (--queue-low-items) and 10 (conf/millrace.yaml:1)',
    ],
    [
      { environment: { MILLRACE_QUEUE_LOW_ITEMS: '100000' } },
      78,
      'queueLowItems must be less than queueHighItems, got 100000 (MILLRACE_QUEUE_LOW_ITEMS) and 100000 (default)',
    ],
    [
      { file: file({ queueLowBytes: '2GiB', queueHighBytes: '1GiB' }) },
      78,
      'queueLowBytes must be less than queueHighBytes, got 2GiB (conf/millrace.yaml:1) and 1GiB (conf/millrace.yaml:2)',
    ],
    [
      { flags: { 'retry-base': '10min' } },
      64,
      'retryBase must be at most retryCap, got 10min (--retry-base) and 5min (default)',
    ],
    [
      { flags: { 'frame-bytes': '1MiB', 'producer-window': '64KiB' } },
      64,
      'frameBytes must be at most producerWindow, got 1MiB (--frame-bytes) and 64KiB (--producer-window)',
    ],
  ])('in %j is reported with both sides', (sources, exitCode, message) => {
    expect(errorOf(sources)).toMatchObject({ message, exitCode });
  });

  it('is not reported for values that are already wrong', () => {
    const { message } = errorOf({ flags: { 'queue-high-items': '0', 'queue-low-items': '100000' } });
    expect(message).toBe('--queue-high-items: expected a whole number from 1 to 1,000,000,000, got 0');
  });

  it('is not reported for equal values that are allowed to be equal', () => {
    expect(resolve({ flags: { 'retry-base': '1min', 'retry-cap': '60s' } }).settings.retryCap).toBe(60_000);
  });
});

describe('an unknown variable', () => {
  it.each([
    ['MILLRACE_CONSUMER', 'MILLRACE_CONSUMER: there is no such variable; did you mean MILLRACE_CONSUMERS?'],
    ['MILLRACE_SPEED', 'MILLRACE_SPEED: there is no such variable'],
  ])('%s is a warning', (name, warning) => {
    expect(resolve({ environment: { [name]: '' } }).warnings).toEqual([warning]);
  });

  it('is ignored if it does not have our prefix', () => {
    expect(resolve({ environment: { CONSUMERS: 'x', MILLRACE_CONFIG: 'a.yaml' } }).warnings).toEqual([]);
  });
});
