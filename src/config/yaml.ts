import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';

/** One `name: value` of a YAML file. */
export interface YamlEntry {
  name: string;
  value: unknown;
  line: number;
  /** If the value has names of its own: those, one level deep. */
  entries?: YamlEntry[];
}

export interface YamlComplaint {
  line: number;
  column: number;
  message: string;
}

/**
 * The entries of a file that maps names to plain values, to lists of plain values, or to plain values by name. Other values
 * come as objects without their content, because no option takes them. Aliases are refused, so that they cannot multiply the
 * size of the file.
 */
export function readYaml(text: string): { entries: YamlEntry[]; complaints: YamlComplaint[] } {
  const lines = new LineCounter();
  const complaint = (offset: number, message: string): YamlComplaint => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col, message };
  };
  const { errors, warnings, contents } = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const complaints = [...errors, ...warnings].map((error) => complaint(error.pos[0], wording(error)));
  if (complaints.length > 0 || contents === null) return { entries: [], complaints };
  if (!isMap<Node, Node | null>(contents)) {
    return { entries: [], complaints: [complaint(0, 'expected lines such as "concurrency: 16"')] };
  }
  const entriesOf = (map: YAMLMap<Node, Node | null>, isTop: boolean): YamlEntry[] =>
    map.items.flatMap(({ key, value }) => {
      const offset = key.range?.[0] ?? 0;
      if (isAlias(value)) {
        complaints.push(complaint(offset, `expected a value, got the alias *${value.source}`));
        return [];
      }
      const entry = {
        name: isScalar(key) ? String(key.value) : '',
        value: plain(value),
        line: lines.linePos(offset).line,
      };
      const hasNames = isTop && isMap<Node, Node | null>(value);
      return [hasNames ? { ...entry, entries: entriesOf(value, false) } : entry];
    });
  return { entries: entriesOf(contents, true), complaints };
}

function wording({ code, message }: { code: string; message: string }): string {
  // The library's own messages are meant for programmers.
  return code === 'MULTIPLE_DOCS' ? 'expected the end of the file, got a second document' : message.split('\n')[0]!;
}

function plain(node: Node | null): unknown {
  if (node === null) return null;
  if (isScalar(node)) return node.value;
  return isSeq<Node | null>(node) ? node.items.map((item) => (isScalar(item) ? item.value : {})) : {};
}
