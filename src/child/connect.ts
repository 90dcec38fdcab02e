import { Socket } from 'node:net';
import { isCancellation } from '../core/cancellation.ts';
import type { Redaction } from '../core/redaction.ts';
import { describeError, errorData, MillraceError } from '../core/errors.ts';
import { channelFd, createChannel, type Channel } from '../ipc/channel.ts';
import type { Failed, LogMessage } from '../ipc/messages.ts';
import { killSelf } from './kill-self.ts';

/** Among these, Node would take USR1 as a request to debug, and open a port to everyone. */
const ignoredSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** Logged once per process: a pipeline that causes it usually does so for every item. */
const lostWork =
  'cancelled a call or response body that the pipeline did not await: await calls and bodies, or cancel them yourself';

/** A child's end of the channel, and how the child ends. */
export interface Connection<Out> {
  send: Channel<Out | Failed | LogMessage>['send'];
  flush: Channel<Out | Failed | LogMessage>['flush'];
  /** Everything has been reported and confirmed: closes the channel, so that the process ends by itself. */
  leave: () => void;
  /** Reports why this process cannot continue, and ends it. With an exit code the whole service ends. */
  fail: (error: unknown, origin?: Failed['origin']) => void;
}

/**
 * Connects a child with its supervisor. From here on only the channel stops this process: signals from a terminal or a
 * service manager are handled by the supervisor. If the supervisor goes, this process ends at once, because none of its
 * work could be settled any more.
 */
export function connect<In, Out extends object>(options: {
  redaction: Redaction;
  parse: (header: unknown) => In;
  onMessage: (message: In, payload: Buffer) => void;
  /** This process is about to end: cancel timers that would keep it alive. Called once. */
  onLeave: () => void;
}): Connection<Out> {
  const { redaction } = options;
  for (const signal of ignoredSignals) process.on(signal, () => undefined);
  let isLeaving = false;
  const socket = new Socket({ fd: channelFd, readable: true, writable: true });
  const channel = createChannel<In, Out | Failed | LogMessage>(socket, {
    parse: options.parse,
    onMessage: options.onMessage,
    onClose: (error) => {
      if (isLeaving) return;
      if (error) process.stderr.write(`lost the channel to the supervisor: ${error.message}\n`);
      killSelf();
    },
  });

  const leave = (): void => {
    if (isLeaving) return;
    isLeaving = true;
    channel.end();
    options.onLeave();
  };
  const fail = (error: unknown, origin: Failed['origin'] = 'process'): void => {
    if (isLeaving) return;
    const exitCode = error instanceof MillraceError && error.exitCode !== 1 ? error.exitCode : null;
    channel.send({ type: 'failed', error: redaction.error(errorData(error)), origin, exitCode });
    process.exitCode = 1;
    leave();
  };
  let hasToldOfCancellation = false;
  const uncaught = (error: unknown): void => {
    // The pipeline did not await it, and we cancelled it: that is no reason to end a process with all its items.
    if (!isCancellation(error)) return fail(error, 'uncaught');
    if (hasToldOfCancellation || isLeaving) return;
    hasToldOfCancellation = true;
    const reason = describeError(redaction.error(errorData(error)));
    channel.send({ type: 'log', level: 'warn', message: `${lostWork} (${reason})`, fields: {} });
  };
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  return {
    send: (message, payload) => channel.send(message, payload),
    flush: () => channel.flush(),
    leave,
    fail,
  };
}
