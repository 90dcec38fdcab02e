import type { Clock } from '../../core/clock.ts';
import { describeWithPlace } from '../../core/errors.ts';
import { formatDuration } from '../../core/units.ts';
import type { FromProducer, PipelineDescription, Problem, ToProducer } from '../../ipc/messages.ts';
import type { Child } from './child.ts';

export type Description =
  | { status: 'described'; pipeline: PipelineDescription }
  | { status: 'wrong'; problems: Problem[] }
  | { status: 'failed'; reason: string; wasKilled: boolean };

/**
 * Asks a producer for the contents of the pipeline file. It only loads the file and does not touch source, sink and
 * limits, so this may happen before the state directory is even known.
 */
export function describePipeline(
  child: Child<FromProducer, ToProducer>,
  {
    file,
    clock,
    deadlineMs,
    onOther,
  }: { file: string; clock: Clock; deadlineMs: number; onOther: (message: FromProducer) => void },
): Promise<Description> {
  return new Promise((resolve) => {
    let failure: string | undefined;
    const cancel = clock.after(deadlineMs, () => {
      child.kill(
        `not loaded within ${formatDuration(deadlineMs)} (readyTimeout); does its top level await something that never happens?`,
      );
    });
    child.listen({
      onMessage(message) {
        if (message.type === 'failed') failure = describeWithPlace(message.error);
        if (message.type !== 'described') return onOther(message);
        cancel();
        const { pipeline, problems } = message;
        resolve(pipeline && problems.length === 0 ? { status: 'described', pipeline } : { status: 'wrong', problems });
      },
      onExit({ code, signal, reason }) {
        cancel();
        const how = failure ?? reason ?? (signal ? `killed by ${signal}` : `exit code ${code}`);
        // Killed by something else: the file is not to blame.
        const wasKilled = signal === 'SIGKILL' && reason === undefined;
        resolve({ status: 'failed', reason: `loading ${file} ended the process: ${how}`, wasKilled });
      },
    });
    child.send({ type: 'describe', file });
  });
}
