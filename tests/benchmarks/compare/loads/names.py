"""The names of figures, the unit last, as loads return them and the table of cells lists them."""

RECORDS_PER_S = "records/s"
PRODUCED_PER_S = "produced records/s"
MB_PER_S = "MB/s"
FETCH_MB_PER_S = "MB/s once the group is formed"
AVERAGE_MS = "latency average ms"
P99_MS = "latency p99 ms"
P50_US = "latency p50 us"
P99_US = "latency p99 us"
P999_US = "latency p99.9 us"
CPU_PER_MILLION = "broker CPU s per million records in"
CPU_PER_GB = "broker CPU s per GB out"
CPU_PER_REQUEST_US = "broker CPU us per request"
REQUESTS_PER_S = "requests/s"
PRODUCED_SLOWEST_TENTH = "produced records/s of a connection, slowest tenth"
CONSUMED_MB_PER_S = "consumed MB/s"
CONSUMED_SLOWEST_TENTH = "consumed MB/s of a connection, slowest tenth"
OPENED_PER_S = "connections opened per s"
KB_PER_CONNECTION = "resident KiB per connection"
IDLE_CPU_SHARE = "CPU at rest, % of a core"
START_MS = "start to first acknowledged record ms"
START_CPU_MS = "CPU until then ms"
IDLE_MB = "resident MiB idle"
LOADED_MB = "resident MiB after load"
MANY_PARTITIONS_MB = "resident MiB with 1,000 partitions"


def cost_at(count: int, what: str) -> str:
    """Return the name of the cost of a request among so many partitions or connections."""
    return f"broker CPU us per request, {count:,} {what}"


def growth_at(count: int, what: str) -> str:
    """Return the name of the same cost as a multiple of the one at the first count."""
    return f"growth to {count:,} {what}"
