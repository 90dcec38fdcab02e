import { parseExactJson, type Bigints } from '../../core/exact-json.ts';
import { show } from '../../core/show.ts';
import { isThenable } from '../../core/thenable.ts';
import { RecordError } from '../../sources/port.ts';
import { jsonProblem } from './json-problem.ts';
import type { Issue, StandardSchema } from './schema.ts';

/** How many of a schema's issues an error shows. */
const shownIssues = 5;

/** Parses one line. Returns an item, or a RecordError that says what is wrong with it. */
export function parseLine(line: string, bigints: Bigints, schema: StandardSchema<unknown> | undefined): unknown {
  let value: unknown;
  try {
    value = parseExactJson(line, bigints);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return notJson(line, error);
  }
  return schema === undefined ? value : validated(value, schema);
}

function notJson(line: string, error: SyntaxError): RecordError {
  const text = line.trimEnd();
  const problem = jsonProblem(text);
  if (problem === undefined) return new RecordError(`expected JSON: ${error.message}`);
  const { at, expected } = problem;
  const got = at < text.length ? show(text.slice(at)) : 'the end of the line';
  return new RecordError(`expected JSON; at character ${at + 1}: expected ${expected}, got ${got}`);
}

function validated(value: unknown, schema: StandardSchema<unknown>): unknown {
  const result = schema['~standard'].validate(value);
  if (isThenable(result)) {
    return new RecordError(
      'the schema answers with a promise; use one without async rules, and check the rest in process',
    );
  }
  if (result.issues === undefined) return result.value;
  const issues = result.issues.slice(0, shownIssues).map(issueText);
  const more = result.issues.length - issues.length;
  return new RecordError(`refused by the schema: ${issues.join('; ')}${more > 0 ? `; and ${more} more` : ''}`);
}

function issueText({ path = [], message }: Issue): string {
  const names = path.map((step) => String(typeof step === 'object' ? step.key : step));
  return names.length === 0 ? message : `${names.join('.')}: ${message}`;
}
