import type { Limit } from './limit.ts';
import type { Standing } from './waiting-line.ts';

/** The right to one call under a limit: asked for, then held, by a process (`holder`) that knows it as `id`. */
export interface Permit extends Standing<Permit> {
  readonly limit: Limit;
  readonly holder: number;
  readonly id: number;
  /** Unset while it waits. */
  granted: { readonly at: number; readonly ticket: number } | undefined;
}
