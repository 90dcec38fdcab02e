/** JSON as it is when a process begins. User code may replace it later, and messages must be written correctly even then. */
export const { parse: parseJson, stringify: writeJson } = JSON;
