import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { processesOf, Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

interface Report {
  holds: boolean;
  kills: number;
  emitted: number;
  done: number;
  dead: number;
  rows: number;
  faults: Record<string, number>;
  problems: { kind: string; text: string }[];
  unchecked: string[];
  replay: string;
}

interface Outcome {
  code: number | null;
  report: Report;
  stderr: string;
}

const torture = (...args: string[]): Promise<Outcome> => tortureThrough([], ...args);

/** `through`: a program that starts it. */
async function tortureThrough(through: readonly string[], ...args: string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await project.run(['torture', '--json', ...args], {}, through);
  if (stdout === '') throw new Error(stderr);
  return { code, report: JSON.parse(stdout) as Report, stderr };
}

/** As many kills as the time of a test allows; on the command line it can be more. */
const kills = 8;

describe('torture', () => {
  it.each(['sqlite', 'stdout'])(
    'of the bundled pipeline into %s finds no item lost, and no item twice that was not in hand',
    async (sink) => {
      const { code, report } = await torture('--sink', sink, '--kills', String(kills), '--seed', '1');
      expect(report.problems).toEqual([]);
      expect(code).toBe(0);
      expect(report).toMatchObject({ holds: true, kills });
      expect(report.emitted).toBe(report.done + report.dead);
      expect(report.rows).toBeGreaterThan(report.done - report.done / 10);
      expect(report.replay).toBe(`millrace torture --seed 1 --kills ${kills} --sink ${sink}`);
      await project.quiet();
    },
    300_000,
  );
});

describe('torture of a pipeline of the user', () => {
  const pipeline = (fields: string): string => `
    import { definePipeline, to } from 'millrace';
    export default definePipeline({
      name: 'mine',
      async *source() { for (let id = 1; id <= 400; id++) { yield { id }; if (id % 5 === 0) await new Promise((go) => setTimeout(go, 5)); } },
      ${fields}
    });`;

  it('does not touch its SQLite file or its queue, and proves exactly once with other files', async () => {
    project.write(
      'mine.ts',
      pipeline("process: (item) => item, sink: to.sqlite({ file: 'mine.db', table: 'rows', key: 'id' }),"),
    );
    const { code, report } = await torture('mine.ts', '--kills', '4', '--seed', '2', '--consumers', '2');
    expect(report.problems).toEqual([]);
    expect(code).toBe(0);
    expect(report.emitted % 400).toBe(0);
    expect(report.rows).toBe(report.emitted);
    expect(project.read('mine.db')).toBe('');
    expect(project.read('.millrace/mine/queue.db')).toBe('');
    expect(report.replay).toBe('millrace torture mine.ts --seed 2 --kills 4 --consumers 2');
  });

  it('proves the same for a pipeline whose processor breaks', async () => {
    const processor = `import { defineProcessor } from 'millrace/port';
      const processor = defineProcessor({
        kind: 'counting', target: 'items',
        open: () => {
          let ran = 0;
          return {
            run: async (item) => { if (++ran === 30) throw new Error('used up'); return item; },
            get isBroken() { return ran >= 30; },
          };
        },
      });`;
    const fields =
      "process: processor, sink: to.sqlite({ file: 'mine.db', table: 'rows' }), options: { retryBase: '10ms' },";
    project.write('mine.ts', `${processor}\n${pipeline(fields)}`);
    const { code, report } = await torture('mine.ts', '--kills', '4', '--seed', '3', '--consumers', '2');
    expect(report.problems).toEqual([]);
    expect({ code, dead: report.dead }).toEqual({ code: 0, dead: 0 });
    expect(report.rows).toBeGreaterThan(0);
    await project.quiet();
  }, 120_000);

  it('refuses to write to the user’s own sink unless that is requested, and then says what it could not check', async () => {
    project.write('mine.ts', pipeline("sink: { ...to.discard(), kind: 'mine', target: 'somewhere' },"));
    const refused = await project.run(['torture', 'mine.ts', '--kills', '1']);
    expect(refused.code).toBe(64);
    expect(refused.stderr).toContain('this would write to its real sink (mine: somewhere)');
    const { code, report } = await torture('mine.ts', '--kills', '3', '--seed', '3', '--real-sink');
    expect(report.problems).toEqual([]);
    expect(code).toBe(0);
    expect(report.unchecked).toContainEqual(expect.stringContaining('what it reported for each commit was trusted'));
  });

  // A sink that corrupts one of its batches.
  it.each([
    ['twice', 'a row that is written twice', '[...rows, rows[0]]'],
    ['missing', 'a row that is not written', 'rows.slice(1)'],
  ])('finds results that are %s: %s', async (kind, _, spoilt) => {
    project.write(
      'mine.ts',
      `${pipeline('process: (item) => item, sink: spoiling(to.stdout()),')}
       function spoiling(sink) {
         return { ...sink, open: async (context) => {
           const writer = await sink.open(context);
           return { ...writer, commit: async (batch) => {
             const { captured: rows, items } = batch;
             await writer.commit({ ...batch, captured: items.has(200) ? ${spoilt} : rows });
           } };
         } };
       }`,
    );
    const { code, report } = await torture('mine.ts', '--kills', '1', '--seed', '4');
    expect(code).toBe(1);
    expect(report.holds).toBe(false);
    expect(report.problems).toContainEqual(expect.objectContaining({ kind }));
  });

  it('reports what is wrong with a pipeline before it begins', async () => {
    project.write('mine.ts', pipeline('sink: 5,'));
    const { code, stderr } = await project.run(['torture', 'mine.ts']);
    expect(code).toBe(78);
    expect(stderr).toContain('expected a sink');
  });

  it.each([
    [['--consumers', 'many'], '--consumers'],
    [['--patience', 'long'], '--patience: expected a duration'],
    [['--seed', '1.5'], '--seed: expected a whole number'],
    [['--state', 'mine'], '--state: torture gives each run its own queue'],
    [['--sink', 'csv'], '--sink: expected sqlite or stdout'],
    [['--directory', '.'], '--directory: expected a new or empty directory'],
  ])('refuses %j before anything runs', async (args, message) => {
    project.write('something', '');
    const { code, stderr } = await project.run(['torture', ...args]);
    expect(code).toBe(64);
    expect(stderr).toContain(message);
  });
});

describe('torture of a source with a specification', () => {
  const pipeline = (source: string, helpers = ''): string => `
    import { definePipeline, from, to } from 'millrace';
    ${helpers}
    export default definePipeline({
      name: 'records',
      source: ${source},
      async process(row, { attempt }) {
        await new Promise((go) => setTimeout(go, row.id % 17));
        if (row.id % 31 === 0 && attempt === 1) throw new Error('not in the first attempt');
        return { id: row.id, text: row.text, attempt };
      },
      sink: to.sqlite({ file: 'mine.db', table: 'rows' }),
      options: { consumers: 2, concurrency: 4, queueHighItems: 300, frameItems: 16, retryBase: '20ms', retryCap: '200ms' },
    });`;

  /** Lines of many lengths, and all that a line can be: malformed, not UTF-8, longer than it may be, the same as another. */
  function lines(count: number): Buffer {
    const line = (id: number): Buffer => {
      if (id === 7) return Buffer.from('{"id":7, broken\n');
      if (id === 8) return Buffer.from('7b226964223aff7d0a', 'hex');
      if (id === 9) return Buffer.from(`{"id":9,"text":"${'x'.repeat(150_000)}"}\r\n`);
      if (id === 10) return Buffer.from(`{"id":10,"text":"${'x'.repeat(70_000)}"}\r\n`);
      if (id % 100 === 11) return Buffer.from('{"id":11}\n');
      return Buffer.from(
        `${JSON.stringify({ id, text: `line ${id} ${'·'.repeat(id % 200)}` })}${id % 3 === 0 ? '\r\n' : '\n'}`,
      );
    };
    return Buffer.concat(Array.from({ length: count }, (_, i) => line(i + 1)));
  }

  it('proves that each line of a file has arrived with its bytes, also those that become dead letters', async () => {
    project.write('lines.ndjson', lines(1500).toString('latin1'), 'latin1');
    project.write('mine.ts', pipeline(`from.ndjson({ path: 'lines.ndjson', maxItemBytes: 100_000 })`));
    const { code, report } = await torture('mine.ts', '--kills', '8', '--seed', '5');
    expect(report.problems).toEqual([]);
    expect(report.unchecked).toEqual([]);
    expect(code).toBe(0);
    expect(report.emitted % 1500).toBe(0);
    expect(report.dead).toBe((report.emitted / 1500) * 3);
    expect(report.rows).toBe(report.done);
    expect(project.read('mine.db')).toBe('');
  }, 300_000);

  it('reads the rows of a CSV file from stdin again at each start', async () => {
    const rows = Array.from(
      { length: 600 },
      (_, i) => `${i + 1},"row ${i + 1}${i % 7 === 0 ? ',\nof two lines' : ''}"\n`,
    );
    project.write('rows.csv', `id,text\n${rows.join('')}`);
    project.write('mine.ts', pipeline(`from.csv({ stdin: true, types: { id: 'integer' } })`));
    const { code, report } = await tortureThrough(
      ['sh', '-c', 'exec "$@" < rows.csv', 'sh'],
      'mine.ts',
      '--kills',
      '4',
      '--seed',
      '6',
    );
    expect(report.problems).toEqual([]);
    expect(code).toBe(0);
    expect(report.emitted % 600).toBe(0);
    expect(report.done).toBe(report.emitted);
  }, 300_000);

  it('refuses a pipeline that reads stdin if it cannot be read again', async () => {
    project.write('mine.ts', pipeline(`from.csv({ stdin: true })`));
    const { code, stderr } = await project.run(['torture', 'mine.ts']);
    expect(code).toBe(64);
    expect(stderr).toContain('expected a file that can be read again');
  });

  // The engine keeps the bytes of a chunk; a source that still writes into them alters records that it has handed over.
  it('finds records whose bytes have changed after they were handed over', async () => {
    project.write('lines.ndjson', lines(400).toString('latin1'), 'latin1');
    project.write(
      'mine.ts',
      pipeline(
        `spoiling(from.ndjson({ path: 'lines.ndjson', maxItemBytes: 100_000 }))`,
        `function spoiling(source) {
           return { ...source, open: async (context) => {
             const inner = await source.open(context);
             return { ...inner, async *read() {
               for await (const chunk of inner.read()) {
                 process.nextTick(() => chunk.bytes.length < 100_000 && chunk.bytes.write('9', chunk.bytes.indexOf('line ') + 5));
                 yield chunk;
               }
             } };
           } };
         }`,
      ),
    );
    const { code, report } = await torture('mine.ts', '--kills', '1', '--seed', '7');
    expect(code).toBe(1);
    expect(report.problems).toContainEqual(expect.objectContaining({ kind: 'invented' }));
    expect(report.problems).toContainEqual(expect.objectContaining({ kind: 'missing' }));
  }, 300_000);
});

describe('torture of a pipeline with', () => {
  const fixture = (name: string): string => resolve('test/fixtures/torture', `${name}.ts`);
  const some = ['--kills', '8', '--seed', '8'];

  it.each(['tables', 'two-databases', 'table-and-lines'])(
    '%s proves for each sink what it promises, and touches no file of the user',
    async (name) => {
      const { code, report } = await torture(fixture(name), ...some);
      expect(report.problems).toEqual([]);
      expect(report.unchecked).toEqual([]);
      expect(code).toBe(0);
      expect(report.emitted % 1500).toBe(0);
      expect(report.emitted).toBe(report.done + report.dead);
      expect(report.rows).toBeGreaterThan(report.done);
      expect(readdirSync(project.directory)).toEqual([]);
    },
    300_000,
  );

  /** How often each id is in each of the files that the ends of the runs have made. */
  const published = (): Map<number, number>[] =>
    readdirSync(project.path('parts'))
      .filter((name) => name.endsWith('.ndjson'))
      .map((name) => {
        const times = new Map<number, number>();
        for (const line of project.read(`parts/${name}`).trimEnd().split('\n')) {
          const { id, text } = JSON.parse(line) as { id: number; text: string };
          if (text !== 'and another') times.set(id, (times.get(id) ?? 0) + 1);
        }
        return times;
      });

  it.each([
    ['parts', [] as number[]],
    ['everything', [173, 227]],
  ])(
    '%s, written to its real sinks, has each item once in what is published, and none that is dead',
    async (name, refused) => {
      const { code, report } = await torture(fixture(name), ...some, '--real-sink');
      expect(report.problems).toEqual([]);
      expect(code).toBe(0);
      const dead = (id: number): boolean => [199, ...refused].some((divisor) => id % divisor === 0);
      const ids = Array.from({ length: 1500 }, (_, i) => i + 1);
      const expected = new Map(ids.filter((id) => id % 13 !== 0 && !dead(id)).map((id) => [id, 1]));
      for (const times of published()) expect(times).toEqual(expected);
      expect(report.emitted).toBe(1500 * published().length);
      expect(report.dead).toBe(ids.filter(dead).length * published().length);
    },
    300_000,
  );

  it('several sinks names all real sinks before it writes to them', async () => {
    const { code, stderr } = await project.run(['torture', fixture('everything')]);
    expect(code).toBe(64);
    expect(stderr).toContain('its real sink (called: calls.ndjson; lines-in-parts: parts) many times');
  });

  it('several sinks says which of them has lost a row', async () => {
    project.write(
      'mine.ts',
      `import { definePipeline, to } from 'millrace';
       const losing = (sink) => ({ ...sink, open: async (context) => {
         const writer = await sink.open(context);
         return { ...writer, commit: (batch) => writer.commit({ ...batch, captured: batch.items.has(200) ? [] : batch.captured }) };
       } });
       export default definePipeline({
         name: 'losing',
         async *source() { for (let id = 1; id <= 400; id++) { yield { id }; if (id % 5 === 0) await new Promise((go) => setTimeout(go, 5)); } },
         sink: to.all(to.sqlite({ file: 'mine.db', table: 'rows' }), losing(to.stdout())),
       });`,
    );
    const { code, report } = await torture('mine.ts', '--kills', '1', '--seed', '4');
    expect(code).toBe(1);
    expect(report.problems).toContainEqual(
      expect.objectContaining({ kind: 'missing', text: expect.stringMatching(/^stdout: /) }),
    );
    expect(report.problems.filter(({ text }) => !text.startsWith('stdout: '))).toEqual([]);
  }, 300_000);
});

describe('an interrupted torture', () => {
  it.each([
    ['SIGINT', 75],
    ['SIGKILL', null],
  ] as const)('leaves no process behind: %s', async (signal, exitCode) => {
    project.write(
      'endless.ts',
      `import { definePipeline, to } from 'millrace';
       async function* source() { for (let id = 1; ; id++) { yield { id }; await new Promise((go) => setTimeout(go, 5)); } }
       export default definePipeline({ name: 'endless', source, sink: to.discard() });`,
    );
    const running = project.start(['torture', 'endless.ts', '--kills', '1000', '--directory', 'torture']);
    await project.until(() => (processesOf(project.directory).length > 3 ? true : undefined));
    running.kill(signal);
    const { code, stderr } = await running.ended;
    expect(code).toBe(exitCode);
    expect(stderr).toContain(signal === 'SIGINT' ? 'interrupted' : '');
    await project.quiet();
  });
});
