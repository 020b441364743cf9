"""The numbers are those of Kafka's `Rate` with 11 samples of a second, worked out by hand."""

import pytest

from ottla.server.creation_rate import UNLIMITED_PER_S, CreationRate

SAMPLE_MS = 1000
SAMPLES = 11


def rate_after(*times_ms: int) -> CreationRate:
    rate = CreationRate(SAMPLE_MS, SAMPLES)
    for time_ms in times_ms:
        rate.record(time_ms)
    return rate


def test_a_burst_after_a_rest_has_what_ten_samples_allow() -> None:
    assert rate_after(*[0] * 100).delay_ms(10, 0) == 0
    assert rate_after(*[0] * 101).delay_ms(10, 0) == 100
    assert rate_after(*[0] * 105).delay_ms(10, 0) == 500


def test_nobody_waits_for_longer_than_a_sample() -> None:
    assert rate_after(*[0] * 1000).delay_ms(1, 0) == SAMPLE_MS


def test_a_rate_of_none_lets_one_in_each_sample() -> None:
    assert rate_after(0).delay_ms(0, 0) == SAMPLE_MS


def test_without_a_limit_nobody_waits() -> None:
    assert rate_after(*[0] * 100_000).delay_ms(UNLIMITED_PER_S, 0) == 0


@pytest.mark.parametrize(("now_ms", "delay_ms"), [(10_999, 1000), (11_000, 0)])
def test_old_samples_are_forgotten_by_their_last_connection(now_ms: int, delay_ms: int) -> None:
    rate = rate_after(*[0] * 200)
    rate.record(now_ms)
    assert rate.delay_ms(10, now_ms) == delay_ms


def test_a_sample_that_overlaps_the_window_counts_whole() -> None:
    # 151 connections in the 11.5 s since the sample began are 13.13 in a second; 10 are allowed.
    rate = rate_after(*[0] * 149, 900)
    rate.record(11_500)
    assert rate.delay_ms(13, 11_500) == 115
    assert rate.delay_ms(14, 11_500) == 0


def test_a_steady_stream_keeps_to_the_limit() -> None:
    rate = CreationRate(SAMPLE_MS, SAMPLES)
    now_ms = 0.0
    admitted: list[float] = []
    while now_ms < 120_000:
        rate.record(now_ms)
        now_ms += rate.delay_ms(20, now_ms)
        admitted.append(now_ms)
        now_ms += 1
    last_minute = [time_ms for time_ms in admitted if time_ms >= 60_000]
    assert 0.9 * 20 <= len(last_minute) / 60 <= 1.1 * 20
