import { configError } from '../core/errors.ts';
import type { EventBus } from '../observability/events.ts';
import type { Service } from '../supervision/tick/service.ts';
import type { Controlled } from './controls.ts';

/** A running service, as `Controls` reaches it. */
export function controlled(
  service: Pick<Service, 'status' | 'stop' | 'pause' | 'resume' | 'reload'>,
  events: EventBus,
): Controlled {
  return {
    get status() {
      return service.status;
    },
    stop: (reason) => service.stop(reason),
    pause: (reason) => service.pause(reason),
    resume: () => service.resume(),
    reload: () =>
      new Promise((resolve, reject) => {
        const refuse = (reason: string): void => reject(configError('RELOAD', `not reloaded: ${reason}`));
        const answer = service.reload();
        if (answer.status === 'refused') return refuse(answer.reason);
        const unsubscribe = events.subscribe((name, event) => {
          if (name !== 'reload.done' && name !== 'reload.refused') return;
          const { number, ...outcome } = event as { number: number; consumers?: number; reason?: string };
          if (number !== answer.number) return;
          unsubscribe();
          if (name === 'reload.refused') refuse(outcome.reason ?? '');
          else resolve({ replaced: outcome.consumers ?? 0 });
        });
      }),
  };
}
