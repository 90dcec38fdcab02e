import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';

let files: Set<string>;

beforeAll(() => {
  const packed = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' });
  const [{ files: list }] = JSON.parse(packed.stdout) as [{ files: { path: string }[] }];
  files = new Set(list.map(({ path }) => path));
});

/** The files in the package that the links and images of a document lead to. */
function linksOf(document: string): string[] {
  const links = [...readFileSync(document, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  const own = links.filter((link) => !/^(https?:|mailto:|#)/.test(link));
  return own.map((link) => normalize(join(dirname(document), link.replace(/#.*/, ''))));
}

describe('the package', () => {
  it('contains the documents and the examples', () => {
    const wanted = [
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'docs/pipeline.md',
      'examples/pokedex.ts',
      'config/millrace.yaml',
    ];
    expect(wanted.filter((file) => !files.has(file))).toEqual([]);
  });

  it('contains no tests, no benchmark and no source', () => {
    const others = [...files].filter((file) => /^(src|test|bench|scripts)\//.test(file));
    expect(others.filter((file) => !/\.(svg|md)$/.test(file))).toEqual([]);
  });

  it('contains every file that its documents link to', () => {
    const documents = [...files].filter((file) => file.endsWith('.md'));
    const has = (path: string): boolean => files.has(path) || [...files].some((file) => file.startsWith(`${path}/`));
    const broken = documents.flatMap((document) =>
      linksOf(document).flatMap((link) => (has(link) ? [] : [`${document}: ${link}`])),
    );
    expect(broken).toEqual([]);
  });
});
