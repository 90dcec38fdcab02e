/** Runs everything that Millrace expects of a source, a processor and a sink, with the test runner of Node. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  processorContract,
  sinkContract,
  sourceContract,
  systemClock,
  type ProcessorUnderTest,
  type SinkUnderTest,
  type SourceUnderTest,
} from 'millrace/port';
import { inbox } from './inbox.ts';
import { outbox } from './outbox.ts';
import { words } from './words.ts';

/** Each case gets a source of its own, with a few items. */
function anInbox(): SourceUnderTest {
  const directory = mkdtempSync(join(tmpdir(), 'inbox-'));
  const files = { 'a.txt': ['one', 'two', 'three'], 'b.txt': [], 'c.txt': ['four'], 'd.txt': ['five', ''] };
  for (const [file, lines] of Object.entries(files)) {
    writeFileSync(join(directory, file), lines.map((line) => `${line}\n`).join(''));
  }
  const linesOf = (file: string): readonly string[] => files[file as keyof typeof files];
  let taken = 0;
  return {
    spec: inbox({ directory, onRead: (file) => (taken += linesOf(file).length) }),
    items: Object.entries(files).flatMap(([file, lines]) => lines.map((text, i) => ({ file, number: i + 1, text }))),
    taken: () => taken,
    settledItems: () => namesIn(join(directory, 'done')).flatMap(linesOf).length,
    dispose: () => rmSync(directory, { recursive: true }),
  };
}

/** Each case gets a processor, and lines for it. */
function aWordCounter(): ProcessorUnderTest {
  const started: number[] = [];
  const texts = { 'to be or not to be': 6, '': 0, '  a * "b"  \\': 4, word: 1 };
  return {
    processor: words({ onStart: (pid) => started.push(pid) }),
    examples: Object.entries(texts).map(([text, count], i) => {
      const place = { file: 'a.txt', number: i + 1 };
      return { item: { ...place, text }, result: { ...place, words: count } };
    }),
    breakLast: () => void process.kill(started.at(-1)!, 'SIGKILL'),
    openCount: () => started.filter(isRunning).length,
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Each case gets a sink of its own, with nothing in it. */
function anOutbox(): SinkUnderTest<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'outbox-'));
  return {
    sink: outbox({ directory }),
    row: (id) => ({ id }),
    badRow: () => ({ id: 1n }), // JSON has no BigInt.
    ids: () =>
      namesIn(directory).flatMap((name) =>
        (JSON.parse(readFileSync(join(directory, name), 'utf8')) as { id: number }[]).map(({ id }) => id),
      ),
    clock: systemClock,
    dispose: () => rmSync(directory, { recursive: true }),
  };
}

function namesIn(directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  return readdirSync(directory);
}

describe('the inbox', () => {
  for (const { name, run } of sourceContract({ resumes: 'by cursor', yields: 'items', settles: true })) {
    it(name, () => run(anInbox));
  }
});

describe('the word counter', () => {
  for (const { name, run } of processorContract({ breaks: true })) it(name, () => run(aWordCounter));
});

describe('the outbox', () => {
  for (const { name, run } of sinkContract('call')) it(name, () => run(anOutbox));
});
