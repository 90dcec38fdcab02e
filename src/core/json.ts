/** JSON as it is when the process starts: user code may replace the global, and Millrace still has to report that. */
export const { parse: parseJson, stringify: writeJson } = JSON;
