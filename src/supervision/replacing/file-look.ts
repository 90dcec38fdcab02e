import type { FromProducer, ToProducer } from '../../ipc/messages.ts';
import type { Child } from '../posts/child.ts';
import { describePipeline, type Description } from '../posts/describe.ts';
import type { Hub } from '../hub.ts';

/** A check of the pipeline file as it is now. */
export interface FileLook {
  description: Promise<Description>;
  /** The result is no longer needed. */
  cancel: () => void;
}

/** Starts a short-lived process that loads the pipeline file and reports what is in it. */
export function lookAtFile(
  { clock, settings, pipeline }: Pick<Hub, 'clock' | 'settings' | 'pipeline'>,
  startProducer: () => Child<FromProducer, ToProducer>,
): FileLook {
  const child = startProducer();
  const look = async (): Promise<Description> => {
    const description = await describePipeline(child, {
      file: pipeline.file,
      clock,
      deadlineMs: settings.readyTimeoutMs,
      onOther: () => undefined,
    });
    child.kill('it has reported what is in the file');
    return description;
  };
  return { description: look(), cancel: () => child.kill('not needed any more') };
}
