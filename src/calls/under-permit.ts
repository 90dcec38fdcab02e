import type { Permit } from './permits.ts';

/** Runs `task` once it has the permit, and releases the permit when the task has settled; settles as the task does. */
export async function underPermit<Result>(
  permit: Promise<Permit>,
  task: () => Result | PromiseLike<Result>,
): Promise<Result> {
  const { release } = await permit;
  try {
    return await task();
  } finally {
    release();
  }
}
