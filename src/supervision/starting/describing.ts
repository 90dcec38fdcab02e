import type { Clock } from '../../core/clock.ts';
import { configError } from '../../core/errors.ts';
import type { PipelineDescription, Problem } from '../../ipc/messages.ts';
import type { Crew } from '../posts/crew.ts';
import { describePipeline } from '../posts/describe.ts';

/** How often a producer that was killed while it loaded the pipeline is replaced. */
const describeTries = 3;

export interface DescribingOptions {
  /** The pipeline file, absolute. */
  file: string;
  clock: Clock;
  readyTimeoutMs: number;
  formatProblems: (problems: readonly Problem[]) => string;
  /** Aborts when the service is asked to stop. */
  stopped: AbortSignal;
}

/**
 * Starts the children that the crew begins with, and asks the producer what the pipeline file holds. Resolves to undefined if
 * it is stopped meanwhile; rejects with a configuration error if the file is wrong.
 */
export async function describe(
  crew: Crew,
  { file, clock, readyTimeoutMs, formatProblems, stopped }: DescribingOptions,
): Promise<PipelineDescription | undefined> {
  let child = crew.boot();
  for (let attempt = 1; ; attempt++) {
    const description = await describePipeline(child, {
      file,
      clock,
      deadlineMs: readyTimeoutMs,
      onOther: () => undefined,
    });
    if (stopped.aborted) return undefined;
    if (description.status === 'described') return description.pipeline;
    if (description.status === 'wrong') throw configError('PIPELINE', formatProblems(description.problems));
    if (!description.wasKilled || attempt === describeTries) throw configError('PIPELINE', description.reason);
    child = crew.replaceProducer();
  }
}
