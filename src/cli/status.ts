import { askControl } from '../control/client.ts';
import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { ParamValues } from '../core/params.ts';
import { redactFields } from '../observability/redact.ts';
import { askStatus } from './ask.ts';
import type { CommandLine } from './command.ts';
import { findState, type FoundState } from './find-state.ts';
import type { Shell } from './shell.ts';
import { statusText } from './status-text.ts';

/**
 * `millrace status`: the state of a pipeline, for people, programs or a container's health check. For a stopped
 * pipeline it shows the queue and how the last start ended; the exit code is then 69.
 */
export async function status(line: CommandLine, shell: Shell): Promise<number> {
  const state = findState(line, shell, { prefersRunning: true });
  if (line.flags['ready']) return await probe(state, '/readyz', shell);
  if (line.flags['healthy']) return await probe(state, '/healthz', shell);
  try {
    const found = withoutSecrets(await askStatus(state, shell), shell);
    await shell.out(line.flags['json'] ? asJson(found) : statusText(found));
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'NOT_RUNNING') throw error;
    const { restingStatus, restingText } = await import('./resting.ts');
    const resting = await restingStatus(state, shell);
    if (!resting) throw error;
    const found = withoutSecrets(resting, shell);
    await shell.out(line.flags['json'] ? asJson(found) : restingText(found));
    return exitCodes.gaveUp;
  }
}

/** A param that is called `token` should have been a secret. */
function withoutSecrets<Found extends { params: ParamValues }>(found: Found, { redaction }: Shell): Found {
  return { ...found, params: redactFields(redaction, found.params) };
}

function asJson(found: unknown): string {
  return `${JSON.stringify(found, null, 2)}\n`;
}

/** Docker takes exit code 1 as unhealthy. */
const no = 1;

async function probe({ socketPath }: FoundState, path: string, { clock, out, err }: Shell): Promise<number> {
  try {
    const { status: code, body } = await askControl(socketPath, path, clock);
    await (code === 200 ? out : err)(`${JSON.stringify(body)}\n`);
    return code === 200 ? exitCodes.ok : no;
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    await err(`millrace: ${error.message}\n`);
    return no;
  }
}
