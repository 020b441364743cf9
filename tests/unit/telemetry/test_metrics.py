from ottla.telemetry.metrics import LATENCY_BOUNDS_S, Latencies, RequestCounters


def test_each_latency_is_in_the_bucket_of_the_next_bound_above() -> None:
    latencies = Latencies()
    for took_s in (0.0, LATENCY_BOUNDS_S[0], 0.00011, LATENCY_BOUNDS_S[-1], 11.0):
        latencies.add(took_s)
    assert latencies.counts[0] == 2
    assert latencies.counts[1] == 1
    assert latencies.counts[-2:] == [1, 1]
    assert sum(latencies.counts) == 5
    assert latencies.sum_s == sum((0.0, LATENCY_BOUNDS_S[0], 0.00011, LATENCY_BOUNDS_S[-1], 11.0))


def test_the_bounds_rise() -> None:
    assert list(LATENCY_BOUNDS_S) == sorted(set(LATENCY_BOUNDS_S))


def test_an_api_keeps_its_counters() -> None:
    counters = RequestCounters()
    counters.of_api(3).requests += 1
    counters.of_api(3).requests += 1
    assert counters.of_api(3).requests == 2
    assert counters.of_api(4).requests == 0


def test_a_request_that_did_not_wait_has_one_time() -> None:
    api = RequestCounters().of_api(0)
    api.answered_at_once(0.002)
    assert api.local.counts == api.total.counts
    assert sum(api.local.counts) == 1
    assert api.local.sum_s == api.total.sum_s == 0.002
