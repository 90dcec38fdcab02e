import type { Permit } from './permits.ts';

/** Runs `task` once the permit is there, and gives it back when the task has settled; settles as that one does. */
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
