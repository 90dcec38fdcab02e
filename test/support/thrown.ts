/** What `run` throws; undefined if it does not. For tests in which both are right, each in its case. */
export function thrownBy(run: () => unknown): Error | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
