import type { Configure } from '../../ipc/messages.ts';
import type { ProcessIdentity, Writers } from '../../queue/writers.ts';
import type { Hub } from '../hub.ts';
import type { Admission } from '../replacing/admission.ts';

/** What the supervisor's side of every post needs in addition to the hub. */
export interface RoleDeps {
  /** The spool's list of the processes that were given work. */
  readonly writers: Pick<Writers, 'register' | 'hasPredecessor' | 'ended'>;
  /** What distinguishes a process from a later one with the same number; undefined if there is no such process. */
  readonly identify: (pid: number) => ProcessIdentity | undefined;
  readonly admission: Pick<Admission, 'admit' | 'proven' | 'heldBack'>;
  /** Whether the kernel kills the children when the supervisor dies. */
  readonly childrenDieWithUs: boolean;
}

/** How often children report that they are alive. */
const beatMs = 1000;

/** The part of `configure` that all children get. */
export function configureFor(
  { queue, settings, pipeline }: Pick<Hub, 'queue' | 'settings' | 'pipeline'>,
  { childrenDieWithUs }: Pick<RoleDeps, 'childrenDieWithUs'>,
): Configure {
  const { run, params } = queue.run;
  const { redact } = settings;
  return { type: 'configure', name: pipeline.name, run, params, redact, beatMs, diesWithSupervisor: childrenDieWithUs };
}
