/** A request that can be sent, and perhaps sent again. */
export interface Outgoing {
  readonly url: string | URL;
  readonly init: RequestInit;
  readonly method: string;
  /** The user's signal, which is not in `init`. */
  readonly signal: AbortSignal | undefined;
  /** Sending it twice does the same as sending it once (RFC 9110, 9.2.2). */
  readonly isIdempotent: boolean;
  /** Its body can be sent again: it is not a stream, which is gone once it has been read. */
  readonly isRepeatable: boolean;
}

const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

const lasting = new Set(['ArrayBuffer', 'SharedArrayBuffer', 'Blob', 'File', 'FormData', 'URLSearchParams']);

/** Converts the arguments of a fetch to one form. Does not read the body. */
export function outgoing(input: string | URL | Request, options: RequestInit): Outgoing {
  const { signal, ...init }: RequestInit =
    kindOf(input) === 'Request' ? { ...fieldsOf(input as Request), ...options } : options;
  const method = (init.method ?? 'GET').toUpperCase();
  return {
    url: kindOf(input) === 'Request' ? (input as Request).url : (input as string | URL),
    init,
    method,
    signal: signal ?? undefined,
    isIdempotent: idempotent.has(method),
    isRepeatable: canBeSentAgain(init.body),
  };
}

/** What kind of built-in object this is. Unlike `instanceof`, it does not load the platform's own fetch to find out. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** Our fetch comes from a package and would not recognise the platform's `Request`. */
function fieldsOf(request: Request): RequestInit {
  const { method, headers, body, redirect, signal } = request;
  return { method, headers, redirect, signal, ...(body !== null && { body, duplex: 'half' as const }) };
}

function canBeSentAgain(body: unknown): boolean {
  return typeof body !== 'object' || body === null || ArrayBuffer.isView(body) || lasting.has(kindOf(body));
}
