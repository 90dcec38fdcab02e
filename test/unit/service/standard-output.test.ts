import { expect, it } from '@jest/globals';
import { standardOutput } from '../../../src/service/standard-output.ts';

type Done = (error?: Error | null) => void;

/** A standard output whose writes each wait for the test. */
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

it('standard output confirms each write once it is written', () => {
  const { writes, failures, confirmed, write } = anOutput();
  write('a');
  expect(confirmed).toEqual([]);
  writes[0]!.end();
  expect([confirmed, failures]).toEqual([['a'], []]);
});

it('standard output reports once that nobody reads it any more, confirms no pending write, and writes no more', () => {
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

it('standard output reports any other failure', () => {
  const { failures, failed } = anOutput();
  failed(new Error('no space left on device'));
  expect(failures).toEqual(['standard output failed: no space left on device']);
});
