import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server on loopback that counts the requests in flight. */
export interface Vendor {
  readonly url: string;
  /** `GET /path`, in the order of arrival. */
  readonly requests: string[];
  readonly inFlight: number;
  readonly most: number;
  /** Resolves once `holds` is true; checks it whenever a request comes or ends. */
  until(holds: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => unknown;

export async function startVendor(answer: Answer): Promise<Vendor> {
  const requests: string[] = [];
  let inFlight = 0;
  let most = 0;
  let watchers: (() => void)[] = [];
  const look = (): void => watchers.forEach((watcher) => watcher());

  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    most = Math.max(most, ++inFlight);
    response.once('close', () => {
      inFlight--;
      look();
    });
    look();
    answer(request, response, requests.length);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get inFlight() {
      return inFlight;
    },
    get most() {
      return most;
    },
    until: (holds) =>
      new Promise((resolve) => {
        const watcher = (): void => {
          if (!holds()) return;
          watchers = watchers.filter((other) => other !== watcher);
          resolve();
        };
        watchers.push(watcher);
        watcher();
      }),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
