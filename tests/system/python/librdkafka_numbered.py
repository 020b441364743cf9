"""librdkafka's idempotent producer, which sends numbers until its standard input ends, whatever becomes of the broker.

Each acknowledged record is a line, `acknowledged <partition> <number> <offset>`; at the end comes the version and
how many numbers each partition was sent, as a line of JSON.
"""

import json
import sys
import threading

import confluent_kafka
from confluent_kafka import Producer

LEAST_WAIT_S = 0.01
FLUSH_S = 60.0

bootstrap, topic = sys.argv[1:3]
partitions, window, linger_ms = map(int, sys.argv[3:6])

input_ended = threading.Event()
unanswered = failures = 0
options = {
    "bootstrap.servers": bootstrap,
    "enable.idempotence": True,
    "linger.ms": linger_ms,
    "batch.num.messages": 10,
    "reconnect.backoff.ms": 20,
    "reconnect.backoff.max.ms": 200,
    "retry.backoff.ms": 20,
    "log_level": 2,
}


def watch_input():
    sys.stdin.read()
    input_ended.set()


def answered(error, message):
    global unanswered, failures  # noqa: PLW0603 - a program of one page
    unanswered -= 1
    place = f"{message.partition()} {message.value()[:8].decode().lstrip()}"
    if error is None:
        print("acknowledged", place, message.offset())
    else:
        failures += 1
        print("failed", place, error)


threading.Thread(target=watch_input, daemon=True).start()
producer = Producer(options)
sent = 0
while not input_ended.is_set():
    for partition in range(partitions):
        producer.produce(topic, f"{sent:8} ".ljust(200, "."), partition=partition, on_delivery=answered)
        unanswered += 1
    sent += 1
    producer.poll(0)
    while unanswered > window - partitions and not input_ended.is_set():
        producer.poll(LEAST_WAIT_S)
    sys.stdout.flush()
left = producer.flush(FLUSH_S)
print(json.dumps({"version": confluent_kafka.__version__, "facts": {"sent": [sent] * partitions}}))
sys.exit(1 if failures or left else 0)
