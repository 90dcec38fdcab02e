/**
 * JSON as it is when the process starts. User code may replace the global, and Millrace must still be able to report
 * errors.
 */
export const { parse: parseJson, stringify: writeJson } = JSON;
