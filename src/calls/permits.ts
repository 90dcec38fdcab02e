import { MillraceError } from '../core/errors.ts';
import type { Acquire, Freeze, Granted, Refused, Release } from '../ipc/messages.ts';

/** The right to one call under a limit. */
export interface Permit {
  /** Releases it; calling it again does nothing. `isRefused`: the vendor did not accept the call. */
  readonly release: (isRefused?: boolean) => void;
}

/** The limits as a child sees them: it asks, the supervisor grants. One object per process. */
export interface Permits {
  /**
   * Waits for a permit of `limit`. Rejects with code UNKNOWN_LIMIT if the pipeline defines no such limit, and with the
   * signal's reason if that aborts first; then nothing is held. `timeoutMs`: the call takes no longer than that.
   */
  acquire(limit: string, signal?: AbortSignal, timeoutMs?: number): Promise<Permit>;
  /** No process gets a permit of `limit` for `ms` milliseconds; with null, for a growing time. */
  freeze(limit: string, ms: number | null): void;
  onGranted(message: Pick<Granted, 'id'>): void;
  onRefused(message: Pick<Refused, 'id' | 'message'>): void;
  /** The longest wait, for the beat; null if there is none. */
  waitingFor(): string | null;
}

interface Waiting {
  readonly limit: string;
  readonly grant: () => void;
  readonly refuse: (error: Error) => void;
}

/** `send` passes a message to the supervisor; messages arrive there in the order in which they were sent. */
export function createPermits(send: (message: Acquire | Release | Freeze) => void): Permits {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  const release = (id: number, isRefused = false): void =>
    send(isRefused ? { type: 'release', id, isRefused } : { type: 'release', id });

  function settle(id: number): Waiting | undefined {
    const found = waiting.get(id);
    waiting.delete(id);
    return found;
  }

  return {
    acquire(limit, signal, timeoutMs) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const id = ++lastId;
        const giveUp = (): void => {
          settle(id);
          release(id);
          reject(signal?.reason as Error);
        };
        waiting.set(id, {
          limit,
          grant: () => {
            signal?.removeEventListener('abort', giveUp);
            resolve(permitOf((isRefused) => release(id, isRefused)));
          },
          refuse: (error) => {
            signal?.removeEventListener('abort', giveUp);
            reject(error);
          },
        });
        signal?.addEventListener('abort', giveUp, { once: true });
        send({ type: 'acquire', id, limit, ...(timeoutMs !== undefined && { timeoutMs }) });
      });
    },

    freeze: (limit, ms) => send({ type: 'freeze', limit, ms }),

    onGranted({ id }) {
      const found = settle(id);
      // Cancelled while the grant was on its way: release it here, because no caller will.
      if (found === undefined) release(id);
      else found.grant();
    },

    onRefused({ id, message }) {
      settle(id)?.refuse(new MillraceError('UNKNOWN_LIMIT', message));
    },

    waitingFor() {
      for (const { limit } of waiting.values()) return `a permit of limit "${limit}"`;
      return null;
    },
  };
}

function permitOf(release: Permit['release']): Permit {
  let isHeld = true;
  return {
    release(isRefused) {
      if (isHeld) release(isRefused);
      isHeld = false;
    },
  };
}
