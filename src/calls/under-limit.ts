import type { ItemPermits } from './item-permits.ts';

/** Runs `task` under a permit of `limit`; settles as it does, or as `acquire` if there is none to be had. */
export async function underLimit<Result>(
  permits: Pick<ItemPermits, 'acquire'>,
  limit: string,
  task: () => Result | PromiseLike<Result>,
): Promise<Result> {
  const permit = await permits.acquire(limit);
  try {
    return await task();
  } finally {
    permit.release();
  }
}
