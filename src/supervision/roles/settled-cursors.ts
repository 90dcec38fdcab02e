import type { Cancel } from '../../core/clock.ts';
import { formatDuration } from '../../core/units.ts';
import type { FromProducer, ToProducer } from '../../ipc/messages.ts';
import type { Hub } from '../hub.ts';
import type { Post } from '../posts/post.ts';
import { unexpected } from './receiving.ts';
import type { WhenSpace } from './when-space.ts';

/** Reports to a source with `settles` what is settled, one cursor at a time, and ends its process after the last. */
export class SettledCursors {
  readonly #hub: Pick<Hub, 'queue' | 'clock' | 'settings' | 'touch'>;
  readonly #post: Post<FromProducer, ToProducer>;
  readonly #space: WhenSpace;
  /** The id of the settled cursor that was sent to the process and that it has not confirmed. */
  #unconfirmed: number | undefined;
  #cancelEnd: Cancel = () => undefined;

  constructor(
    hub: Pick<Hub, 'queue' | 'clock' | 'settings' | 'touch'>,
    post: Post<FromProducer, ToProducer>,
    space: WhenSpace,
  ) {
    this.#hub = hub;
    this.#post = post;
    this.#space = space;
  }

  /** After a commit. When the source has ended and has confirmed everything, its process may go. */
  report(): void {
    const { queue } = this.#hub;
    const post = this.#post;
    if (post.state === 'ready' && this.#unconfirmed === undefined) {
      const due = this.#space.attempt(() => queue.dueCursor());
      this.#unconfirmed = due?.id;
      if (due) post.child?.send({ type: 'settledTo', id: due.id, cursor: due.cursor });
    }
    const isAtEnd = queue.committedRun.state !== 'running' && queue.cursors.areConfirmed;
    if (isAtEnd && !post.isOver && post.state !== 'draining') this.#end();
  }

  /** The source has dealt with the cursor of this id. */
  confirmed(id: number): void {
    if (id !== this.#unconfirmed) throw unexpected('producer', 'confirmed', 'not waiting for a confirmation');
    this.#unconfirmed = undefined;
    this.#hub.queue.cursors.confirm(id);
    this.#hub.touch();
  }

  /** The process has gone. Its successor gets the report again. */
  gone(): void {
    this.#unconfirmed = undefined;
    this.#cancelEnd();
  }

  /** The service is over. */
  close(): void {
    this.#cancelEnd();
  }

  #end(): void {
    const { clock, settings } = this.#hub;
    const { endTimeoutMs } = settings;
    const { child } = this.#post;
    this.#post.stop();
    if (!child) return;
    // A source that hangs when it is closed must not keep the run open.
    this.#cancelEnd = clock.after(endTimeoutMs, () =>
      child.kill(`did not close its source within ${formatDuration(endTimeoutMs)} (endTimeout)`),
    );
  }
}
