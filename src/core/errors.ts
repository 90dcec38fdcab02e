import { writeJson } from './json.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { ownPlace } from './stack.ts';

/** An error as it is sent over a channel or stored in the spool. */
export interface ErrorData {
  code: string;
  message: string;
  stack?: string | undefined;
  /** The first line of the user's own code that it came from, as `/path/file.ts:line:column`. */
  at?: string | undefined;
  /** Milliseconds to wait, for `RETRY_AFTER` and `DEPENDENCY`. */
  retryAfterMs?: number | undefined;
  cause?: ErrorData | undefined;
}

/**
 * Every error that Millrace itself raises. `message` says what was expected, what came, and what to do; `code` is
 * stable and meant for programs; `exitCode` is the exit code of the process if this error ends it.
 */
export class MillraceError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, options: { cause?: unknown; exitCode?: ExitCode } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MillraceError';
    this.code = code;
    this.exitCode = options.exitCode ?? exitCodes.bug;
  }
}

/** The configuration or the pipeline is wrong: exit 78. */
export function configError(code: string, message: string, cause?: unknown): MillraceError {
  return new MillraceError(code, message, { cause, exitCode: exitCodes.config });
}

/** The command line is wrong: exit 64. */
export function usageError(message: string): MillraceError {
  return new MillraceError('USAGE', message, { exitCode: exitCodes.usage });
}

/** A peer sent something that is not in the protocol. The child that sent it is replaced. */
export class ProtocolError extends MillraceError {
  constructor(message: string, cause?: unknown) {
    super('PROTOCOL', message, { cause });
    this.name = 'ProtocolError';
  }
}

// Users' pipelines may import another copy of this module, so these errors are recognised by a mark, not by their
// class.
const verdictMark = Symbol.for('millrace.verdict');

/** What should happen to an item whose `process` has thrown. */
export type Verdict = 'permanent' | 'retry-after' | 'dependency';

/** The item can never succeed: it becomes a dead letter at once, without further attempts. */
export class PermanentError extends Error {
  readonly [verdictMark]: Verdict = 'permanent';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PermanentError';
  }
}

/** The item should run again after `ms` milliseconds. No attempt is used. */
export class RetryAfter extends Error {
  readonly [verdictMark]: Verdict = 'retry-after';
  readonly ms: number;
  constructor(ms: number, message = `asked for a retry after ${ms} ms`, options?: ErrorOptions) {
    if (!Number.isFinite(ms) || ms < 0) throw new TypeError(`RetryAfter expects milliseconds >= 0, got ${String(ms)}`);
    super(message, options);
    this.name = 'RetryAfter';
    this.ms = ms;
  }
}

/** An external service that the item needs is unreachable. The item waits with back-off; no attempt is used. */
export class DependencyError extends Error {
  readonly [verdictMark]: Verdict = 'dependency';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DependencyError';
  }
}

/**
 * A task under a limit asked for another permit of the same limit. It would do so in every attempt; thrown by the
 * source or `setup`, the error ends the service (exit 78).
 */
export class NestedLimit extends MillraceError {
  readonly [verdictMark]: Verdict = 'permanent';
  constructor(limit: string) {
    super(
      'NESTED_LIMIT',
      `expected one permit of limit "${limit}" at a time, got a call under it inside limit("${limit}", …): the inner call could ` +
        'wait forever for the outer permit. Call without the limit inside the task, or call after it',
      { exitCode: exitCodes.config },
    );
    this.name = 'NestedLimit';
  }
}

/** The verdict of `error`, if it is one of the three errors above (from any copy of this module). */
export function verdictOf(error: unknown): Verdict | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const verdict = (error as { [verdictMark]?: unknown })[verdictMark];
  return verdict === 'permanent' || verdict === 'retry-after' || verdict === 'dependency' ? verdict : undefined;
}

/** How many causes in a row are followed. */
const causeDepth = 4;
const outsideMark = Symbol.for('millrace.outside');

/** Marks `error` as an outage of the service that is called under `limit` (null: without a limit). Returns it. */
export function asOutside<Kind extends Error>(error: Kind, limit: string | null): Kind {
  return Object.assign(error, { [outsideMark]: { limit } });
}

/**
 * Whether `error`, or one of its causes, looks like an outage, and under which limit the call was made. A `RetryAfter`
 * thrown by the user does not, because it says when to come back. May throw what a getter throws.
 */
export function outsideOf(error: unknown, depth = causeDepth): { limit: string | null } | undefined {
  if (typeof error !== 'object' || error === null || depth < 0) return undefined;
  const { [outsideMark]: mark, cause } = error as { [outsideMark]?: { limit: string | null }; cause?: unknown };
  return mark ?? outsideOf(cause, depth - 1) ?? (verdictOf(error) === 'dependency' ? { limit: null } : undefined);
}

/** The longest texts, in characters, that are kept of an error from user code: it is sent, stored and shown. */
const messageLimit = 8000;
const stackLimit = 4000;
const codeLimit = 100;

/** `error`, which may be any thrown value, as plain data. Never throws. */
export function errorData(error: unknown): ErrorData {
  return dataOf(error, 0).data;
}

/** `at` comes from the error's own stack or, if that contains no line of the user's code, from its cause. */
function dataOf(error: unknown, depth: number): { data: ErrorData; at: string | undefined } {
  // Any property of a thrown value can be a getter that throws, or have an unexpected type.
  const read = (name: 'name' | 'code' | 'message' | 'stack' | 'cause' | 'errors' | 'ms'): unknown =>
    attempt(() => (error as Record<typeof name, unknown>)[name]);

  if (!attempt(() => error instanceof Error) && typeof read('message') !== 'string') {
    const kind = error === null ? 'null' : typeof error;
    return { data: { code: 'THROWN', message: `a ${kind} was thrown: ${preview(error)}` }, at: undefined };
  }
  const verdict = attempt(() => verdictOf(error));
  const stack = read('stack');
  const retryAfterMs = verdict === 'retry-after' ? read('ms') : undefined;
  const cause = read('cause') ?? firstOf(read('errors'));
  const hasCause = cause !== undefined && cause !== null && depth < causeDepth;
  const origin = hasCause ? dataOf(cause, depth + 1) : undefined;
  const at = attempt(() => placeText(stack)) ?? origin?.at;
  const message = read('message') ?? 'without a readable message';
  const data = {
    code: (textOf(read('code')) ?? (verdict && verdictCodes[verdict]) ?? textOf(read('name')) ?? 'Error').slice(
      0,
      codeLimit,
    ),
    message: shorten(typeof message === 'string' ? message : preview(message), messageLimit),
    ...(typeof stack === 'string' && { stack: stack.slice(0, stackLimit) }),
    ...(at !== undefined && depth === 0 && { at }),
    ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 && { retryAfterMs }),
    ...(origin && { cause: origin.data }),
  };
  return { data, at };
}

function placeText(stack: unknown): string | undefined {
  const place = ownPlace(stack);
  return place && `${place.file}:${place.line}:${place.column}`;
}

const verdictCodes: Record<Verdict, string> = {
  permanent: 'PERMANENT',
  'retry-after': 'RETRY_AFTER',
  dependency: 'DEPENDENCY',
};

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    // The getter's own error says nothing about the error that is being described.
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The first error of an AggregateError, whose own message is often empty. */
function firstOf(errors: unknown): unknown {
  return attempt(() => (Array.isArray(errors) ? (errors as unknown[])[0] : undefined));
}

function preview(value: unknown): string {
  const text = attempt(() => (typeof value === 'object' ? writeJson(value) : String(value as string)));
  return shorten(text ?? attempt(() => Object.prototype.toString.call(value)) ?? 'it cannot even be shown', 200);
}

function shorten(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

/** One line for people: the message of the error and, if they add something, the messages of its causes. */
export function describeError(error: ErrorData): string {
  const causes: string[] = [];
  for (let cause = error.cause; cause; cause = cause.cause)
    if (!error.message.includes(cause.message)) causes.push(cause.message);
  return [error.message, ...causes].join(': ');
}

/** The same, with the line of the user's own code that it came from. */
export function describeWithPlace(error: ErrorData): string {
  return `${describeError(error)}${error.at === undefined ? '' : ` (at ${error.at})`}`;
}

/** Rebuilds an error that another process described, with the stack that it had there. */
export function errorFromData({ code, message, stack, cause }: ErrorData): Error {
  const error = new Error(message, cause && { cause: errorFromData(cause) });
  error.stack = stack ?? `${code}: ${message}`;
  return error;
}
