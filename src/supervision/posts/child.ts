import type { Cancel, Clock } from '../../core/clock.ts';
import type { MillraceError } from '../../core/errors.ts';
import { createChannel, type Channel } from '../../ipc/channel.ts';
import type { Who } from '../../observability/events.ts';
import { killGroup } from './kill.ts';
import { LastWords } from './last-words.ts';
import { spawn } from './spawn.ts';

/**
 * How long channel and output may stay open after the exit: a process that left the child's group may keep them open
 * indefinitely.
 */
const drainMs = 1000;
/** How long a process may take to exit after it has closed its channel: user code may have left timers behind. */
const letGoMs = 500;

/** How a child ended. */
export interface Exit {
  code: number | null;
  signal: string | null;
  /** The supervisor's reason, if it killed the child; otherwise what went wrong with the channel or the start. */
  reason: string | undefined;
  /**
   * Why the supervisor killed it: see `kill`; `broken`: because of its channel. `no`: it ended by itself or was killed
   * by something else.
   */
  killed: 'no' | 'order' | 'hang' | 'broken';
  /** What V8 wrote when it ended the process. */
  lastWords: string | undefined;
}

export interface ChildListener<In> {
  onMessage: (message: In, payload: Buffer) => void;
  /**
   * Called once, when the process has exited *and* its channel and its output have been read to the end: by then
   * `onMessage` and `onOutput` have received everything that it sent and wrote.
   */
  onExit: (exit: Exit) => void;
}

/** A child process and the channel to it. */
export interface Child<In, Out> {
  readonly who: Who;
  readonly startedAt: number;
  /** The beginning of a message has come from it, and its end has not. */
  readonly isReceiving: boolean;
  send: Channel<Out>['send'];
  /**
   * Sets the listener for everything that happens from now on. Call it before anything is sent to the child; if the
   * child has already gone, the listener gets its exit in the next microtask.
   */
  listen: (listener: ChildListener<In>) => void;
  /**
   * SIGKILL to the child and everything that it started; `reason` says why, for people. An `order` is not counted
   * against the child; a `hang` is the cause of its death.
   */
  kill: (reason: string, why?: 'order' | 'hang') => void;
  /** Stops waiting for it although it is alive: it must not keep this process from ending. Its exit is not reported. */
  abandon: () => void;
}

export interface StartOptions<In> {
  role: 'producer' | 'consumer';
  ordinal: number;
  /** The built entry to run. */
  entry: string;
  parse: (header: unknown) => In;
  clock: Clock;
  /** Words to put before the command so that the child dies with this process. */
  prefix: readonly string[] | undefined;
  env: Record<string, string | undefined>;
  /** The current directory of the child. */
  cwd: string;
  /** Receives the child's standard output and error as they arrive. */
  onOutput: (who: Who, stream: 'stdout' | 'stderr', chunk: Buffer | null) => void;
}

/** Starts a child. Never throws: a start that fails is reported as an exit. */
export function startChild<In, Out extends object>(options: StartOptions<In>): Child<In, Out> {
  const { role, ordinal, entry, clock, prefix, env, cwd, onOutput } = options;
  // With the title in argv, `ps` shows which child is which from the first moment.
  const command = [...(prefix ?? []), process.execPath, entry, role, ...(role === 'consumer' ? [String(ordinal)] : [])];
  // The source may read stdin.
  const stdin = role === 'producer' ? 'inherit' : 'ignore';
  const spawned = spawn(command, { env, cwd, stdin });
  const startedAt = clock.now();
  if (spawned.status === 'failed') {
    const who: Who = { role, ordinal, pid: undefined };
    const exit = spawned.reason.then((reason) => ({
      code: null,
      signal: null,
      reason: `could not be started: ${reason}`,
      killed: 'no' as const,
      lastWords: undefined,
    }));
    return {
      who,
      startedAt,
      isReceiving: false,
      send: () => undefined,
      listen: ({ onExit }) => void exit.then(onExit),
      kill: () => undefined,
      abandon: () => undefined,
    };
  }
  const { pid, outputs, unref } = spawned;
  const who: Who = { role, ordinal, pid };

  let listener: ChildListener<In> | undefined;
  let killReason: string | undefined;
  let killed: Exit['killed'] = 'no';
  const lastWords = new LastWords();
  const openOutputs = new Set(outputs.map(([stream]) => stream));
  let channelProblem: MillraceError | undefined;
  let exited: { code: number | null; signal: string | null } | undefined;
  let isChannelClosed = false;
  let exit: Exit | undefined;
  let cancelDeadline: Cancel | undefined;

  const kill = (reason: string, why: Exit['killed']): void => {
    killReason ??= reason;
    if (exited) return;
    if (killed === 'no') killed = why;
    killGroup(pid);
  };
  const letGo = (): void => {
    channel.destroy();
    for (const [stream] of outputs) stream.destroy();
  };
  const finish = (): void => {
    if (exit || !exited || !isChannelClosed || openOutputs.size > 0) return;
    cancelDeadline?.();
    exit = {
      ...exited,
      reason: killReason ?? channelProblem?.message,
      // If it ended in another way, our kill came too late.
      killed: exited.signal === 'SIGKILL' ? killed : 'no',
      lastWords: exited.signal ? lastWords.text : undefined,
    };
    listener?.onExit(exit);
  };

  const channel: Channel<Out> = createChannel<In, Out>(spawned.channel, {
    parse: options.parse,
    onMessage: (message, payload) => listener?.onMessage(message, payload),
    onClose: (problem) => {
      isChannelClosed = true;
      channelProblem = problem;
      // Without a channel it is of no use any more.
      if (problem) kill(problem.message, 'broken');
      else if (!exited)
        cancelDeadline = clock.after(letGoMs, () => kill('closed its channel but did not exit', 'broken'));
      finish();
    },
  });
  spawned.onExit((code, signal) => {
    exited = { code, signal };
    cancelDeadline?.();
    // Programs that it started die with it; one of them may also hold the channel open.
    killGroup(pid);
    // If this process was held up, the deadline fires before data that arrived meanwhile is read: `soon` lets that happen first.
    cancelDeadline = clock.after(drainMs, () => clock.soon(letGo));
    finish();
  });
  for (const [stream, name] of outputs) {
    stream.on('data', (chunk: Buffer) => {
      if (name === 'stderr') lastWords.push(chunk);
      onOutput(who, name, chunk);
    });
    stream.on('error', () => undefined); // Its end is all that matters, and 'close' follows.
    stream.on('close', () => {
      onOutput(who, name, null);
      openOutputs.delete(stream);
      finish();
    });
  }

  return {
    who,
    startedAt,
    get isReceiving() {
      return channel.isReceiving;
    },
    send: (message, payload) => channel.send(message, payload),
    listen: (to) => {
      listener = to;
      // It may have exited while it waited for its post.
      const before = exit;
      if (before) queueMicrotask(() => to.onExit(before));
    },
    kill: (reason, why = 'order') => kill(reason, why),
    abandon: () => {
      listener = undefined;
      unref();
      letGo();
    },
  };
}
