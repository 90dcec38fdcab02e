import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The licences of the packages whose files were bundled, as one text.
 *
 * @param {string} root the project's directory
 * @param {readonly string[]} inputs the bundled files, relative to it (esbuild's metafile)
 */
export async function licensesOf(root, inputs) {
  const directories = new Set(inputs.map(packageDirectory).filter((directory) => directory !== undefined));
  const sections = await Promise.all(
    [...directories].toSorted().map(async (directory) => await section(join(root, directory))),
  );
  return `Millrace's files contain code of these packages.\n\n${sections.join('\n\n')}\n`;
}

/** @param {string} file */
function packageDirectory(file) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** @param {string} directory */
async function section(directory) {
  const { name, version, license, author } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  const files = (await readdir(directory)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).toSorted();
  const texts = await Promise.all(files.map(async (file) => (await readFile(join(directory, file), 'utf8')).trim()));
  const owner = typeof author === 'object' ? author?.name : author;
  const body = texts.length > 0 ? texts.join('\n\n') : `(${owner ?? name}; no licence text in the package)`;
  return `${'='.repeat(80)}\n${name} ${version} (${license ?? 'no licence named'})\n${'='.repeat(80)}\n${body}`;
}
