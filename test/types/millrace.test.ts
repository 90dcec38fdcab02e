// The package resolves for a user, by its own "exports" and "types", and is not `any`.
import * as millrace from 'millrace';

// @ts-expect-error -- there is no such export
export const nothing: unknown = millrace.noSuchExport;
