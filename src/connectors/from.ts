/** Where items come from: what a pipeline file writes as `from.…`. Any iterable or generator function is a source as well. */
export const from = {} as const;
