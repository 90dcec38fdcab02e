import type { DeadLetters, DeadQuery } from '../../core/dead-letters.ts';
import type { DeadPage } from '../../control/dead-page.ts';

/** The dead letters of a pipeline, whether or not it is running; close them when the command is done. */
export interface OpenLetters extends DeadLetters {
  /** With their items as people see them: plain JSON, truncated. */
  page(query: DeadQuery): Promise<DeadPage>;
  /** What will run returned letters; null if it is already running. */
  readonly next: 'resumes' | 'opens again' | null;
  close(): void;
}
