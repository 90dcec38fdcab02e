/** What the control API answers: routes and their JSON, without sockets. */
import type { DeadQuery, Status } from '../observability/status.ts';
import { deadPage, type DeadSource } from './dead-page.ts';

/** Where the answers come from. */
export interface ControlSources {
  status: () => Status;
  dead: DeadSource;
}

export interface Answer {
  status: number;
  /** JSON. */
  body: string;
  /** The methods of the route, when the one asked for is not among them. */
  allow?: string;
}

type Route = (query: URLSearchParams, sources: ControlSources) => Answer | Promise<Answer>;

const longestTarget = 1024;
const defaultLimit = 100;
const highestLimit = 1000;
const methods = ['GET', 'HEAD'];

const routes: Readonly<Record<string, Route | undefined>> = {
  '/healthz': (_, { status }) => health(status()),
  '/readyz': (_, { status }) => readiness(status()),
  '/api/status': (_, { status }) => json(200, status()),
  '/api/dead': async (query, { dead }) => {
    const asked = parseDeadQuery(query);
    if ('problem' in asked) return problem(400, asked.problem);
    return json(200, await deadPage(asked, dead));
  },
};

/** Answers a request, of which `target` is the path with the query. Rejects only if a source does. */
export async function answer(method: string, target: string, sources: ControlSources): Promise<Answer> {
  if (target.length > longestTarget) return problem(414, `expected at most ${longestTarget} characters of path`);
  const url = URL.canParse(target, 'http://control') ? new URL(target, 'http://control') : undefined;
  const route = url && routes[url.pathname];
  if (!url || !route) return problem(404, `expected one of ${Object.keys(routes).join(', ')}`);
  if (!methods.includes(method)) {
    return { ...problem(405, `expected ${methods.join(' or ')}`), allow: methods.join(', ') };
  }
  return await route(url.searchParams, sources);
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
