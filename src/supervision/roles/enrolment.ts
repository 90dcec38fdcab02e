import type { Child } from '../posts/child.ts';
import type { Hub } from '../hub.ts';
import type { RoleDeps } from './role.ts';

type Enrolled = Pick<Child<never, never>, 'who'>;

/**
 * A process's entry in the spool's list of writers. It is made before the process gets any work, so that a later
 * supervisor knows which processes to look for, and closed when the process has gone.
 */
export class Enrolment {
  readonly #hub: Pick<Hub, 'record' | 'queue' | 'limits' | 'clock'>;
  readonly #deps: Pick<RoleDeps, 'writers' | 'identify'>;
  readonly #role: 'producer' | 'consumer';
  readonly #ordinal: number;
  #child: Enrolled | undefined;
  #writer = 0;

  constructor(
    hub: Pick<Hub, 'record' | 'queue' | 'limits' | 'clock'>,
    deps: Pick<RoleDeps, 'writers' | 'identify'>,
    { role, ordinal }: { role: 'producer' | 'consumer'; ordinal: number },
  ) {
    this.#hub = hub;
    this.#deps = deps;
    this.#role = role;
    this.#ordinal = ordinal;
  }

  /** The process's writer id; 0 while it has none. */
  get writer(): number {
    return this.#writer;
  }

  /** Adds a process to the list, with the next commit that finds space. Calls `onEntered` when it has its writer id. */
  enter(child: Enrolled, onEntered: () => void): void {
    const { record, queue } = this.#hub;
    const { writers, identify } = this.#deps;
    this.#child = child;
    record(() => {
      const { pid } = child.who;
      if (this.#child !== child || pid === undefined) return;
      // Unknown if it has just gone: then no other process can be mistaken for it.
      const identity = identify(pid) ?? { pid, started: null, boot: null };
      const { run } = queue.run;
      this.#writer = writers.register({ run, role: this.#role, ordinal: this.#ordinal, ...identity });
      onEntered();
    });
  }

  /** The process has gone: its permits are released. Returns the writer id that it had; 0 if it had none. */
  close({ isClean }: { isClean: boolean }): number {
    const { record, limits, clock } = this.#hub;
    const { writers } = this.#deps;
    const writer = this.#writer;
    this.#child = undefined;
    this.#writer = 0;
    if (writer > 0) {
      limits.releaseAll(clock.now(), writer);
      record(() => writers.ended(writer, { isClean }));
    }
    return writer;
  }
}
