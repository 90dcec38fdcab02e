import { askControl, type ControlAnswer } from '../control/client.ts';
import type { Clock } from '../core/clock.ts';
import { MillraceError, usageError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Status } from '../observability/status.ts';
import type { FoundState } from './find-state.ts';
import type { Shell } from './shell.ts';

/**
 * The status of the pipeline that runs there. Rejects as `askControl` does, and if a different pipeline is running
 * there.
 */
export async function askStatus(
  { socketPath, name }: FoundState,
  { clock, redaction }: Pick<Shell, 'clock' | 'redaction'>,
): Promise<Status> {
  const status = (await ask(socketPath, '/api/status', clock)) as Status;
  // What the pipeline hides, this command hides as well.
  redaction.hideNames(status.redact);
  if (name === undefined || status.name === name) return status;
  throw unavailable(`expected pipeline ${name} on ${socketPath}, but ${status.name} is running there`);
}

/**
 * The pipeline's answer; with a `body`, after it has done what the body asks for. Rejects as `askControl` does, and if
 * it refuses.
 */
export async function ask(socketPath: string, path: string, clock: Clock, body?: unknown): Promise<unknown> {
  const answer = await askControl(socketPath, path, clock, body === undefined ? undefined : { body });
  if (answer.status === 200) return answer.body;
  throw refused(socketPath, path, answer);
}

/** The same, but undefined if what was asked for does not exist. */
export async function askOrNothing(socketPath: string, path: string, clock: Clock): Promise<unknown> {
  const answer = await askControl(socketPath, path, clock);
  if (answer.status === 404) return undefined;
  if (answer.status === 200) return answer.body;
  throw refused(socketPath, path, answer);
}

function refused(socketPath: string, path: string, { status, body }: ControlAnswer): MillraceError {
  const { error } = Object(body) as { error?: string };
  // It understood the request and says why it refuses.
  if (status === 400) return usageError(String(error));
  if (status === 409) return unavailable(String(error));
  return unavailable(`the pipeline on ${socketPath} answers ${status} to ${path}: ${error}`);
}

function unavailable(message: string): MillraceError {
  return new MillraceError('CONTROL', message, { exitCode: exitCodes.gaveUp });
}
