const longestText = 60;

/** `value` as an error message shows it: text in quotes and shortened, other things by what they are. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > longestText ? `${value.slice(0, longestText)}…` : value);
  }
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return isClass(value) ? `the class ${value.name}` : 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : showObject(value);
}

function showObject(value: object): string {
  const { name } = (Object.getPrototypeOf(value) as object | null)?.constructor ?? { name: 'Object' };
  return name === 'Object' || name === '' ? 'an object' : `an object (${name})`;
}

function isClass(value: object): boolean {
  return Function.prototype.toString.call(value).startsWith('class ');
}
