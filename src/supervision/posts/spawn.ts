import { closeSync, openSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { execa } from 'execa';
import { channelFd } from '../../ipc/channel.ts';
import { guardFd } from './group-guard.ts';

/** The number of descriptors that a start needs for its four pipes and to learn of its own failure. */
const descriptorsPerStart = 10;

/** A process, or why there is none. */
export type Spawned =
  | {
      status: 'started';
      pid: number;
      channel: Duplex;
      outputs: readonly [stream: Readable, name: 'stdout' | 'stderr'][];
      /** Stop waiting for it. */
      unref: () => void;
      onExit: (listener: (code: number | null, signal: string | null) => void) => void;
    }
  | { status: 'failed'; reason: Promise<string> };

/** Starts `command` with a channel on descriptor 3, with our stdin or none. Never throws: a start that fails is a result. */
export function spawn(
  command: readonly string[],
  { env, cwd, stdin }: { env: Record<string, string | undefined>; cwd: string; stdin: 'inherit' | 'ignore' },
): Spawned {
  if (!hasDescriptors(descriptorsPerStart)) {
    return failed('too many open files; raise the limit on open files (ulimit -n), or run fewer consumers');
  }
  const subprocess = execa(command[0]!, command.slice(1), {
    // The last pipe is for the guard (group-guard.ts): it only needs to end with this process.
    stdio: [stdin, 'pipe', 'pipe', 'pipe', 'pipe'],
    // Collecting output would collect the channel's bytes, too, and end the child at 100 MB.
    buffer: false,
    reject: false,
    cleanup: false,
    // Its own group: a terminal's Ctrl-C does not reach it, and it can be killed with everything that it started.
    detached: true,
    env,
    cwd,
    extendEnv: false,
  });
  const { pid } = subprocess;
  if (pid === undefined) return { status: 'failed', reason: failureOf(subprocess) };
  // execa's promise is not awaited: a grandchild that holds stdout keeps it from settling.
  void subprocess.catch(() => undefined);
  const guarded = subprocess.stdio[guardFd] as unknown as Duplex;
  guarded.on('error', () => undefined);
  subprocess.on('exit', () => guarded.destroy());
  return {
    status: 'started',
    pid,
    channel: subprocess.stdio[channelFd] as unknown as Duplex,
    outputs: [
      [subprocess.stdout, 'stdout'],
      [subprocess.stderr, 'stderr'],
    ],
    unref: () => subprocess.unref(),
    onExit: (listener) => void subprocess.on('exit', listener),
  };
}

function failed(reason: string): Spawned {
  return { status: 'failed', reason: Promise.resolve(reason) };
}

async function failureOf(subprocess: PromiseLike<object>): Promise<string> {
  // The only place that sees every kind of failed start: some have an 'error' event, some have none.
  const { code, originalMessage } = (await subprocess) as { code?: string; originalMessage?: string };
  const hint = code === 'ENOENT' ? '; does the current directory still exist?' : '';
  return `${originalMessage ?? 'unknown reason'}${hint}`;
}

/**
 * Whether `count` more descriptors can be opened. Checked before a start: if they run out in the middle of one, Node
 * creates no pipes, execa throws because of that, and the error event that follows has no listener.
 */
function hasDescriptors(count: number): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync('/dev/null', 'r'));
    return true;
  } catch {
    return false;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}
