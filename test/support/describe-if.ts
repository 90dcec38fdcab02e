import { describe } from '@jest/globals';

/** `describe`, or, where the machine cannot run these tests, `describe.skip` with the warning `otherwise`. */
export function describeIf(canRun: boolean, otherwise: string): typeof describe | typeof describe.skip {
  if (canRun) return describe;
  console.warn(otherwise);
  return describe.skip;
}
