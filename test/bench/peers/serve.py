"""What every peer shares: the input comes as one line of JSON; each further line asks for timed runs of so many ms."""
import json
import statistics
import sys
import time


def serve(tasks):
    run = tasks[sys.argv[1]](json.loads(sys.stdin.readline()))
    while line := sys.stdin.readline():
        until = time.perf_counter() + float(line) / 1000
        times = []
        while not times or time.perf_counter() < until:
            start = time.perf_counter()
            answer = run()
            times.append(time.perf_counter() - start)
        found = {"millis": 1000 * statistics.median(times), "answer": [float(value) for value in answer]}
        print(json.dumps(found), flush=True)
