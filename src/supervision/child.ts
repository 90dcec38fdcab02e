import type { Readable } from 'node:stream';
import type { Cancel, Clock } from '../core/clock.ts';
import type { MillraceError } from '../core/errors.ts';
import { createChannel, type Channel } from '../ipc/channel.ts';
import type { Who } from '../observability/events.ts';
import { killGroup } from './kill.ts';
import { spawn } from './spawn.ts';

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
  /**
   * Who is told what happens from now on. Set before the child is sent anything; if the child has gone already, the
   * listener is told its exit in the next microtask.
   */
  listen: (listener: ChildListener<In>) => void;
  /** SIGKILL to the child and all that it started; `reason` says why, for people. */
  kill: (reason: string) => void;
  /** Nobody waits for it any longer, although it lives: it must not keep this process from ending. Its exit is not told. */
  abandon: () => void;
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
  const { role, ordinal, entry, clock, prefix, env, onOutput } = options;
  // The title in argv makes `ps` tell which is which from the first moment.
  const command = [...(prefix ?? []), process.execPath, entry, role, ...(role === 'consumer' ? [String(ordinal)] : [])];
  const spawned = spawn(command, env);
  const startedAt = clock.now();
  if (spawned.status === 'failed') {
    const who: Who = { role, ordinal, pid: undefined };
    const exit = spawned.reason.then((reason) => ({
      code: null,
      signal: null,
      reason: `could not be started: ${reason}`,
    }));
    return {
      who,
      startedAt,
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
  let channelProblem: MillraceError | undefined;
  let exited: { code: number | null; signal: string | null } | undefined;
  let isChannelClosed = false;
  let exit: Exit | undefined;
  let cancelDeadline: Cancel | undefined;

  const kill = (reason: string): void => {
    killReason ??= reason;
    if (!exited) killGroup(pid);
  };
  const finish = (): void => {
    if (exit || !exited || !isChannelClosed) return;
    cancelDeadline?.();
    exit = { ...exited, reason: killReason ?? channelProblem?.message };
    listener?.onExit(exit);
  };

  const channel: Channel<Out> = createChannel<In, Out>(spawned.channel, {
    parse: options.parse,
    onMessage: (message, payload) => listener?.onMessage(message, payload),
    onClose: (problem) => {
      isChannelClosed = true;
      channelProblem = problem;
      // Without a channel it can do nothing for us any more.
      if (problem) kill(problem.message);
      else if (!exited) cancelDeadline = clock.after(letGoMs, () => kill('closed its channel and did not exit'));
      finish();
    },
  });
  spawned.onExit((code, signal) => {
    exited = { code, signal };
    cancelDeadline?.();
    // What it had started dies with it; a grandchild may hold the channel open, too.
    killGroup(pid);
    if (!isChannelClosed) cancelDeadline = clock.after(drainMs, () => channel.destroy());
    letGoOf(
      outputs.map(([stream]) => stream),
      clock,
    );
    finish();
  });
  for (const [stream, name] of outputs) {
    stream.on('data', (chunk: Buffer) => onOutput(who, name, chunk));
    stream.on('error', () => undefined); // Its end is all that matters, and 'close' follows.
    stream.on('close', () => onOutput(who, name, null));
  }

  return {
    who,
    startedAt,
    send: (message, payload) => channel.send(message, payload),
    listen: (to) => {
      listener = to;
      // It may have gone while it waited for its post.
      const before = exit;
      if (before) queueMicrotask(() => to.onExit(before));
    },
    kill,
    abandon: () => {
      listener = undefined;
      unref();
      channel.destroy();
      for (const [stream] of outputs) stream.destroy();
    },
  };
}

/** Closes what is left of a dead child's output after a while: whoever has left its group may hold it open for ever. */
function letGoOf(streams: readonly Readable[], clock: Clock): void {
  const open = new Set(streams.filter((stream) => !stream.closed));
  if (open.size === 0) return;
  const cancel = clock.after(drainMs, () => open.forEach((stream) => stream.destroy()));
  for (const stream of open) {
    stream.on('close', () => {
      open.delete(stream);
      if (open.size === 0) cancel();
    });
  }
}
