/**
 * A processor outside the package: counts the words of a line with a program of the system. Each slot of a consumer has a
 * program of its own, which answers each line with a line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { defineProcessor, type OpenProcessor, type Processor, type SlotContext } from 'millrace/port';
import type { Line } from './inbox.ts';

export interface Words {
  readonly file: string;
  readonly number: number;
  readonly words: number;
}

export interface WordsOptions {
  /** Called with the process id of each program that is started, for tests. */
  readonly onStart?: (pid: number) => void;
}

const command = ['sh', '-c', 'while IFS= read -r line; do printf "%s\\n" "$line" | wc -w; done'] as const;

export function words(options: WordsOptions = {}): Processor<Line, Words> {
  return defineProcessor({
    kind: 'words',
    target: 'wc -w',
    open: (context) => openWords(context, options),
    check: async () => [`each line goes through ${command.join(' ')}`],
  });
}

async function openWords({ signal }: SlotContext, { onStart }: WordsOptions): Promise<OpenProcessor<Line, Words>> {
  const [program, ...args] = command;
  // A signal that aborts kills the program: nobody will close it.
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], signal, killSignal: 'SIGKILL' });
  // Rejects if there is no such program.
  await once(child, 'spawn');
  onStart?.(child.pid!);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  // It has been killed, or it has died with a line on its way to it: `ended` is enough to know.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async run({ file, number, text }, context) {
      const kill = (): void => void child.kill('SIGKILL');
      context.signal.addEventListener('abort', kill);
      try {
        child.stdin.write(`${text}\n`);
        const { value, done } = await answers.next();
        if (!done) return { file, number, words: Number(value) };
        await ended;
        context.signal.throwIfAborted();
        throw new Error(`the program ended with ${child.signalCode ?? child.exitCode} before it had answered`);
      } finally {
        context.signal.removeEventListener('abort', kill);
      }
    },
    get isBroken() {
      return hasEnded;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
