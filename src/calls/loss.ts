/** Why a request has no response: the network's error, and whether anything had been sent. */
export interface Loss {
  readonly error: Error;
  readonly origin: string;
  readonly wasSent: boolean;
}

/**
 * The first characters of error codes from the operating system, name resolution, TLS, the response parser and undici.
 */
const beginnings = [
  'ECONN',
  'EHOST',
  'ENET',
  'ENOTFOUND',
  'EAI_',
  'ETIMEDOUT',
  'EPIPE',
  'EPROTO',
  'EADDR',
  'ENOBUFS',
  'EMFILE',
  'ENFILE',
  'ERR_TLS',
  'ERR_SSL',
  'CERT_',
  'UNABLE_TO_',
  'SELF_SIGNED',
  'DEPTH_ZERO',
  'HPE_',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_INFO',
];

/**
 * Whether `error` is about the connection. Any other error is caused by the request itself: a header, or a body that
 * throws.
 */
export function isOfTheNetwork(error: Error & { code?: unknown }): boolean {
  const { code } = error;
  return typeof code === 'string' && beginnings.some((beginning) => code.startsWith(beginning));
}
