import type { ParamValues } from '../core/params.ts';
import { show } from '../core/show.ts';

/** What `millrace status` shows of the params of a run: one row, or none if it has no params. */
export function paramRows(params: ParamValues): string[][] {
  const values = Object.entries(params).map(([name, value]) => `${name}=${show(value)}`);
  return values.length === 0 ? [] : [['params', values.join(', ')]];
}
