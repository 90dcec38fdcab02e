/** JSON as it is when a process begins: user code may put something else into its place, and has to be told so all the same. */
export const { parse: parseJson, stringify: writeJson } = JSON;
