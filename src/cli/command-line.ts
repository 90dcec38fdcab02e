import { usageError, type MillraceError } from '../core/errors.ts';
import { didYouMean } from '../core/nearest.ts';
import { show } from '../core/show.ts';
import type { Command, CommandLine, Flag } from './command.ts';
import { commands, commandsOf } from './commands.ts';
import { isSeqs, seqRanges } from './seq-ranges.ts';
import { wordsOf } from './words.ts';

/**
 * What to do: run a command, show help (for one command, for those that begin with the same word, or for all), or show
 * the version.
 */
export type Request =
  { do: 'run'; line: CommandLine } | { do: 'help'; of: Command | string | undefined } | { do: 'version' };

/**
 * Reads the arguments of `millrace`. `optionFlags` returns the names of the options that every command with options
 * accepts; it is called only if the command's own flags are not enough. Throws one usage error with all problems.
 */
export async function readCommandLine(
  argv: readonly string[],
  optionFlags: () => Promise<readonly string[]>,
): Promise<Request> {
  const [first, ...rest] = argv;
  if (first === undefined || first === 'help' || isHelp(first)) return { do: 'help', of: topic(rest) };
  if (first === '--version') return { do: 'version' };
  if (isHelp(rest[0])) return { do: 'help', of: topic([first]) };
  const { command, args } = findCommand(argv);
  if (args.some(isHelp)) return { do: 'help', of: command };
  const own = new Map(command.flags.map((flag) => [flag.name, flag]));
  const unknown = typedNames(args).filter((name) => !own.has(name));
  const options = command.options !== 'none' && unknown.length > 0 ? await optionFlags() : [];
  return { do: 'run', line: readFlags(command, args, [...own.values(), ...options.map(asFlag)]) };
}

/** The topic of a help request. */
function topic(words: readonly string[]): Command | string | undefined {
  const [first] = words;
  if (first === undefined) return undefined;
  return words.length === 1 && commandsOf(first).length > 0 ? first : findCommand(words).command;
}

function isHelp(word: string | undefined): boolean {
  return word === '--help' || word === '-h';
}

function asFlag(name: string): Flag {
  return { name, value: 'value', help: '', group: '' };
}

function findCommand(argv: readonly string[]): { command: Command; args: readonly string[] } {
  for (const command of commands) {
    const words = command.name.split(' ');
    if (words.every((word, i) => argv[i] === word)) return { command, args: argv.slice(words.length) };
  }
  const names = commands.map(({ name }) => name);
  const [first = '', word = ''] = argv;
  const second = commandsOf(first).map(({ name }) => name.slice(first.length + 1));
  if (second.length > 0) {
    if (word === '') throw usageError(`expected a command after ${first}: ${second.join(', ')}`);
    const near = didYouMean(word, second);
    throw usageError(`unknown command ${show(`${first} ${word}`)}; expected one of ${second.join(', ')}${near}`);
  }
  if (first.startsWith('-')) {
    const near = didYouMean(first, ['--help', '--version']);
    throw usageError(`expected a command before ${first}: ${names.join(', ')}${near}`);
  }
  const known = names.flatMap((name) => [name, name.split(' ')[0]!]);
  throw usageError(`unknown command ${show(first)}; expected one of ${names.join(', ')}${didYouMean(first, known)}`);
}

function typedNames(args: readonly string[]): string[] {
  return wordsOf(args, []).options.map(({ name }) => name);
}

function readFlags(command: Command, args: readonly string[], known: readonly Flag[]): CommandLine {
  const problems: string[] = [];
  const flags: Record<string, string | true> = {};
  const repeated: Record<string, readonly string[]> = {};
  const { operands, options } = wordsOf(args, known);
  for (const { name, values } of options) {
    const flag = known.find((each) => each.name === name);
    const [value] = values;
    if (flag === undefined) {
      const names = known.map((each) => `--${each.name}`);
      const typed = name.length === 1 ? `-${name}` : `--${name}`;
      problems.push(`unknown option ${typed}${didYouMean(typed, names)}`);
    } else if (flag.isRepeatable) {
      const texts = values.map(String);
      if (values.includes(true) || texts.includes('')) problems.push(`expected a value after --${name}`);
      repeated[name] = texts;
    } else if (values.length > 1) {
      problems.push(`--${name} is given more than once`);
    } else if (flag.value === undefined) {
      if (typeof value === 'string') problems.push(`--${name} takes no value`);
      flags[name] = true;
    } else if (value === true || value === '' || value === undefined) {
      problems.push(`expected a value after --${name}`);
    } else {
      flags[name] = value;
    }
  }
  // The value of an unknown option would look like a pipeline.
  const { seqs, others } = sorted(command, operands);
  if (problems.length === 0) problems.push(...operandProblems(command, others));
  problems.push(...exclusiveProblems(command, flags));
  if (problems.length > 0) throw problemsError(command, problems);
  return { command, operand: others[0], seqs: seqRanges(seqs), flags, repeated };
}

/** A pipeline whose name is a number is selected by its file, or with --state. */
function sorted({ takesSeqs }: Command, operands: readonly string[]): { seqs: string[]; others: string[] } {
  if (!takesSeqs) return { seqs: [], others: [...operands] };
  return { seqs: operands.filter(isSeqs), others: operands.filter((word) => !isSeqs(word)) };
}

function exclusiveProblems({ exclusive }: Command, flags: CommandLine['flags']): string[] {
  return exclusive.flatMap((names) => {
    const given = names.filter((name) => Object.hasOwn(flags, name)).map((name) => `--${name}`);
    return given.length > 1 ? [`${given.join(' and ')} cannot be given together`] : [];
  });
}

function operandProblems({ operand }: Command, operands: readonly string[]): string[] {
  if (operands.length > 1)
    return [`expected one ${operand.text}, got ${operands.map((each) => show(each)).join(' and ')}`];
  if (operands[0] === '' || (operand.isRequired && operands.length === 0))
    return [`expected ${operand.text}, got nothing`];
  return [];
}

function problemsError({ name }: Command, problems: readonly string[]): MillraceError {
  return usageError([...new Set(problems), `see millrace ${name} --help`].join('\n'));
}
