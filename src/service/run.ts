import { Controls } from './controls.ts';
import type { Pipeline } from '../pipeline/types.ts';
import { ResultStream } from './results.ts';
import type { AnyParams, ParamsOfPipeline, RowsOfPipeline, RunOptions, RunSummary, Service } from './types.ts';

/**
 * Runs the pipeline in `file`, in child processes, and returns the service at once. `file` is a URL
 * (`new URL('./books.ts', import.meta.url)`) or a path that starts at the current directory.
 *
 * The service keeps its queue in the state directory: after a crash or a stop the next `run` of the same pipeline
 * continues. Two services in one program need two state directories. Nothing of the process is touched: signals, title
 * and exit code stay the program's.
 */
export function run<P = Pipeline<AnyParams>>(
  file: URL | string,
  options: RunOptions<ParamsOfPipeline<P>> = {},
): Service<RowsOfPipeline<P>> {
  const controls = new Controls();
  const stream = new ResultStream<RowsOfPipeline<P>>();
  const { signal } = options;
  const onAbort = (): void => controls.stop('its signal was aborted');
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  const serve = async (): Promise<RunSummary> => {
    try {
      // The engine is most of the code, and pipeline files import this module as well.
      const { runInProgram } = await import('./in-program.ts');
      return await runInProgram(file, options, { controls, stream });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  };
  const done = serve();
  done.then(
    () => stream.end({}),
    (error: unknown) => stream.end({ error }),
  );
  return {
    results: stream,
    get status() {
      return controls.status;
    },
    done,
    async stop() {
      controls.stop('stop() was called');
      await done.catch(() => undefined);
    },
    pause: (reason = 'pause() was called') => controls.pause(reason),
    resume: () => controls.resume(),
    reload: () => controls.reload(),
  };
}
