import parse from 'yargs-parser';
import type { Flag } from './command.ts';

/** What was typed, separated: flags with all the values they were given, and the rest. */
export interface Words {
  /** `true` where a value was expected but none was typed. */
  options: { name: string; values: (string | true)[] }[];
  operands: string[];
}

/**
 * Parses words with yargs' parser. Only with the parser, because this is part of every start, and yargs as a whole
 * takes as long to load as Node takes to start; it makes the help (help.ts).
 */
export function wordsOf(args: readonly string[], known: readonly Flag[]): Words {
  const switches = known.filter(({ value }) => value === undefined).map(({ name }) => name);
  const parsed = parse([...args], {
    string: ['_', ...known.filter(({ value }) => value !== undefined).map(({ name }) => name)],
    boolean: switches,
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': false,
      'short-option-groups': false,
    },
  });
  const { _: operands, ...options } = parsed;
  return {
    operands: operands.map(String),
    options: Object.entries(options).map(([name, value]) => ({ name, values: valuesOf(value) })),
  };
}

function valuesOf(value: unknown): (string | true)[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  // A switch is true, or false if it was given a value (`--fresh=no`); a flag that takes a value and got none is ''.
  return values.map((each) => (each === true ? true : String(each)));
}
