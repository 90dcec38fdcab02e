/** Runs everything that Millrace expects of a source and of a sink, with the test runner of Node. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { sinkContract, sourceContract, systemClock, type SinkUnderTest, type SourceUnderTest } from 'millrace/port';
import { inbox } from './inbox.ts';
import { outbox } from './outbox.ts';

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

describe('the outbox', () => {
  for (const { name, run } of sinkContract('call')) it(name, () => run(anOutbox));
});
