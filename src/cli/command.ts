import type { SeqRange } from './seq-ranges.ts';
import type { Shell } from './shell.ts';

export interface Flag {
  /** Without dashes. */
  name: string;
  /** How its value is called in the help; a switch has none. */
  value?: string;
  help: string;
  group: string;
}

export interface Command {
  /** `run`, `dead ls`. */
  name: string;
  summary: string;
  operand: { text: string; isRequired: boolean; help: string };
  flags: readonly Flag[];
  /** Whether it takes the seqs of dead letters beside the operand. */
  takesSeqs: boolean;
  /** Whether it takes the options of config/schema.ts as well, and whether its help lists them. */
  options: 'listed' | 'taken' | 'none';
  /** Flags of which only one can be given. */
  exclusive: readonly (readonly string[])[];
  /** Whether it loads the pipeline into this process, which may then not end by itself. */
  loadsPipeline: (line: CommandLine) => boolean;
  /** Resolves to the exit code. */
  run: (line: CommandLine, shell: Shell) => Promise<number>;
}

/** What was typed, sorted; the meaning of values is not looked at. */
export interface CommandLine {
  command: Command;
  /** The pipeline's file or name. */
  operand: string | undefined;
  /** Of the dead letters that are meant, if the command takes any. */
  seqs: readonly SeqRange[];
  /** By the flag's name as it is typed, without dashes; `true` for a switch. */
  flags: Record<string, string | true>;
}
