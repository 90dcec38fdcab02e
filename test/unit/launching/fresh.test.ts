import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { confirmFresh } from '../../../src/launching/fresh.ts';
import type { Left } from '../../../src/supervision/starting/archiving.ts';
import { aRun } from '../../support/a-queue.ts';

const left: Left = { status: 'run', run: aRun({ stored: 9, done: 3, dead: 1 }) };

/** Asks on a terminal; the answer is what `type` types as soon as the question appears. */
async function ask(type: (input: PassThrough, stop: AbortController) => void, what = left) {
  const [input, output, stop] = [new PassThrough(), new PassThrough(), new AbortController()];
  let shown = '';
  let isTyped = false;
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    if (isTyped || !shown.includes('[y/N]')) return;
    isTyped = true;
    type(input, stop);
  });
  const answer = await confirmFresh({ yes: false, isTerminal: true, input, output })(what, stop.signal).catch(
    (error: unknown) => error,
  );
  return { answer, shown };
}

const refused = { code: 'USAGE', exitCode: 64, message: 'nothing was changed' };

describe('the question before a queue is archived', () => {
  it.each(['y', 'Y', 'yes', ' yes '])('is a yes with %j', async (text) => {
    const { answer, shown } = await ask((input) => input.write(`${text}\r`));
    expect(answer).toBe('yes');
    expect(shown).toContain('Archive a run with 5 open items and start over? Nothing is deleted. [y/N] ');
  });

  it.each([
    ['an empty line', '\r'],
    ['n', 'n\r'],
    ['anything else', 'yess\r'],
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('is a no with %s', async (_, text) => {
    expect((await ask((input) => input.write(text))).answer).toMatchObject(refused);
  });

  it('is a no when the terminal is gone', async () => {
    expect((await ask((input) => input.end())).answer).toMatchObject(refused);
  });

  it('ends when the service is asked to stop, also if that happened before', async () => {
    expect((await ask((_, stop) => stop.abort())).answer).toBe('stopped');
    const options = { yes: false, isTerminal: true, input: new PassThrough(), output: new PassThrough() };
    expect(await confirmFresh(options)(left, AbortSignal.abort())).toBe('stopped');
  });

  it('names the queue that would be archived', async () => {
    const finished = await ask((input) => input.write('\r'), {
      status: 'run',
      run: aRun({ state: 'finished' }),
    });
    expect(finished.shown).toContain('Archive a finished run');
    const unreadable = await ask((input) => input.write('\r'), { status: 'unreadable', reason: 'it is damaged' });
    expect(unreadable.shown).toContain('a queue that cannot be read (it is damaged)');
  });

  it('is not asked when --yes was given, or without a terminal', async () => {
    const streams = { input: new PassThrough(), output: new PassThrough() };
    const { signal } = new AbortController();
    expect(await confirmFresh({ yes: true, isTerminal: false, ...streams })(left, signal)).toBe('yes');
    await expect(confirmFresh({ yes: false, isTerminal: false, ...streams })(left, signal)).rejects.toMatchObject({
      exitCode: 64,
      message: expect.stringContaining('--yes'),
    });
  });
});
