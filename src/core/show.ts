const longestText = 60;

/** `value` as error messages show it: text is quoted and shortened, other values are described. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > longestText ? `${value.slice(0, longestText)}…` : value);
    case 'undefined':
      return 'nothing';
    case 'function':
      return isClass(value) ? `the class ${value.name}` : 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? 'an array' : showObject(value);
    case 'number':
    case 'bigint':
    case 'boolean':
      break;
  }
  return String(value);
}

function showObject(value: object): string {
  const { name } = (Object.getPrototypeOf(value) as object | null)?.constructor ?? { name: 'Object' };
  return name === 'Object' || name === '' ? 'an object' : `an object (${name})`;
}

function isClass(value: object): boolean {
  return Function.prototype.toString.call(value).startsWith('class ');
}
