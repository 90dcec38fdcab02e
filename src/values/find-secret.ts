/** Where the value of a secret comes from. */

export interface SecretPlaces {
  environment: Readonly<Record<string, string | undefined>>;
  /** Throws if the file cannot be read. */
  readFile: (path: string) => string;
}

export type FoundSecret =
  | { status: 'found'; value: string; place: string }
  /** `looked`: each place that was tried, and what was wrong with it. */
  | { status: 'missing'; looked: readonly string[] };

/**
 * The value of the secret `name`: the variable `name`, else the file named by the variable `NAME_FILE`, else
 * `$CREDENTIALS_DIRECTORY/name`. The first of these that is set decides, so that an empty variable is reported and not
 * skipped. One line feed at the end of a file is not part of the value.
 */
export function findSecret(name: string, { environment, readFile }: SecretPlaces): FoundSecret {
  const given = environment[name];
  if (given !== undefined) return given === '' ? missing(`the variable ${name} is empty`) : found(given, name);
  const fileVariable = `${name}_FILE`;
  const path = environment[fileVariable];
  if (path !== undefined) {
    if (path === '') return missing(`the variable ${name} is not set`, `the variable ${fileVariable} is empty`);
    return contentOf(path, `the file ${path} (${fileVariable})`, readFile);
  }
  const unset = [`the variable ${name} is not set`, `neither is ${fileVariable}`];
  const directory = environment['CREDENTIALS_DIRECTORY'];
  if (directory === undefined || directory === '') return missing(...unset, 'nor CREDENTIALS_DIRECTORY');
  const read = contentOf(`${directory}/${name}`, `${directory}/${name}`, readFile);
  return read.status === 'found' ? read : missing(...unset, ...read.looked);
}

/** `secret API_TOKEN has no value: the variable …`. */
export function whereItLooked(name: string, { looked }: { looked: readonly string[] }): string {
  return `secret ${name} has no value: ${looked.join(', ')}`;
}

function contentOf(path: string, place: string, readFile: SecretPlaces['readFile']): FoundSecret {
  let content: string;
  try {
    content = readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return missing(code === 'ENOENT' ? `${place} does not exist` : `${place} cannot be read: ${code ?? message}`);
  }
  const value = content.replace(/\r?\n$/, '');
  return value === '' ? missing(`${place} is empty`) : found(value, place);
}

function found(value: string, place: string): FoundSecret {
  return { status: 'found', value, place };
}

function missing(...looked: string[]): FoundSecret {
  return { status: 'missing', looked };
}
