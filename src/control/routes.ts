import type { DeadLetters, DeadQuery } from '../core/dead-letters.ts';
/** The routes of the control API and their JSON answers, without sockets. */
import { isAbsolute } from 'node:path';
import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { ItemError } from '../frame/item-error.ts';
import { itemFromJson, itemToJson } from '../frame/item-json.ts';
import type { Status } from '../observability/status.ts';
import type { BackupJob } from './backup-job.ts';
import { deadPage, type DeadSource } from './dead-page.ts';

/** The sources of the answers, and the actions behind the requests. */
export interface ControlSources {
  status: () => Status;
  /** A page of dead letters with their items. */
  dead: DeadSource;
  backup: BackupJob;
  /** Requests a reload; its progress is in the status. */
  reload: () => { status: 'begun'; number: number } | { status: 'refused'; reason: string };
  letters: DeadLetters;
}

export interface ControlRequest {
  method: string;
  /** The path with the query. */
  target: string;
  /** JSON, parsed; undefined if there is none. */
  body?: unknown;
}

export interface Answer {
  status: number;
  /** JSON. */
  body: string;
  /** The methods of the route, if the requested one is not among them. */
  allow?: string;
}

type Handler = (query: URLSearchParams, sources: ControlSources, body: unknown) => Answer | Promise<Answer>;
/** By method: reading is a GET (and a HEAD), changing something a POST. */
type Route = { readonly GET?: Handler; readonly POST?: Handler };

const longestTarget = 1024;
const defaultLimit = 100;
const highestLimit = 1000;

const routes: Readonly<Record<string, Route | undefined>> = {
  '/healthz': { GET: (_, { status }) => health(status()) },
  '/readyz': { GET: (_, { status }) => readiness(status()) },
  '/api/status': { GET: (_, { status }) => json(200, status()) },
  '/api/dead': {
    GET: async (query, { dead }) => {
      const asked = parseDeadQuery(query);
      return 'problem' in asked ? problem(400, asked.problem) : json(200, await deadPage(asked, dead));
    },
  },
  '/api/dead/list': {
    GET: async (query, { letters }) => {
      const asked = parseDeadQuery(query);
      return 'problem' in asked ? problem(400, asked.problem) : json(200, await letters.list(asked));
    },
  },
  '/api/dead/letter': {
    GET: async (query, { letters }) => {
      const seq = Number(query.get('seq'));
      if (!isSeq(seq)) return problem(400, `expected the seq of a dead letter, got ${query.get('seq')}`);
      const letter = await letters.read(seq);
      if (!letter) return problem(404, `there is no dead letter ${seq}`);
      return json(200, { ...letter, item: itemToJson(letter.item) });
    },
  },
  '/api/dead/retry': {
    POST: (_, { letters }, body) => withSeqs(body, async (seqs) => ({ missing: await letters.giveBack(seqs) })),
  },
  '/api/dead/purge': {
    POST: (_, { letters }, body) => withSeqs(body, async (seqs) => ({ missing: await letters.purge(seqs) })),
  },
  '/api/dead/edit': {
    POST: async (_, { letters }, body) => {
      const { seq, item } = Object(body) as { seq?: unknown; item?: unknown };
      if (!isSeq(seq) || item === undefined) return problem(400, 'expected { "seq": …, "item": … }');
      return json(200, { missing: await letters.giveBackAs(seq, itemFromJson(item)) });
    },
  },
  '/api/reload': {
    GET: (_, { status }) => json(200, status().reload),
    POST: (_, { reload }) => {
      const answered = reload();
      return answered.status === 'begun' ? json(202, { number: answered.number }) : problem(409, answered.reason);
    },
  },
  '/api/store/backup': {
    GET: (_, { backup }) => json(200, backup.state),
    POST: (query, { backup }) => {
      const file = query.get('file') ?? '';
      if (!isAbsolute(file)) return problem(400, 'expected the parameter file to be an absolute path');
      return backup.start(file) ? json(202, backup.state) : problem(409, 'another backup is being made');
    },
  },
};

/** Answers a request. Rejects only if a source rejects with an error that is not ours. */
export async function answer({ method, target, body }: ControlRequest, sources: ControlSources): Promise<Answer> {
  if (target.length > longestTarget) return problem(414, `expected at most ${longestTarget} characters of path`);
  const url = URL.canParse(target, 'http://control') ? new URL(target, 'http://control') : undefined;
  const route = url && Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
  if (!url || !route) return problem(404, `expected one of ${Object.keys(routes).join(', ')}`);
  const handler = method === 'POST' ? route.POST : method === 'GET' || method === 'HEAD' ? route.GET : undefined;
  if (!handler) {
    const methods = [...(route.GET ? ['GET', 'HEAD'] : []), ...(route.POST ? ['POST'] : [])];
    return { ...problem(405, `expected ${methods.join(' or ')}`), allow: methods.join(', ') };
  }
  try {
    return await handler(url.searchParams, sources, body);
  } catch (error) {
    return refusal(error);
  }
}

/** The request is impossible, in general or at the moment. */
function refusal(error: unknown): Answer {
  if (error instanceof ItemError) return problem(400, error.message);
  if (error instanceof MillraceError && error.exitCode === exitCodes.gaveUp) return problem(409, error.message);
  throw error;
}

async function withSeqs(body: unknown, act: (seqs: number[]) => Promise<unknown>): Promise<Answer> {
  const { seqs } = Object(body) as { seqs?: unknown };
  if (Array.isArray(seqs) && seqs.length <= highestLimit && seqs.every(isSeq)) return json(200, await act(seqs));
  return problem(400, `expected { "seqs": [ … ] } with at most ${highestLimit} of them`);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

/** An answer that says what was expected. */
export function problem(status: number, message: string): Answer {
  return json(status, { error: message });
}

/** Alive: the answer itself proves that the event loop turns. A pipeline that drains or waits is healthy. */
function health({ state }: Status): Answer {
  return json(200, { healthy: true, state });
}

/** Ready: items can flow, so not while it is paused. A sealed run needs no producer. */
function readiness({ state, processes, reasons }: Status): Answer {
  const isReady = (role: string): boolean =>
    processes.some((process) => process.who.role === role && process.state === 'ready');
  const ready =
    isReady('consumer') &&
    ((state === 'running' && isReady('producer')) || state === 'sealed' || state === 'finishing');
  return json(ready ? 200 : 503, { ready, state, reasons });
}

function parseDeadQuery(query: URLSearchParams): DeadQuery | { problem: string } {
  for (const name of query.keys()) {
    if (name !== 'limit' && name !== 'after')
      return { problem: `expected the parameters limit and after, got ${name}` };
  }
  const limit = Number(query.get('limit') ?? defaultLimit);
  const after = Number(query.get('after') ?? 0);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > highestLimit) {
    return { problem: `expected limit to be a whole number from 1 to ${highestLimit}, got ${query.get('limit')}` };
  }
  if (!Number.isSafeInteger(after) || after < 0) {
    return { problem: `expected after to be a whole number from 0, got ${query.get('after')}` };
  }
  return { limit, after };
}

function json(status: number, value: unknown): Answer {
  return { status, body: `${JSON.stringify(value)}\n` };
}
