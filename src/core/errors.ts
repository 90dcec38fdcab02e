import { exitCodes, type ExitCode } from './exit-codes.ts';

/** An error as it travels on a channel or rests in the spool. */
export interface ErrorData {
  code: string;
  message: string;
  stack?: string | undefined;
  /** Milliseconds to wait, for `RETRY_AFTER` and `DEPENDENCY`. */
  retryAfterMs?: number | undefined;
  cause?: ErrorData | undefined;
}

/**
 * Every error that Millrace itself raises. `message` says what was expected, what came, and what to do;
 * `code` is stable and meant for programs; `exitCode` is the process's if this error ends it.
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

// Users' pipelines may import another copy of this module, so these are recognised by mark, not by class.
const verdictMark = Symbol.for('millrace.verdict');

/** What a throwing `process` wants to become of its item. */
export type Verdict = 'permanent' | 'retry-after' | 'dependency';

/** The item can never succeed: it becomes a dead letter at once, without further attempts. */
export class PermanentError extends Error {
  readonly [verdictMark]: Verdict = 'permanent';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PermanentError';
  }
}

/** Try the item again after `ms` milliseconds; no attempt is used. */
export class RetryAfter extends Error {
  readonly [verdictMark]: Verdict = 'retry-after';
  readonly ms: number;
  constructor(ms: number, message = `asked to be tried again after ${ms} ms`, options?: ErrorOptions) {
    if (!Number.isFinite(ms) || ms < 0) throw new TypeError(`RetryAfter expects milliseconds >= 0, got ${String(ms)}`);
    super(message, options);
    this.name = 'RetryAfter';
    this.ms = ms;
  }
}

/** Something outside that the item needs is unreachable: the item waits with back-off; no attempt is used. */
export class DependencyError extends Error {
  readonly [verdictMark]: Verdict = 'dependency';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DependencyError';
  }
}

/** The verdict that `error` carries, if it is one of the three errors above (of any copy of this module). */
export function verdictOf(error: unknown): Verdict | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  return (error as { [verdictMark]?: Verdict })[verdictMark];
}

/** Longest stack, in characters, that is kept of an error from user code. */
const stackLimit = 4000;
const causeDepth = 4;

/** `error`, which may be anything that was thrown, as plain data. Never throws. */
export function errorData(error: unknown, depth = 0): ErrorData {
  try {
    if (!(error instanceof Error) && !isErrorLike(error)) {
      return { code: 'THROWN', message: `a ${error === null ? 'null' : typeof error} was thrown: ${preview(error)}` };
    }
    const { code, stack, cause } = error as { code?: unknown; stack?: unknown; cause?: unknown };
    const verdict = verdictOf(error);
    return {
      code: typeof code === 'string' && code !== '' ? code : (verdictCodes[verdict ?? 'none'] ?? String(error.name)),
      message: String(error.message),
      ...(typeof stack === 'string' && { stack: stack.slice(0, stackLimit) }),
      ...(verdict === 'retry-after' && { retryAfterMs: (error as RetryAfter).ms }),
      ...(cause !== undefined && depth < causeDepth && { cause: errorData(cause, depth + 1) }),
    };
  } catch {
    return { code: 'THROWN', message: 'something was thrown that cannot even be described' };
  }
}

const verdictCodes: Record<string, string | undefined> = {
  permanent: 'PERMANENT',
  'retry-after': 'RETRY_AFTER',
  dependency: 'DEPENDENCY',
};

function isErrorLike(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && typeof (value as { message?: unknown }).message === 'string';
}

function preview(value: unknown): string {
  try {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return text.length > 200 ? `${text.slice(0, 200)}…` : text;
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** One line for people: the message and, where they add something, those of its causes. */
export function describeError(error: ErrorData): string {
  const causes: string[] = [];
  for (let cause = error.cause; cause; cause = cause.cause)
    if (!error.message.includes(cause.message)) causes.push(cause.message);
  return [error.message, ...causes].join(': ');
}
