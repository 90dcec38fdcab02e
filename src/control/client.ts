import { request } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { serverName } from './server-name.ts';
import { shortPath, type ShortPath } from './short-path.ts';

export interface ControlAnswer {
  status: number;
  body: unknown;
}

const timeoutMs = 5000;
/** A change waits for the disk and may carry much data. */
const changeTimeoutMs = 60_000;
const longestAnswer = 64 * 1024 * 1024;

/**
 * Sends a request to the pipeline that listens on a control socket; with `change`, a request to change something, whose
 * body is sent as JSON. Rejects with a MillraceError: `NOT_RUNNING` if nothing listens there, `NO_PERMISSION`,
 * `NO_ANSWER` within 5 s (60 s for a change), `NOT_OURS` if the answer is not from Millrace.
 */
export function askControl(
  socketPath: string,
  path: string,
  clock: Clock,
  change?: { body?: unknown },
): Promise<ControlAnswer> {
  const text = change?.body === undefined ? undefined : JSON.stringify(change.body);
  const limitMs = change ? changeTimeoutMs : timeoutMs;
  const headers = {
    host: 'control',
    ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
  };
  return new Promise((resolve, reject) => {
    let short: ShortPath;
    try {
      short = shortPath(socketPath);
    } catch (error) {
      return reject(askError(error as NodeJS.ErrnoException, socketPath));
    }
    const options = { socketPath: short.path, path, agent: false, headers, method: change ? 'POST' : 'GET' };
    const fail = (error: MillraceError): void => {
      cancel();
      asked.destroy();
      reject(error);
    };
    const asked = request(options, (response) => {
      if (response.headers.server !== serverName)
        return fail(notOurs(socketPath, 'it does not identify itself as Millrace'));
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > longestAnswer) fail(notOurs(socketPath, `its answer is longer than ${longestAnswer} bytes`));
      });
      response.on('error', (error) => fail(askError(error, socketPath)));
      response.on('end', () => {
        try {
          const answer = JSON.parse(Buffer.concat(chunks).toString()) as unknown;
          cancel();
          resolve({ status: response.statusCode ?? 0, body: answer });
        } catch {
          fail(notOurs(socketPath, 'its answer is not JSON'));
        }
      });
    });
    asked.on('close', short.release);
    asked.on('error', (error) => fail(askError(error, socketPath)));
    const cancel = clock.after(limitMs, () =>
      fail(
        unavailable(
          'NO_ANSWER',
          `the pipeline does not answer on ${socketPath} within ${limitMs / 1000} s: it is stuck or stopped`,
        ),
      ),
    );
    asked.end(text);
  });
}

function askError(error: NodeJS.ErrnoException, socketPath: string): MillraceError {
  const code = error.code ?? '';
  if (['ENOENT', 'ENOTDIR', 'ECONNREFUSED'].includes(code)) {
    return unavailable('NOT_RUNNING', `no pipeline is running there: nothing listens on ${socketPath}`, error);
  }
  if (['EACCES', 'EPERM'].includes(code)) {
    const message = `no permission to ask the pipeline on ${socketPath}: use the user that it runs as`;
    return unavailable('NO_PERMISSION', message, error);
  }
  if (code.startsWith('HPE_')) return notOurs(socketPath, 'it does not speak HTTP');
  return unavailable('NO_ANSWER', `the pipeline on ${socketPath} did not answer: ${error.message}`, error);
}

function notOurs(socketPath: string, why: string): MillraceError {
  return unavailable('NOT_OURS', `what answers on ${socketPath} is not Millrace: ${why}`);
}

function unavailable(code: string, message: string, cause?: unknown): MillraceError {
  return new MillraceError(code, message, { cause, exitCode: exitCodes.gaveUp });
}
