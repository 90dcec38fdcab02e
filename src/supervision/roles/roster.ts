import type { Consumers } from './consumers.ts';
import type { Consuming } from './consuming.ts';
import type { Producing } from './producing.ts';

/** The supervisor's side of one post. */
export type Side = Producing | Consuming;

/** The one list of all posts: the producer's, and those of the consumers. */
export class Roster {
  readonly producing: Producing;
  readonly consumers: Consumers;

  /** Finishes the sinks at the end of the run; undefined if no sink needs that. */
  readonly finisher: Consuming | undefined;

  constructor(producing: Producing, consumers: Consumers, finisher?: Consuming) {
    this.producing = producing;
    this.consumers = consumers;
    this.finisher = finisher;
  }

  /** All sides whose post may be active: the producer's first, then the consumers', then the finisher's. */
  get sides(): readonly Side[] {
    const { finisher } = this;
    return [this.producing, ...this.consumers.all, ...(finisher && !finisher.post.isOver ? [finisher] : [])];
  }

  get posts(): Side['post'][] {
    return this.sides.map(({ post }) => post);
  }

  /** No process is on any post, and none will be. */
  get isOver(): boolean {
    return this.posts.every(({ isOver }) => isOver);
  }
}
