import { readFileSync, statSync } from 'node:fs';
import { extname, resolve as absolute } from 'node:path';
import { didYouMean } from '../core/nearest.ts';
import type { PipelineDescription, Problem } from '../ipc/messages.ts';
import { shown } from '../values/values.ts';
import { userCacheDirectory } from './cache-directory.ts';
import { checkFields, checkOptions } from './check.ts';
import { deferProblems } from './deferred-problems.ts';
import { digestOf } from './digest.ts';
import { exportedPipeline } from './exported.ts';
import { lineOfField } from './field-lines.ts';
import type { Finding } from './finding.ts';
import { fingerprintOf, type Resolve } from './fingerprint.ts';
import { importFile } from './import-file.ts';
import { importProblem } from './import-problem.ts';
import { limitUses } from './limit-uses.ts';
import { limitsOf } from './limits-of.ts';
import { missingColumns } from './missing-columns.ts';
import { noteParams } from './named-params.ts';
import { noteSecrets } from './named-secrets.ts';
import { paramsOf } from './params-of.ts';
import { type Token, tokensOf } from './tokens.ts';
import { undeclaredParams } from './undeclared-params.ts';
import { isDeterministic, isSourceSpec } from '../sources/port.ts';
import type { Pipeline } from './types.ts';

export interface LoadOptions {
  /** What `import … from 'millrace'` gives in the file: our own public exports. */
  millrace: object;
  /**
   * Where translated files are kept, so that the next start is quicker. Default: a directory of this user in the
   * system's temporary directory.
   */
  cacheDirectory?: string | undefined;
  /** Called with the name of each secret as soon as the file has named it. */
  onSecret?: ((name: string) => void) | undefined;
}

/** The options that a pipeline sets, and the lines where they are. */
export type GivenOptions = Pick<PipelineDescription, 'options' | 'optionLines'>;

/** The content of a pipeline file, or everything that is wrong with it; `given` is left out if its options are not known. */
export type LoadedPipeline =
  | { pipeline: Pipeline; description: PipelineDescription; problems: readonly [] }
  | { pipeline: null; description: null; problems: Problem[]; given?: GivenOptions };

/**
 * Imports a pipeline file (its top level runs; nothing of source, setup, process or sink does) and checks it. Does not
 * reject: whatever is wrong becomes a problem that names the file, and line and field if they can be known. It never
 * resolves if the top level of the file awaits something that never settles.
 */
export async function loadPipeline(file: string, options: LoadOptions): Promise<LoadedPipeline> {
  const path = absolute(file);
  const read = readPipelineFile(path);
  if (read.status === 'unreadable') return broken([{ file: path, message: read.message }]);
  const { text } = read;
  const { millrace, cacheDirectory = userCacheDirectory(), onSecret = () => undefined } = options;
  const named = noteSecrets(millrace, onSecret);
  const params = noteParams(named.millrace);
  const deferred = deferProblems(params.millrace);
  let imported;
  try {
    imported = await importFile({ file: path, text, millrace: deferred.millrace, cacheDirectory });
  } catch (error) {
    return broken([
      ...deferred.problems(path),
      importProblem({ error, file: path, text, exported: exportedNames(millrace) }),
    ]);
  }
  const tokens = tokensOf(text);
  const secrets = named.close(tokens);
  const exported = exportedPipeline(imported.exports, tokens);
  if (exported.status === 'wrong') {
    return broken([...deferred.problems(path), { file: path, line: exported.line, message: exported.message }]);
  }
  const { pipeline } = exported;
  const findings = [
    ...checkFields(pipeline),
    ...undeclaredParams(pipeline, (spec) => params.nameOf(spec, path, tokens)),
    ...missingColumns(pipeline),
  ];
  const problems = [
    ...fieldProblems(path, tokens, findings),
    ...limitProblems(path, tokens, pipeline),
    ...deferred.problems(path),
  ];
  if (problems.length > 0) {
    const sorted = problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    return broken(sorted, givenOptions(pipeline, tokens));
  }
  return { pipeline, description: describe({ pipeline, path, text, tokens, secrets, ...imported }), problems: [] };
}

/** Also `to.sqlite` and the like. */
function exportedNames(millrace: object): string[] {
  return Object.entries(millrace).flatMap(([name, value]: [string, unknown]) => {
    const members = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    return [name, ...members.map((member) => `${name}.${member}`)];
  });
}

function broken(problems: Problem[], given?: GivenOptions): LoadedPipeline {
  return { pipeline: null, description: null, problems, ...(given && { given }) };
}

/** The options whose values have a valid type; the others are reported as fields. */
function givenOptions({ options }: Pick<Pipeline, 'options'>, tokens: readonly Token[]): GivenOptions {
  const wrong = checkOptions(options).map(({ path }) => path[1]);
  // Collect all problems.
  if (options === undefined || wrong.includes(undefined)) return { options: {}, optionLines: {} };
  const given = Object.entries(options).filter(([name, value]) => value !== undefined && !wrong.includes(name));
  const optionLines: Record<string, number> = {};
  for (const [option] of given) {
    const line = lineOfField(tokens, ['options', option]);
    if (line !== undefined) optionLines[option] = line;
  }
  return { options: Object.fromEntries(given), optionLines };
}

type Read = { status: 'read'; text: string } | { status: 'unreadable'; message: string };

function unreadable(message: string): Read {
  return { status: 'unreadable', message };
}

const extensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

function readPipelineFile(path: string): Read {
  try {
    const kind = statSync(path);
    if (kind.isDirectory()) return unreadable('is a directory; expected a TypeScript or JavaScript file');
    if (!kind.isFile()) return unreadable('is not a file; expected a TypeScript or JavaScript file');
    if (!extensions.includes(extname(path))) return unreadable(`expected a file that ends in ${extensions.join(', ')}`);
    return { status: 'read', text: readFileSync(path, 'utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return unreadable(code === 'ENOENT' ? 'there is no such file' : `cannot be read: ${message}`);
  }
}

function fieldProblems(file: string, tokens: readonly Token[], findings: readonly Finding[]): Problem[] {
  return findings.map(({ path, message }) => {
    return { file, line: lineOfField(tokens, path), field: path.join('.'), message };
  });
}

function limitProblems(file: string, tokens: readonly Token[], { limits }: Pipeline): Problem[] {
  const declared = typeof limits === 'object' && limits !== null ? Object.keys(limits) : [];
  const list = declared.length === 0 ? 'the pipeline declares none' : `declared: ${declared.join(', ')}`;
  return limitUses(tokens)
    .filter(({ name }) => !declared.includes(name))
    .map(({ name, line }) => {
      return { file, line, field: 'limit', message: `unknown limit "${name}" (${list})${didYouMean(name, declared)}` };
    });
}

interface Loaded {
  pipeline: Pipeline;
  path: string;
  text: string;
  tokens: readonly Token[];
  secrets: readonly string[];
  resolve: Resolve;
  isAlias: (specifier: string) => boolean;
}

function describe({ pipeline, path, text, tokens, secrets, resolve, isAlias }: Loaded): PipelineDescription {
  const { name, params, limits, version, source, sink } = pipeline;
  const code = fingerprintOf(path, text, resolve, isAlias);
  return {
    name,
    params: paramsOf(params).params,
    secrets,
    limits: limitsOf(limits).limits,
    ...givenOptions(pipeline, tokens),
    fingerprint: version === undefined ? code : `version ${version}`,
    code,
    deterministic: isDeterministic(pipeline),
    settles: isSourceSpec(pipeline.source) && pipeline.source.settles,
    source: isSourceSpec(source)
      ? { kind: source.kind, target: shown(params, source.target) }
      : { kind: 'items', target: '' },
    sink: {
      kind: sink.kind,
      delivery: sink.delivery,
      target: shown(params, sink.target),
      options: digestOf(sink.options),
      ...((sink.sinks ?? [sink]).some(({ finish }) => finish) && { finishes: true }),
    },
  };
}
