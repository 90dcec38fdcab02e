/** What the control API answers: routes and their JSON, without sockets. */
import { isAbsolute } from 'node:path';
import type { DeadQuery, Status } from '../observability/status.ts';
import type { BackupJob } from './backup-job.ts';
import { deadPage, type DeadSource } from './dead-page.ts';

/** Where the answers come from. */
export interface ControlSources {
  status: () => Status;
  dead: DeadSource;
  backup: BackupJob;
  /** Asks for a reload; what becomes of it is in the status. */
  reload: () => { status: 'begun'; number: number } | { status: 'refused'; reason: string };
}

export interface Answer {
  status: number;
  /** JSON. */
  body: string;
  /** The methods of the route, when the one asked for is not among them. */
  allow?: string;
}

type Handler = (query: URLSearchParams, sources: ControlSources) => Answer | Promise<Answer>;
/** By method. HEAD is GET, as far as a route is concerned. */
type Route = { readonly GET: Handler; readonly POST?: Handler };

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
      if ('problem' in asked) return problem(400, asked.problem);
      return json(200, await deadPage(asked, dead));
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

/** Answers a request, of which `target` is the path with the query. Rejects only if a source does. */
export async function answer(method: string, target: string, sources: ControlSources): Promise<Answer> {
  if (target.length > longestTarget) return problem(414, `expected at most ${longestTarget} characters of path`);
  const url = URL.canParse(target, 'http://control') ? new URL(target, 'http://control') : undefined;
  const route = url && routes[url.pathname];
  if (!url || !route) return problem(404, `expected one of ${Object.keys(routes).join(', ')}`);
  const handler = method === 'POST' ? route.POST : method === 'GET' || method === 'HEAD' ? route.GET : undefined;
  if (!handler) {
    const methods = ['GET', 'HEAD', ...(route.POST ? ['POST'] : [])];
    return { ...problem(405, `expected ${methods.join(' or ')}`), allow: methods.join(', ') };
  }
  return await handler(url.searchParams, sources);
}

/** An answer that says what was expected. */
export function problem(status: number, message: string): Answer {
  return json(status, { error: message });
}

/** Alive: the event loop turns, which the answer itself proves. A pipeline that drains or waits is in good health. */
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
