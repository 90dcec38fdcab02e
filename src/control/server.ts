/** The control API on a Unix socket that only its owner can open. Nothing that happens here stops the pipeline. */
import { lstat, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describeError, errorData } from '../core/errors.ts';
import { answer, problem, type Answer, type ControlSources } from './routes.ts';
import { serverName } from './server-name.ts';
import { shortPath } from './short-path.ts';

/** Enough for an edited item of any size, as JSON. */
const longestBody = 256 * 1024 * 1024;

export interface ControlOptions extends ControlSources {
  /** Of any length. */
  socketPath: string;
  /** Called with a sentence that says what does not work. */
  warn: (problem: string) => void;
}

export interface Control {
  /** Closes open connections, stops listening and removes the socket. Idempotent, never rejects. */
  close(): Promise<void>;
}

/**
 * Listens on the socket; a socket left over by a dead process is replaced. Never rejects: a pipeline also runs without
 * a control API, so problems are only warnings.
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  const { socketPath, warn } = options;
  const server = createServer(
    {
      maxHeaderSize: 8192,
      headersTimeout: 5000,
      requestTimeout: 5000,
      keepAliveTimeout: 1000,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => {
      // The answer could not be sent: that concerns only this client and its socket.
      respond(request, response, options).catch(() => response.destroy());
    },
  );
  server.maxConnections = 64;
  server.timeout = 10_000;
  let release: () => void;
  try {
    release = await listenOwnerOnly(server, socketPath);
  } catch (error) {
    warn(`the control API does not work: cannot listen on ${socketPath}: ${describeError(errorData(error))}`);
    return { close: () => Promise.resolve() };
  }
  server.on('error', (error) => warn(`the control API does not work: ${error.message}`));

  let closed: Promise<void> | undefined;
  return {
    close() {
      closed ??= new Promise((resolve) => {
        server.close(() => {
          release();
          resolve();
        });
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

async function respond(request: IncomingMessage, response: ServerResponse, options: ControlOptions): Promise<void> {
  const { method = '', url: target = '' } = request;
  let result: Answer;
  try {
    const read = await readBody(request);
    result = read.status === 'read' ? await answer({ method, target, body: read.body }, options) : read.answer;
  } catch (error) {
    options.warn(`the control API could not answer ${target}: ${describeError(errorData(error))}`);
    result = problem(500, 'internal error; the log has the details');
  }
  response.writeHead(result.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(result.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    server: serverName,
    // Do not wait for the rest of a body.
    ...(result.status === 413 && { connection: 'close' }),
    ...(result.allow !== undefined && { allow: result.allow }),
  });
  response.end(result.body);
}

type Body = { status: 'read'; body: unknown } | { status: 'refused'; answer: Answer };

/** Only changes have a body. */
async function readBody(request: IncomingMessage): Promise<Body> {
  if (request.method !== 'POST') {
    return hasBody(request) ? refused(413, 'expected no body') : { status: 'read', body: undefined };
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBody) return refused(413, `expected at most ${longestBody} bytes`);
    chunks.push(chunk);
  }
  if (length === 0) return { status: 'read', body: undefined };
  try {
    return { status: 'read', body: JSON.parse(Buffer.concat(chunks).toString()) as unknown };
  } catch (error) {
    return refused(400, `expected JSON: ${describeError(errorData(error))}`);
  }
}

function refused(status: number, message: string): Body {
  return { status: 'refused', answer: problem(status, message) };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Resolves to a function that releases the path. Call it after the server is closed: closing removes the socket by that path. */
async function listenOwnerOnly(server: Server, socketPath: string): Promise<() => void> {
  const { path, release } = shortPath(socketPath);
  try {
    try {
      await listen(server, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await removeLeftover(path);
      await listen(server, path);
    }
    return release;
  } catch (error) {
    release();
    throw error;
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The socket is created within listen(), so it belongs to its owner alone from the first moment.
    const before = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

async function removeLeftover(path: string): Promise<void> {
  if (!(await lstat(path)).isSocket()) throw new Error('another file is in its place; move it away');
  if (await isAnswered(path)) throw new Error('another process is listening there');
  await unlink(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => finish(true));
    // Refused means that no process listens. Any other error (no permission, too many connections) does not prove that
    // the socket is left over.
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code !== 'ECONNREFUSED'));
  });
}
