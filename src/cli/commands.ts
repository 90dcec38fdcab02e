/**
 * The only list of commands: command lines are parsed with it and `--help` is generated from it. A command's code is
 * loaded when it runs.
 */
import { fitHeapToFrames } from '../launching/heap-growth.ts';
import type { Command, Flag } from './command.ts';
import { allFlag, selectionFlags } from './dead/selection-flags.ts';

const pipelineFile = { text: '<pipeline>', isRequired: true, help: 'A .ts or .js file that exports a pipeline' };
const runningPipeline = {
  text: '[pipeline]',
  isRequired: false,
  help: 'Name or file of the pipeline; optional if there is only one in .millrace',
};

const debug: Flag = { name: 'debug', help: 'Show the stack of an error (MILLRACE_DEBUG)', group: 'General' };
const help: Flag = { name: 'help', help: 'Show this help', group: 'General' };
const config: Flag = {
  name: 'config',
  value: 'file',
  help: 'YAML file with options (MILLRACE_CONFIG)',
  group: 'General',
};
const state: Flag = {
  name: 'state',
  value: 'directory',
  help: 'Directory of the queue (MILLRACE_STATE)',
  group: 'General',
};
const stateRoot: Flag = {
  name: 'state-root',
  value: 'directory',
  help: 'Directory that holds one state directory per pipeline, by name (MILLRACE_STATE_ROOT)',
  group: 'General',
};
const param: Flag = {
  name: 'param',
  value: 'name=value',
  isRepeatable: true,
  help: 'Give a param of the pipeline a value; once for each param (MILLRACE_PARAM_NAME)',
  group: 'This run',
};
const asJson: Flag = { name: 'json', help: 'Write JSON', group: 'General' };

export const commands: readonly Command[] = [
  {
    name: 'run',
    summary: 'Run a pipeline, or resume it where it stopped',
    operand: pipelineFile,
    flags: [
      {
        name: 'again',
        help: 'Start a new run; if the last one is still open, finish it first',
        group: 'This run',
      },
      {
        name: 'moved',
        help: 'Continue even though the pipeline’s name, file or sink differs from the queue’s',
        group: 'This run',
      },
      {
        name: 'same-source',
        help: 'Continue the open run even though the file changed: its source still yields the same items',
        group: 'This run',
      },
      {
        name: 'fresh',
        help: 'Archive the queue with everything in it, and start with an empty one',
        group: 'This run',
      },
      { name: 'yes', help: 'Do not ask before --fresh', group: 'This run' },
      param,
      {
        name: 'dry-run',
        value: 'N',
        help: 'Process only the first N items and print the results; no queue, no sink',
        group: 'This run',
      },
      config,
      debug,
      help,
    ],
    takesSeqs: false,
    options: 'listed',
    exclusive: [
      ['again', 'fresh', 'dry-run'],
      ['same-source', 'fresh', 'dry-run'],
      ['moved', 'dry-run'],
    ],
    loadsPipeline: ({ flags }) => flags['dry-run'] !== undefined,
    run: async (line, shell) => {
      if (line.flags['dry-run'] !== undefined) return (await import('./dry-run.ts')).dryRun(line, shell);
      // Call this before loading the supervisor's code, because loading makes the heap grow.
      fitHeapToFrames();
      return (await import('./run.ts')).run(line, shell);
    },
  },
  {
    name: 'check',
    summary: 'Describe a pipeline, or list its problems, without running it',
    operand: pipelineFile,
    flags: [param, config, debug, help],
    takesSeqs: false,
    options: 'taken',
    exclusive: [],
    loadsPipeline: () => true,
    run: async (line, shell) => (await import('./check.ts')).check(line, shell),
  },
  {
    name: 'torture',
    summary: 'Kill the processes of a pipeline again and again, and verify that nothing is lost or written twice',
    operand: {
      text: '[pipeline]',
      isRequired: false,
      help: 'A .ts or .js file that exports a pipeline; default: a bundled one',
    },
    flags: [
      param,
      { name: 'kills', value: 'N', help: 'Number of processes to kill (default: 200)', group: 'Torture' },
      {
        name: 'seed',
        value: 'N',
        help: 'Seed for the order of the faults; the same seed gives the same order',
        group: 'Torture',
      },
      {
        name: 'sink',
        value: 'sqlite|stdout',
        help: 'Sink of the bundled pipeline (default: sqlite)',
        group: 'Torture',
      },
      {
        name: 'real-sink',
        help:
          'Write to the real sinks of your pipeline. Results of to.sqlite() and to.stdout() always go to new files; ' +
          'without this, other sinks are refused. source and process always run for real, many times',
        group: 'Torture',
      },
      {
        name: 'patience',
        value: 'duration',
        help: 'Time without progress after which a run counts as stuck (default: 10min)',
        group: 'Torture',
      },
      { name: 'keep', help: 'Keep the files of the runs even if nothing is wrong', group: 'Torture' },
      {
        name: 'directory',
        value: 'directory',
        help: 'Work in this directory, which must be empty, and keep it (default: a temporary one)',
        group: 'Torture',
      },
      asJson,
      config,
      debug,
      help,
    ],
    takesSeqs: false,
    options: 'taken',
    exclusive: [],
    loadsPipeline: ({ operand }) => operand !== undefined,
    run: async (line, shell) => (await import('./torture.ts')).tortureCommand(line, shell),
  },
  stateCommand({
    name: 'status',
    summary: 'Show the state of a pipeline; exits with 69 if it is not running',
    flags: [
      { name: 'ready', help: 'Exit with 0 if items can flow, otherwise with 1', group: 'As a probe' },
      { name: 'healthy', help: 'Exit with 0 if the pipeline answers, otherwise with 1', group: 'As a probe' },
      asJson,
    ],
    exclusive: [['json', 'ready', 'healthy']],
    run: async (line, shell) => (await import('./status.ts')).status(line, shell),
  }),
  stateCommand({
    name: 'reload',
    summary: 'Restart the consumers of a running pipeline with its new code, one by one',
    flags: [],
    run: async (line, shell) => (await import('./reload.ts')).reload(line, shell),
  }),
  deadCommand({
    name: 'dead ls',
    summary: 'List dead letters and why they failed',
    flags: [
      ...selectionFlags,
      { name: 'limit', value: 'N', help: 'Show at most N letters (default: 100)', group: 'General' },
      asJson,
    ],
    run: async (line, shell) => (await import('./dead/ls.ts')).deadLs(line, shell),
  }),
  deadCommand({
    name: 'dead show',
    summary: 'Show dead letters in full, with their items',
    flags: [...selectionFlags, allFlag, asJson],
    run: async (line, shell) => (await import('./dead/show.ts')).deadShow(line, shell),
  }),
  deadCommand({
    name: 'dead retry',
    summary: 'Return dead letters to the queue',
    flags: [...selectionFlags, allFlag],
    run: async (line, shell) => (await import('./dead/change.ts')).deadRetry(line, shell),
  }),
  deadCommand({
    name: 'dead edit',
    summary: 'Edit the item of a dead letter and return it to the queue',
    flags: [
      { name: 'json', value: 'item', help: 'The new item, in the format of dead show', group: 'The item' },
      {
        name: 'file',
        value: 'path',
        help: 'A file with the new item; without --json and --file, $EDITOR opens the item',
        group: 'The item',
      },
    ],
    exclusive: [['json', 'file']],
    run: async (line, shell) => (await import('./dead/edit.ts')).deadEdit(line, shell),
  }),
  deadCommand({
    name: 'dead export',
    summary: 'Write dead letters as JSON lines, with their complete items',
    flags: [
      ...selectionFlags,
      {
        name: 'to',
        value: 'file',
        help: 'A new file that only its owner can read (default: standard output)',
        group: 'General',
      },
    ],
    run: async (line, shell) => (await import('./dead/export.ts')).deadExport(line, shell),
  }),
  deadCommand({
    name: 'dead purge',
    summary: 'Delete dead letters',
    flags: [...selectionFlags, allFlag, { name: 'yes', help: 'Do not ask', group: 'General' }],
    run: async (line, shell) => (await import('./dead/change.ts')).deadPurge(line, shell),
  }),
  stateCommand({
    name: 'store verify',
    summary: 'Check that the queue’s file is intact and consistent, without changing it',
    flags: [asJson],
    run: async (line, shell) => (await import('./store/verify.ts')).storeVerify(line, shell),
  }),
  stateCommand({
    name: 'store backup',
    summary: 'Copy the queue to a file, whether or not the pipeline is running',
    operand: { text: '<file>', isRequired: true, help: 'The new file; it must not exist' },
    flags: [
      {
        name: 'pipeline',
        value: 'pipeline',
        help: 'Name or file of the pipeline; optional if there is only one in .millrace',
        group: 'General',
      },
      asJson,
    ],
    run: async (line, shell) => (await import('./store/backup.ts')).storeBackup(line, shell),
  }),
  stateCommand({
    name: 'store compact',
    summary: 'Rewrite the queue’s file without its free space; only while the pipeline is stopped',
    flags: [asJson],
    run: async (line, shell) => (await import('./store/compact.ts')).storeCompact(line, shell),
  }),
];

/** The two-word commands that begin with this word. */
export function commandsOf(first: string): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${first} `));
}

type Own = Pick<Command, 'name' | 'summary' | 'flags' | 'run'> & Partial<Command>;

/** A command for a pipeline that has been run before: it is found by its state, and none of its code is loaded. */
function stateCommand(own: Own): Command {
  return {
    operand: runningPipeline,
    takesSeqs: false,
    options: 'none',
    exclusive: [],
    loadsPipeline: () => false,
    ...own,
    flags: [...own.flags, state, stateRoot, debug, help],
  };
}

function deadCommand(own: Own): Command {
  return stateCommand({ takesSeqs: true, ...own });
}
