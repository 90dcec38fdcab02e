import { isDeepStrictEqual } from 'node:util';
import { configError } from '../../core/errors.ts';
import type { PipelineDescription, Problem } from '../../ipc/messages.ts';
import { nameOf, type Who } from '../../observability/events.ts';
import type { Description } from '../posts/describe.ts';
import { isOpen } from '../../queue/store.ts';
import type { Hub } from '../hub.ts';
import { compareForReload, type Comparison } from './fingerprint.ts';

/** What a process has loaded, according to its report. */
export interface Loaded {
  pipeline: PipelineDescription | null;
  problems: readonly Problem[];
}

export interface AdmissionOptions {
  hub: Pick<Hub, 'events' | 'touch' | 'fail'> & { queue: Pick<Hub['queue'], 'run'> };
  /** The pipeline as it was when the service started. */
  described: PipelineDescription;
  formatProblems: (problems: readonly Problem[]) => string;
  /** Whether the pipeline works with the original file: a consumer on a post, now or before, has been ready. */
  hasAnyBeenReady: () => boolean;
}

export type Admitted =
  | { status: 'admitted'; pipeline: PipelineDescription }
  /** `isBroken`: the file describes no pipeline. Otherwise it describes another pipeline than this service runs. */
  | { status: 'refused'; reason: string; isBroken: boolean };

/**
 * Decides whether a process may work with what it has loaded from the pipeline file. The file may have been edited since
 * the service started: a new process must not write to another sink than its siblings, or under other limits.
 *
 * It also keeps the reason why new processes cannot work, from a refusal until one of them is ready.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  #problem: string | undefined;
  /** Digests of code that is known to run here, or that was warned about. */
  readonly #knownCode: Set<string>;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#knownCode = new Set([options.described.code]);
  }

  /** Why new processes cannot work; undefined if no reason is known. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Why a process that dies is currently not replaced; undefined if it is. */
  get heldBack(): string | undefined {
    // End work cannot wait until the file is good again.
    return isOpen(this.#options.hub.queue.run) ? this.#problem : undefined;
  }

  /**
   * A process reports what it has loaded from the pipeline file. Returns undefined if it may work with that; otherwise the
   * reason, and the caller ends it. `compare` says whether the run can continue with it; by default, as for a reload.
   */
  admit(who: Who, loaded: Loaded, compare?: (pipeline: PipelineDescription) => Comparison): string | undefined {
    const { hub, hasAnyBeenReady } = this.#options;
    const seen = this.examine(loaded, compare);
    if (seen.status === 'admitted') {
      // The producer compares versions and reports changes itself.
      if (!compare) this.#noteCode(who, seen.pipeline.code);
      return undefined;
    }
    // Working processes continue. If there are none, this start cannot succeed.
    if (hasAnyBeenReady()) this.refused(seen.reason);
    else hub.fail(configError(seen.isBroken ? 'PIPELINE' : 'PIPELINE_CHANGED', seen.reason));
    return seen.reason;
  }

  /** A process that was admitted is ready: the file is good. */
  proven(): void {
    if (this.#problem === undefined) return;
    this.accepted();
    this.#options.hub.touch();
  }

  /** `compare` says whether the run can continue with the loaded version. */
  examine(
    { pipeline, problems }: Loaded,
    compare: (pipeline: PipelineDescription) => Comparison = (loaded) =>
      compareForReload(this.#options.hub.queue.run, loaded),
  ): Admitted {
    if (!pipeline || problems.length > 0) {
      const reason =
        problems.length > 0 ? this.#options.formatProblems(problems) : 'the pipeline file could not be described';
      return { status: 'refused', reason, isBroken: true };
    }
    const difference = differenceBetween(this.#options.described, pipeline);
    if (difference !== undefined) return { status: 'refused', reason: difference, isBroken: false };
    const comparison = compare(pipeline);
    if (comparison.status === 'refused')
      return { status: 'refused', reason: comparison.error.message, isBroken: false };
    return { status: 'admitted', pipeline };
  }

  /** The same for a check of the file. */
  judge(description: Description): Admitted {
    if (description.status === 'failed') return { status: 'refused', reason: description.reason, isBroken: true };
    if (description.status === 'wrong') return this.examine({ pipeline: null, problems: description.problems });
    return this.examine({ pipeline: description.pipeline, problems: [] });
  }

  refused(reason: string): void {
    this.#problem = reason;
  }

  /** The file is good: a reload has found that, or a process that has loaded it is ready. */
  accepted(): void {
    this.#problem = undefined;
  }

  /** A reload brings this code to all consumers, so no warning is needed. */
  expectCode(code: string): void {
    this.#knownCode.add(code);
  }

  /** A process starts to work with this code, which others may not have: warns once for each version of the file. */
  #noteCode(who: Who, code: string): void {
    if (this.#knownCode.has(code)) return;
    this.#knownCode.add(code);
    const message = `the pipeline file was edited while the pipeline runs: ${nameOf(who)} started with the new code, other processes still run the old code. To give all consumers the new code: millrace reload`;
    this.#options.hub.events.emit('warning', { code: 'PIPELINE_EDITED', message });
  }
}

/** The parts of a pipeline that cannot change while its supervisor runs. */
const fixed = [
  'name',
  'params',
  'secrets',
  'limits',
  'options',
  'deterministic',
  'settles',
] as const satisfies (keyof PipelineDescription)[];

function differenceBetween(started: PipelineDescription, loaded: PipelineDescription): string | undefined {
  const changes: string[] = fixed.filter((name) => !isDeepStrictEqual(started[name], loaded[name]));
  const [before, now] = [started.sink, loaded.sink];
  if (before.kind !== now.kind || before.target !== now.target || before.delivery !== now.delivery) {
    changes.push(`sink (from ${before.kind}: ${before.target}, to ${now.kind}: ${now.target})`);
  } else if (before.options !== now.options) {
    changes.push('sink’s options');
  }
  if (changes.length === 0) return undefined;
  return (
    `the pipeline’s ${changes.join(' and its ')} changed, but a running service keeps what it started with. ` +
    'Undo the change, or stop the pipeline and start it again. A file that computes such a value must compute the same in each process'
  );
}
