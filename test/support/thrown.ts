/** The error that `run` throws, or undefined if it does not throw. For tests where either can be right. */
export function thrownBy(run: () => unknown): Error | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
