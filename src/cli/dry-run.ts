import { examineParams } from '../config/params.ts';
import { problemsError, resolveConfig } from '../config/resolve.ts';
import type { Settings } from '../config/schema.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { configError, describeWithPlace, errorData } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Redaction } from '../core/redaction.ts';
import { displayJson } from '../observability/display-json.ts';
import { cutText, printable } from '../observability/printable.ts';
import { redactFields } from '../observability/redact.ts';
import { redactItem } from '../observability/redact-letter.ts';
import type { Log } from '../pipeline/context.ts';
import { functionProcessor } from '../processors/function.ts';
import { isProcessor } from '../processors/port.ts';
import { requireSecrets } from '../service/secrets.ts';
import { paramsOfNewRun } from '../supervision/starting/run-params.ts';
import { shown as shownText, valuesOf } from '../values/values.ts';
import { ItemScope } from '../working/item-scope.ts';
import { timedOut, wentOn } from '../working/item-timeout.ts';
import { Leases } from '../working/leases.ts';
import { itself, rowsOf } from '../working/rows.ts';
import type { CommandLine } from './command.ts';
import { dryItems } from './dry-run-items.ts';
import { loadHere } from './load.ts';
import { localCalls } from './local-calls.ts';
import { configSources } from './read-config.ts';
import { tolerateCancellations } from './tolerate-cancellations.ts';
import type { Shell } from './shell.ts';
import { wholeNumber } from './whole-number.ts';

const run = 'dry-run';

/**
 * `millrace run --dry-run N`: runs the first N items through `process`, one after the other in this process, with the
 * limits and the item timeout in force. Prints results as JSON lines and reports failures; retries, stores and writes
 * nothing. Resolves to 3 if an item failed.
 */
export async function dryRun(line: CommandLine, shell: Shell): Promise<number> {
  const items = wholeNumber('dry-run', String(line.flags['dry-run']));
  const { file, pipeline, description } = await loadHere(line.operand!, shell);
  const { options, optionLines } = description;
  const sources = await configSources(line, shell, { file, options, optionLines });
  const { settings, warnings } = resolveConfig(sources);
  const { given, problems } = examineParams({ ...sources, flags: line.repeated['param'] ?? [] }, description.params);
  if (problems.length > 0) throw problemsError(problems);
  const { params, resolve } = valuesOf(pipeline.params, paramsOfNewRun(description.params, given));
  requireSecrets(description.secrets, shell.environment);
  const { redaction } = shell;
  redaction.hideNames(settings.redact);
  tolerateCancellations();
  for (const warning of warnings) await shell.err(`millrace: warning: ${warning}\n`);
  const log = logTo(shell);
  const place = { file, redaction };
  const calls = localCalls(description.limits, { ...shell, resolve });
  const { signal } = new AbortController();
  const outer = { ...calls.scope(signal), signal, params, log };
  const resources = await within(place, 'setup', () => pipeline.setup?.({ ...outer, ordinal: 1 }));
  const { process = (item: unknown) => item } = pipeline;
  const processor = isProcessor(process) ? process : functionProcessor(process);
  const resultsOf = pipeline.process ? rowsOf : itself;
  const { clock } = shell;
  const leaving = new AbortController();
  const leases = new Leases({
    processor,
    target: shownText(pipeline.params, processor.target),
    context: { ordinal: 1, params, log, clock, resolve },
    calls,
    leaving: leaving.signal,
  });

  let failed = 0;
  try {
    await within(place, 'process', () => leases.open());
    await within(place, 'source', async () => {
      let seq = 0;
      const context = {
        ...outer,
        run,
        cursor: undefined,
        previous: undefined,
        checkpoint: () => undefined,
        isReopened: false,
        resolve,
      };
      const { maxItemBytes } = settings;
      for await (const { read, text } of dryItems(pipeline.source, { ...context, clock, maxItemBytes }, redaction)) {
        const scope = new ItemScope(
          { resources, params, log, calls },
          { seq: ++seq, origin: seq, originRun: run, attempt: 1 },
        );
        const work = async (): Promise<unknown> => await leases.run(read(), scope);
        try {
          const result = await inTime(work, { scope, clock, settings });
          // Create all lines first: `process` may change the object while a line is being written.
          const lines = resultsOf(result).map((row) => `${displayJson(row)}\n`);
          for (const row of lines) await shell.out(row);
        } catch (error) {
          failed++;
          await shell.err(
            `millrace: item ${seq} ${cutText(shown(text ?? read, redaction), 200)}: ${reasonOf(error, redaction)}\n`,
          );
        } finally {
          scope.finish();
        }
        if (seq === items) break;
      }
    });
    await leases.close();
  } finally {
    // A program that is still open would keep this process alive.
    leaving.abort();
  }
  await within(place, 'teardown', () => pipeline.teardown?.(resources));
  return failed === 0 ? exitCodes.ok : exitCodes.deadLetters;
}

/** Settles as `work` does; rejects if `work` keeps running after the item's signal has been aborted. */
async function inTime(
  work: () => Promise<unknown>,
  {
    scope,
    clock,
    settings,
  }: { scope: ItemScope; clock: Clock; settings: Pick<Settings, 'itemTimeout' | 'abortGrace'> },
): Promise<unknown> {
  const { itemTimeout, abortGrace } = settings;
  const reason = timedOut(itemTimeout);
  let cancelGivingUp: Cancel = () => undefined;
  const givenUp = new Promise<never>((_, reject) => {
    cancelGivingUp = clock.after(itemTimeout + abortGrace, () => reject(new Error(wentOn(reason))));
  });
  const cancelAbort = clock.after(itemTimeout, () => scope.abort(reason));
  try {
    return await Promise.race([work(), givenUp]);
  } finally {
    cancelAbort();
    cancelGivingUp();
  }
}

/** An error thrown by a function of the pipeline is the pipeline's mistake. */
async function within<T>(
  { file, redaction }: { file: string; redaction: Redaction },
  field: string,
  task: () => T | PromiseLike<T>,
): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw configError('PIPELINE', `${file}: ${field}: ${reasonOf(error, redaction)}`, error);
  }
}

function reasonOf(error: unknown, redaction: Redaction): string {
  return printable(redaction.text(describeWithPlace(errorData(error))));
}

function shown(read: () => unknown, redaction: Redaction): string {
  return displayJson(redactItem(redaction, JSON.parse(displayJson(read()))));
}

function logTo({ err, redaction }: Shell): Log {
  const at =
    (level: string) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      void err(
        `millrace: ${level}: ${printable(redaction.text(String(message)))}${fields ? ` ${displayJson(redactFields(redaction, { ...fields }))}` : ''}\n`,
      );
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
