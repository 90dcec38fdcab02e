import { describeError, MillraceError, type ErrorData } from '../core/errors.ts';
import type { ExitCode } from '../core/exit-codes.ts';
import type { Hub } from './hub.ts';

/** A child has said that it cannot go on. With an exit code nobody could: the service ends with it. */
export function childFailed(
  hub: Pick<Hub, 'fail'>,
  post: { failed: (reason: string) => void },
  error: ErrorData,
  exitCode: number | null,
): void {
  post.failed(describeError(error));
  if (exitCode !== null)
    hub.fail(new MillraceError(error.code, describeError(error), { exitCode: exitCode as ExitCode }));
}
