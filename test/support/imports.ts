import { parseSync } from '@swc/core';

export interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly typesOnly: boolean;
}

/** Every import of a TypeScript file: static, re-exporting, dynamic, and within types. */
export function importsOf(file: string, code: string): Import[] {
  const found: Import[] = [];
  visit(parseSync(code, { syntax: 'typescript', target: 'es2022' }), (node) => {
    // A path to a file inside a library counts as that library.
    const specifier = specifierOf(node)?.replace(/^.*\/node_modules\//, '');
    if (specifier !== undefined) found.push({ file, specifier, typesOnly: isTypesOnly(node) });
  });
  return found;
}

type Node = Readonly<Record<string, unknown>>;

function specifierOf(node: Node): string | undefined {
  switch (node['type']) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return text(node['source']);
    case 'TsImportType':
      return text(node['argument']);
    case 'CallExpression': {
      const [argument] = node['arguments'] as readonly Node[];
      return (node['callee'] as Node)['type'] === 'Import' ? text(argument?.['expression']) : undefined;
    }
    default:
      return undefined;
  }
}

function isTypesOnly(node: Node): boolean {
  if (node['type'] === 'TsImportType' || node['typeOnly'] === true) return true;
  const names = node['specifiers'];
  return Array.isArray(names) && names.length > 0 && names.every((name: Node) => name['isTypeOnly'] === true);
}

function text(literal: unknown): string | undefined {
  const value = (literal as Node | null | undefined)?.['value'];
  return typeof value === 'string' ? value : undefined;
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const element of value) visit(element, see);
  } else if (typeof value === 'object' && value !== null) {
    see(value as Node);
    for (const child of Object.values(value)) visit(child, see);
  }
}
