// A user’s project resolves the package through its "exports" and "types", and it is not `any`.
import * as millrace from 'millrace';

// @ts-expect-error -- the export does not exist
export const nothing: unknown = millrace.noSuchExport;
