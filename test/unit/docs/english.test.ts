import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Phrases that a native speaker stumbles over, and what to write instead. */
const phrases: readonly (readonly [RegExp, string])[] = [
  [/\b(go|goes|going|went) on\b/i, 'continue, resume, keep running'],
  [/\b(is|are|was|were) to be\b/i, 'must be, will be'],
  [/\bof which\b/i, 'whose, or a sentence of its own'],
  [/\bwho(m|so)?ever\b/i, 'a noun: the process that, callers that'],
  [/\bmend(s|ed|ing)?\b/i, 'fix, repair'],
  [/\blook(s|ed)? at\b/i, 'check, read, inspect'],
  [/\bbeside\b/i, 'next to, in addition to, compared with'],
  [/\b(goes|go|is|are|lies) behind\b/i, 'after'],
  [/\b(take|takes|took) along\b/i, 'bring down, carry'],
  [/\b(no|has|is|make|makes|makes no) room\b/i, 'space'],
  [/\bfor ever\b/i, 'forever'],
  [/\bfolders?\b/i, 'directory'],
  [/\bmove[ds]? (it )?aside\b|\bsets? (it|the queue|the old queue) aside\b/i, 'archive; only a consumer is set aside'],
  [/\b(first|second|last|next|each|every|one|another|a) try\b|\btries of\b/i, 'attempt'],
  [/\b(is|are|was|were|be) told\b/i, 'name who tells, or: is asked, learns, is reported'],
  [/\bto be told\b|\btells? of\b/i, 'report, show'],
  [/\bby lot\b/i, 'at random'],
  [/\bunder way\b/i, 'in progress, running'],
  [/\blets? go of\b/i, 'release, close'],
  [/\bsuspects?\b/i, 'accused items; the history of an item is first, inherited or lost'],
];

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'test/simulation/README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** Log lines, progress, status, help and the errors of commands. */
const sources = ['src/observability', 'src/cli', 'src/config', 'src/control', 'src/launching'].flatMap((directory) =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(directory, name)),
);

interface Line {
  place: string;
  text: string;
}

/** The lines of a document that are not code. */
function linesOf(file: string): Line[] {
  let isCode = false;
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, i) => {
      const isFence = line.trimStart().startsWith('```');
      if (isFence) isCode = !isCode;
      return isFence || isCode || line.startsWith('    ') ? [] : [{ place: `${file}:${i + 1}`, text: line }];
    });
}

/** The lines of a document that are not code, without the code and the names of tests in them. */
function proseOf(file: string): Line[] {
  return linesOf(file).map(({ place, text }) => {
    return { place, text: text.replaceAll(/`[^`]*`/g, '``').replaceAll(/``: \*[^|]*/g, '') };
  });
}

const columns = 100;

/** The lines that are too long. Rows of a table, and lines with no space to break at, cannot be shorter. */
function tooLong(lines: readonly Line[]): string[] {
  return lines
    .filter(({ text }) => text.length > columns && !text.trimStart().startsWith('|') && /\S +\S+ +\S/.test(text))
    .map(({ place, text }) => `${place} has ${text.length} columns; wrap it at ${columns}`);
}

/** The strings of a source file that have several words. */
function stringsOf(file: string): Line[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, i) => {
      if (/^\s*(\/\/|\*|\/\*|import\b)/.test(line)) return [];
      const strings = line.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`?/g) ?? [];
      return strings
        .filter((text) => /[a-z] [a-z]/i.test(text))
        .map((text) => ({ place: `${file}:${i + 1}`, text: text.replaceAll(/\$\{[^}]*\}/g, '…') }));
    });
}

function findingsIn(lines: readonly Line[]): string[] {
  return lines.flatMap(({ place, text }) =>
    phrases.flatMap(([phrase, better]) => {
      const [found] = phrase.exec(text) ?? [];
      return found === undefined ? [] : [`${place}: "${found}"; better: ${better}`];
    }),
  );
}

describe('the English', () => {
  it.each(documents)('of %s contains no phrase that readers stumble over', (file) => {
    expect(findingsIn(proseOf(file))).toEqual([]);
  });

  // An entry of the changelog is one line.
  it.each(documents.filter((file) => file !== 'CHANGELOG.md'))(`of %s is wrapped at ${columns} columns`, (file) => {
    expect(tooLong(linesOf(file))).toEqual([]);
  });

  it('of log lines, status, help and errors of commands contains none of these phrases', () => {
    expect(findingsIn(sources.flatMap(stringsOf))).toEqual([]);
  });

  it('is checked so that a phrase from the list and a line that is too long are found', () => {
    const [found] = findingsIn([{ place: 'page.md:1', text: 'The pipeline goes on after the pause.' }]);
    expect(found).toBe('page.md:1: "goes on"; better: continue, resume, keep running');
    const words = 'ten letters '.repeat(9);
    const lines = [words, `| ${words} |`, `- ${'x'.repeat(100)}`, 'short'].map((text, i) => ({
      place: `page.md:${i}`,
      text,
    }));
    expect(tooLong(lines)).toEqual(['page.md:0 has 108 columns; wrap it at 100']);
  });
});
