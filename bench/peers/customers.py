"""The items of bench/items.ts, and the marks of bench/marks.ts."""

import os
import time

COUNT = int(os.environ["BENCH_ITEMS"])


def customers():
    for id in range(1, COUNT + 1):
        yield {
            "id": id,
            "name": f"Customer number {id}",
            "email": f"customer.{id}@mail.example.com",
            "street": f"{id % 900} Harbour Road",
            "city": "Southampton",
            "amount": id / 4,
            "quantity": id % 17,
            "note": "delivered to the back door",
        }


def leave_mark(name):
    """The monotonic clock of all processes, in nanoseconds."""
    with open(os.path.join(os.environ["BENCH_MARKS"], name), "x") as file:
        file.write(str(time.monotonic_ns()))
