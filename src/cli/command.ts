import type { SeqRange } from './seq-ranges.ts';
import type { Shell } from './shell.ts';

export interface Flag {
  /** Without dashes. */
  name: string;
  /** The name of its value in the help; a switch has none. */
  value?: string;
  /** Whether it may be given more than once. */
  isRepeatable?: true;
  help: string;
  group: string;
}

export interface Command {
  /** `run`, `dead ls`. */
  name: string;
  summary: string;
  operand: { text: string; isRequired: boolean; help: string };
  flags: readonly Flag[];
  /** Whether it accepts seqs of dead letters in addition to the operand. */
  takesSeqs: boolean;
  /** Whether it also accepts the options of config/schema.ts, and whether its help lists them. */
  options: 'listed' | 'taken' | 'none';
  /** Sets of flags that exclude each other. */
  exclusive: readonly (readonly string[])[];
  /** Whether it loads the pipeline into this process, which may then not exit by itself. */
  loadsPipeline: (line: CommandLine) => boolean;
  /** Resolves to the exit code. */
  run: (line: CommandLine, shell: Shell) => Promise<number>;
}

/** What was typed, sorted; values are not interpreted. */
export interface CommandLine {
  command: Command;
  /** The pipeline's file or name. */
  operand: string | undefined;
  /** Of the selected dead letters, if the command accepts any. */
  seqs: readonly SeqRange[];
  /** By the flag's name as typed, without dashes; `true` for a switch. */
  flags: Record<string, string | true>;
  /** The values of flags that may be given more than once, by name. */
  repeated: Record<string, readonly string[]>;
}
