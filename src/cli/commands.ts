/** The only list of commands: command lines are read by it, and `--help` is made from it. Their code is loaded when it is run. */
import { fitHeapToFrames } from '../launching/heap-growth.ts';
import type { Command, Flag } from './command.ts';
import { allFlag, selectionFlags } from './dead/selection-flags.ts';

const pipelineFile = { text: '<pipeline>', isRequired: true, help: 'A .ts or .js file that exports a pipeline' };
const runningPipeline = {
  text: '[pipeline]',
  isRequired: false,
  help: 'Its name or its file; may be left out if there is only one below this folder',
};

const debug: Flag = { name: 'debug', help: 'Show the stack of an error (MILLRACE_DEBUG)', group: 'General' };
const help: Flag = { name: 'help', help: 'Show this', group: 'General' };
const config: Flag = {
  name: 'config',
  value: 'file',
  help: 'YAML file with options (MILLRACE_CONFIG)',
  group: 'General',
};
const state: Flag = {
  name: 'state',
  value: 'folder',
  help: 'Folder for the queue (MILLRACE_STATE)',
  group: 'General',
};
const stateRoot: Flag = {
  name: 'state-root',
  value: 'folder',
  help: 'Folder that holds one state folder per pipeline, by name (MILLRACE_STATE_ROOT)',
  group: 'General',
};
const asJson: Flag = { name: 'json', help: 'Write JSON', group: 'General' };

export const commands: readonly Command[] = [
  {
    name: 'run',
    summary: 'Run a pipeline, or go on with it where it was',
    operand: pipelineFile,
    flags: [
      {
        name: 'again',
        help: 'Start a new run; if the last one is still open, finish it first',
        group: 'This run',
      },
      {
        name: 'moved',
        help: 'Continue although the pipeline’s name, file or sink differs from the queue’s',
        group: 'This run',
      },
      {
        name: 'same-source',
        help: 'Continue the open run although the file changed: its source still yields the same items',
        group: 'This run',
      },
      {
        name: 'fresh',
        help: 'Set the queue aside, with all that is in it, and start with an empty one',
        group: 'This run',
      },
      { name: 'yes', help: 'Do not ask before --fresh', group: 'This run' },
      {
        name: 'dry-run',
        value: 'N',
        help: 'Only process the first N items and print the results: no queue, no sink',
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
      // Before the supervisor's code is loaded, which makes the heap grow.
      fitHeapToFrames();
      return (await import('./run.ts')).run(line, shell);
    },
  },
  {
    name: 'check',
    summary: 'Say what is in a pipeline, or what is wrong with it; run nothing',
    operand: pipelineFile,
    flags: [config, debug, help],
    takesSeqs: false,
    options: 'taken',
    exclusive: [],
    loadsPipeline: () => true,
    run: async (line, shell) => (await import('./check.ts')).check(line, shell),
  },
  {
    name: 'torture',
    summary: 'Kill the processes of a pipeline, again and again, and prove that nothing is lost or twice',
    operand: {
      text: '[pipeline]',
      isRequired: false,
      help: 'A .ts or .js file that exports a pipeline; without it one of ours is run',
    },
    flags: [
      { name: 'kills', value: 'N', help: 'How many processes to kill (default: 200)', group: 'Torture' },
      {
        name: 'seed',
        value: 'N',
        help: 'For the order of the faults: the same seed, the same order',
        group: 'Torture',
      },
      { name: 'sink', value: 'sqlite|stdout', help: 'Of the pipeline of ours (default: sqlite)', group: 'Torture' },
      {
        name: 'real-sink',
        help:
          'Write to the sink of your pipeline. Without this the results of to.sqlite() go to a new file and those of ' +
          'to.stdout() too, and other sinks are refused. source and process are always run for real, and many times',
        group: 'Torture',
      },
      {
        name: 'patience',
        value: 'duration',
        help: 'Time without any progress after which a run is stuck (default: 10min)',
        group: 'Torture',
      },
      { name: 'keep', help: 'Keep what the runs leave behind, also when nothing is wrong', group: 'Torture' },
      {
        name: 'folder',
        value: 'folder',
        help: 'Do all of it in this folder, which must be empty, and keep it (default: a temporary one)',
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
    summary: 'Show how a pipeline is doing; exit with 69 if it does not run',
    flags: [
      { name: 'ready', help: 'Only exit with 0 if items can flow, else with 1', group: 'As a probe' },
      { name: 'healthy', help: 'Only exit with 0 if it answers, else with 1', group: 'As a probe' },
      asJson,
    ],
    exclusive: [['json', 'ready', 'healthy']],
    run: async (line, shell) => (await import('./status.ts')).status(line, shell),
  }),
  stateCommand({
    name: 'reload',
    summary: 'Replace the consumers of a running pipeline by ones with its new code, one by one',
    flags: [],
    run: async (line, shell) => (await import('./reload.ts')).reload(line, shell),
  }),
  deadCommand({
    name: 'dead ls',
    summary: 'List the items that will not be tried again, and why',
    flags: [
      ...selectionFlags,
      { name: 'limit', value: 'N', help: 'Show at most N of them (default: 100)', group: 'General' },
      asJson,
    ],
    run: async (line, shell) => (await import('./dead/ls.ts')).deadLs(line, shell),
  }),
  deadCommand({
    name: 'dead show',
    summary: 'Show all that is known of dead letters, with their items',
    flags: [...selectionFlags, allFlag, asJson],
    run: async (line, shell) => (await import('./dead/show.ts')).deadShow(line, shell),
  }),
  deadCommand({
    name: 'dead retry',
    summary: 'Put dead letters back into the queue',
    flags: [...selectionFlags, allFlag],
    run: async (line, shell) => (await import('./dead/change.ts')).deadRetry(line, shell),
  }),
  deadCommand({
    name: 'dead edit',
    summary: 'Put a dead letter back into the queue with another item',
    flags: [
      { name: 'json', value: 'item', help: 'The item, as dead show shows it', group: 'The item' },
      { name: 'file', value: 'path', help: 'A file with the item; without both, $EDITOR opens it', group: 'The item' },
    ],
    exclusive: [['json', 'file']],
    run: async (line, shell) => (await import('./dead/edit.ts')).deadEdit(line, shell),
  }),
  deadCommand({
    name: 'dead export',
    summary: 'Write dead letters as lines of JSON, with their items as they are',
    flags: [
      ...selectionFlags,
      {
        name: 'to',
        value: 'file',
        help: 'A new file, for its owner only (default: standard output)',
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
    summary: 'Look at the queue’s file: whether it is whole and its books agree; change nothing',
    flags: [asJson],
    run: async (line, shell) => (await import('./store/verify.ts')).storeVerify(line, shell),
  }),
  stateCommand({
    name: 'store backup',
    summary: 'Copy the queue to a file, whether or not the pipeline runs',
    operand: { text: '<file>', isRequired: true, help: 'Where to; must not be there' },
    flags: [
      {
        name: 'pipeline',
        value: 'pipeline',
        help: 'Its name or its file; may be left out if there is only one below this folder',
        group: 'General',
      },
      asJson,
    ],
    run: async (line, shell) => (await import('./store/backup.ts')).storeBackup(line, shell),
  }),
  stateCommand({
    name: 'store compact',
    summary: 'Write the queue’s file anew, without the room that is free in it; only while the pipeline does not run',
    flags: [asJson],
    run: async (line, shell) => (await import('./store/compact.ts')).storeCompact(line, shell),
  }),
];

/** Those of two words that begin with this one. */
export function commandsOf(first: string): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${first} `));
}

type Own = Pick<Command, 'name' | 'summary' | 'flags' | 'run'> & Partial<Command>;

/** A command for a pipeline that has been run already: it is found by its state, and nothing of it is loaded. */
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
