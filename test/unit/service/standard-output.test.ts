import { expect, it } from '@jest/globals';
import { standardOutput } from '../../../src/service/standard-output.ts';

type Done = (error?: Error | null) => void;

/** Standard output of which each write waits for the test. */
function anOutput() {
  const writes: { bytes: string; end: Done }[] = [];
  const failures: string[] = [];
  const confirmed: string[] = [];
  const stream = { write: (bytes: Buffer, end: Done) => writes.push({ bytes: bytes.toString(), end }) > 0 };
  const output = standardOutput(stream as never, (reason) => void failures.push(reason));
  const write = (text: string): void => output.write(Buffer.from(text), () => void confirmed.push(text));
  return { writes, failures, confirmed, write, failed: output.failed };
}

const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });

it('confirms what was written', () => {
  const { writes, failures, confirmed, write } = anOutput();
  write('a');
  expect(confirmed).toEqual([]);
  writes[0]!.end();
  expect([confirmed, failures]).toEqual([['a'], []]);
});

it('says once that nobody reads it any more, confirms nothing of that, and writes no more', () => {
  const { writes, failures, confirmed, write, failed } = anOutput();
  write('a');
  write('b');
  writes[0]!.end(broken);
  writes[1]!.end(broken);
  failed(broken);
  write('c');
  expect(failures).toEqual(['nobody reads standard output any more']);
  expect([confirmed, writes.map(({ bytes }) => bytes)]).toEqual([[], ['a', 'b']]);
});

it('says what else has failed', () => {
  const { failures, failed } = anOutput();
  failed(new Error('no space left on device'));
  expect(failures).toEqual(['standard output failed: no space left on device']);
});
