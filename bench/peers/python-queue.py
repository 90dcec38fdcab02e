"""multiprocessing.Queue: put and get, item by item, between a producer and two consumers."""

import multiprocessing

from customers import COUNT, customers, leave_mark


def produce(queue):
    leave_mark("first-yield")
    for item in customers():
        queue.put(item)
    queue.put(None)
    queue.put(None)


def consume(queue, counted):
    done = 0
    while queue.get() is not None:
        done += 1
    counted.put(done)


if __name__ == "__main__":
    queue = multiprocessing.Queue()
    counted = multiprocessing.Queue()
    consumers = [multiprocessing.Process(target=consume, args=(queue, counted)) for _ in range(2)]
    for process in consumers:
        process.start()
    producer = multiprocessing.Process(target=produce, args=(queue,))
    producer.start()
    done = counted.get() + counted.get()
    assert done == COUNT, f"expected {COUNT} items, got {done}"
    leave_mark("done")
    for process in [producer, *consumers]:
        process.join()
