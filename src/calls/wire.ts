import { Agent, type Dispatcher, fetch, FormData, Headers, Request, Response } from 'undici';
import { kindOf, type Outgoing } from './outgoing.ts';

/** The only file that imports undici. It is loaded with the first call. */

export type Handler = Dispatcher.DispatchHandler;
export type Controller = Dispatcher.DispatchController;

/** Decides when a request may go out, and monitors it. */
export interface Gate {
  /**
   * Aborts the fetch with its reason, which is also what the reader of the body sees. Undefined if no abort is needed:
   * undici follows a signal through weak references, which cost the garbage collector more than the call does.
   */
  readonly fetchSignal: AbortSignal | undefined;
  /** Watches the time itself, so that undici need not give up after 5 min of silence. */
  readonly hasTimeout: boolean;
  /** Resolves, when the request may go out, to the handler between undici and `fetch`; rejects if it may not. */
  enter(fetch: Handler, origin: string): Promise<Handler>;
}

// In a bundle, classes that refer to themselves have other names, and users see these.
for (const [name, kind] of Object.entries({ FormData, Headers, Request, Response })) {
  Object.defineProperty(kind, 'name', { value: name });
}

/** One agent for the process, so that connections are reused. Idle connections do not keep the process alive. */
const agent = new Agent();

/** Fetches, and asks the gate before each request on the wire, also for each redirect. */
export async function send(request: Outgoing, gate: Gate): Promise<Response> {
  // A dispatcher of the user's own, for a proxy or a client certificate, is used in place of ours.
  const { dispatcher = agent, body, ...init } = request.init as RequestInit & { dispatcher?: Dispatcher };
  return await fetch(request.url, {
    ...(init as object),
    body: kindOf(body) === 'FormData' ? ownForm(body as globalThis.FormData) : (body as string),
    ...(gate.fetchSignal && { signal: gate.fetchSignal }),
    dispatcher: dispatcher.compose(through(gate)),
  });
}

function through(gate: Gate): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const timeouts = gate.hasTimeout && { headersTimeout: 0, bodyTimeout: 0 };
    const go = (watched: Handler): void => {
      try {
        dispatch({ ...options, ...timeouts }, watched);
      } catch (error) {
        // Our dispatcher never throws; the user's may.
        neverBegan(watched, error);
      }
    };
    gate.enter(handler, String(options.origin)).then(go, (error: unknown) => neverBegan(handler, error));
    return true;
  };
}

/** Such a request has no controller. The handler of a fetch does not use one here. */
function neverBegan(handler: Handler, error: unknown): void {
  handler.onResponseError?.(undefined as never, error as Error);
}

/** undici would treat the platform's form, which is a different class, as text. */
function ownForm(form: globalThis.FormData): FormData {
  const own = new FormData();
  for (const [name, value] of form) own.append(name, value);
  return own;
}
