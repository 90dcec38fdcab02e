import type { Duplex, Readable } from 'node:stream';
import { execa } from 'execa';
import type { Clock } from '../core/clock.ts';
import type { MillraceError } from '../core/errors.ts';
import { createChannel, type Channel } from '../ipc/channel.ts';
import type { Who } from '../observability/events.ts';
import { killGroup } from './kill.ts';

/** The descriptor on which a child finds its channel. */
const channelFd = 3;
/** How long the channel may take to end after its process has. */
const drainMs = 1000;
/** How long a process may take to end after it has let go of its channel: user code may have left timers behind. */
const letGoMs = 500;

/** How a child went. */
export interface Exit {
  code: number | null;
  signal: string | null;
  /** Said by the supervisor, if it has killed it; else what went wrong with its channel or its start. */
  reason: string | undefined;
}

export interface ChildListener<In> {
  onMessage: (message: In, payload: Buffer) => void;
  /**
   * Called once, when the process has exited *and* its channel has been read to the end: what it had sent has been
   * handed to `onMessage` before.
   */
  onExit: (exit: Exit) => void;
}

/** A child process and the channel to it. */
export interface Child<In, Out> {
  readonly who: Who;
  readonly startedAt: number;
  send: Channel<Out>['send'];
  /** Who is told what happens. Set before the child is sent anything. */
  listen: (listener: ChildListener<In>) => void;
  /** SIGKILL to the child and all that it started; `reason` says why, for people. */
  kill: (reason: string) => void;
}

export interface StartOptions<In> {
  role: 'producer' | 'consumer';
  ordinal: number;
  /** The built entry to run. */
  entry: string;
  parse: (header: unknown) => In;
  clock: Clock;
  /** Words to put before the command, so that the child dies with us. */
  prefix: readonly string[] | undefined;
  env: Record<string, string | undefined>;
  /** Takes what the child writes to its standard output and error, as it comes. */
  onOutput: (who: Who, stream: 'stdout' | 'stderr', chunk: Buffer | null) => void;
}

/** Starts a child. Never throws: a start that fails is reported as an exit. */
export function startChild<In, Out extends object>(options: StartOptions<In>): Child<In, Out> {
  const { role, ordinal, entry, clock, prefix, env } = options;
  // The title in argv makes `ps` tell which is which from the first moment.
  const command = [...(prefix ?? []), process.execPath, entry, role, ...(role === 'consumer' ? [String(ordinal)] : [])];
  const subprocess = execa(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // Collecting would gather the channel's bytes too, and end the child at 100 MB of them.
    buffer: false,
    reject: false,
    cleanup: false,
    // A group of its own: a terminal's Ctrl-C does not reach it, and it can be killed with all that it started.
    detached: true,
    env,
    extendEnv: false,
  });
  const who: Who = { role, ordinal, pid: subprocess.pid };

  let listener: ChildListener<In> | undefined;
  let killReason: string | undefined;
  let channelProblem: MillraceError | undefined;
  let exited: { code: number | null; signal: string | null } | undefined;
  let startProblem: string | undefined;
  let channelClosed = false;
  let told = false;
  let cancelDeadline = (): void => undefined;

  const kill = (reason: string): void => {
    killReason ??= reason;
    if (subprocess.pid !== undefined && !exited) killGroup(subprocess.pid);
  };
  const finish = (): void => {
    if (told || !exited || !channelClosed) return;
    told = true;
    cancelDeadline();
    listener?.onExit({ ...exited, reason: killReason ?? channelProblem?.message ?? startProblem });
  };
  const gone = (code: number | null, signal: string | null): void => {
    if (exited) return;
    exited = { code, signal };
    cancelDeadline();
    // What it had started dies with it; a grandchild may hold the channel open, too.
    if (subprocess.pid !== undefined) killGroup(subprocess.pid);
    if (!channelClosed) cancelDeadline = clock.after(drainMs, () => channel.destroy());
    finish();
  };

  const channel: Channel<Out> = createChannel<In, Out>(subprocess.stdio[channelFd] as unknown as Duplex, {
    parse: options.parse,
    onMessage: (message, payload) => listener?.onMessage(message, payload),
    onClose: (problem) => {
      channelClosed = true;
      channelProblem = problem;
      // Without a channel it can do nothing for us any more.
      if (problem) kill(problem.message);
      else if (!exited) cancelDeadline = clock.after(letGoMs, () => kill('closed its channel and did not exit'));
      finish();
    },
  });
  const reading: [Readable, 'stdout' | 'stderr'][] = [
    [subprocess.stdout, 'stdout'],
    [subprocess.stderr, 'stderr'],
  ];
  for (const [stream, name] of reading) {
    stream.on('data', (chunk: Buffer) => options.onOutput(who, name, chunk));
    stream.on('error', () => undefined); // Its end is all that matters, and 'close' follows.
    stream.on('close', () => options.onOutput(who, name, null));
  }
  subprocess.on('exit', gone);
  // Not execa's promise, which a grandchild that holds stdout delays without bound; but a failed start is only there.
  subprocess.on('error', (error) => {
    startProblem = `could not be started: ${error.message}`;
    channel.destroy();
    gone(null, null);
  });
  void subprocess.catch(() => undefined);

  return {
    who,
    startedAt: clock.now(),
    send: (message, payload) => channel.send(message, payload),
    listen: (to) => {
      listener = to;
    },
    kill,
  };
}
