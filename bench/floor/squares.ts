/** The same sums as pipelines/squares.ts, one after the other in one program. */
import { leaveMark } from '../marks.ts';
import { squares, sumOfSquares } from '../sum-of-squares.ts';

leaveMark('first-yield');
let total = 0;
for (let id = 1; id <= Number(process.env['BENCH_ITEMS']); id++) total += sumOfSquares(squares);
if (!(total > 0)) throw new Error('expected a sum');
