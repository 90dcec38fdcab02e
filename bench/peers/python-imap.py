"""Pool.imap_unordered with chunks of 256, on two processes."""

import multiprocessing

from customers import COUNT, customers, leave_mark


def nothing(item):
    return None


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        pool.map(nothing, range(2))
        leave_mark("first-yield")
        done = sum(1 for _ in pool.imap_unordered(nothing, customers(), chunksize=256))
        assert done == COUNT, f"expected {COUNT} items, got {done}"
        leave_mark("done")
