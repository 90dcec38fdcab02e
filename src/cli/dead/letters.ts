import type { DeadLetters, DeadQuery } from '../../core/dead-letters.ts';
import type { DeadPage } from '../../control/dead-page.ts';

/** The dead letters of a pipeline, whether it runs or not, to be let go of when the command is done. */
export interface OpenLetters extends DeadLetters {
  /** With their items as they are shown to people: plain JSON, and cut. */
  page(query: DeadQuery): Promise<DeadPage>;
  /** What will run those that are given back; null if it is running already. */
  readonly next: 'goes on' | 'opens again' | null;
  close(): void;
}
