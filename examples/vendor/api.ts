import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Gate } from './gate.ts';
import type { PokemonRecord } from './records.ts';

/** What `GET /stats` answers. */
export interface VendorStats {
  /** Calls of the API, including refused ones. */
  calls: number;
  /** Calls answered with 200 or 404. */
  answered: number;
  /** Calls answered with 429. */
  refused: number;
  /** Calls that the client had closed before the answer was ready. */
  abandoned: number;
  inFlight: number;
  mostInFlight: number;
  /** Milliseconds from the first call's arrival to the latest answer. */
  busyMs: number;
  /** How often each id was asked for and not refused. */
  byId: Record<string, number>;
}

export interface VendorDeps {
  records: readonly PokemonRecord[];
  gate: Gate;
  /** Monotonic milliseconds. */
  now: () => number;
  /** Resolves after the latency of a call. */
  latency: () => Promise<void>;
}

type Answer = { status: number; body: unknown };

const pageSize = 20;

/**
 * A vendor's API with PokeAPI's two routes, and `GET /stats`, which is free:
 *
 *     GET /api/v2/pokemon/:idOrName            one record
 *     GET /api/v2/pokemon?limit=20&offset=0    names, a page at a time
 *
 * A call is in flight from its arrival until its answer is handed over, whether or not its client still listens.
 */
export function createVendor({ records, gate, now, latency }: VendorDeps): Server {
  const byKey = new Map(records.flatMap((one) => [[String(one.id), one] as const, [one.name, one] as const]));
  const byId: Record<string, number> = {};
  let answered = 0;
  let abandoned = 0;
  let firstCall: number | undefined;
  let busyMs = 0;

  const stats = (): VendorStats => {
    const { calls, refused, inFlight, mostInFlight } = gate;
    return { calls, answered, refused, abandoned, inFlight, mostInFlight, busyMs, byId };
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
    if (request.method !== 'GET') return send(response, { status: 405, body: { error: 'only GET is known here' } });
    if (url.pathname === '/stats') return send(response, { status: 200, body: stats() });

    firstCall ??= now();
    const entry = gate.enter(now());
    if (entry.status === 'refused') {
      response.setHeader('Retry-After', Math.ceil(entry.retryAfterMs / 1000));
      return send(response, { status: 429, body: { error: 'too many calls' } });
    }
    try {
      await latency();
    } finally {
      // Before the answer is sent: a client that has it may call again at once.
      gate.leave();
    }
    const answer = look(url);
    busyMs = now() - firstCall;
    if (response.destroyed) abandoned++;
    else answered++;
    send(response, answer);
  };

  const look = (url: URL): Answer => {
    const [, key] = /^\/api\/v2\/pokemon(?:\/([^/]+))?\/?$/.exec(url.pathname) ?? [undefined, ''];
    if (key === undefined) return { status: 200, body: page(url) };
    const found = byKey.get(key);
    if (!found) return { status: 404, body: { error: `nothing at ${url.pathname}` } };
    byId[found.id] = (byId[found.id] ?? 0) + 1;
    return { status: 200, body: found };
  };

  const page = (url: URL): unknown => {
    const limit = whole(url.searchParams.get('limit'), pageSize);
    const offset = whole(url.searchParams.get('offset'), 0);
    const here = `${url.origin}/api/v2/pokemon`;
    const link = (from: number): string => `${here}?offset=${from}&limit=${limit}`;
    return {
      count: records.length,
      next: limit > 0 && offset + limit < records.length ? link(offset + limit) : null,
      previous: offset > 0 ? link(Math.max(0, offset - limit)) : null,
      results: records.slice(offset, offset + limit).map(({ id, name }) => ({ name, url: `${here}/${id}/` })),
    };
  };

  return createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) send(response, { status: 500, body: { error: String(error) } });
    });
  });
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

function whole(text: string | null, fallback: number): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : fallback;
}
