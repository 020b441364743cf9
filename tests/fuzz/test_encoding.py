"""The fuzzer's own encoder writes what the broker's does, or its damage would hit other places than it means."""

import random

from ottla.protocol.api import ApiKey, request_class
from ottla.wire.compiler import encode
from tests.fuzz.encoding import body_pieces, joined
from tests.fuzz.requests import SERVED, Harvest, RequestMaker

REQUESTS_OF_EACH_VERSION = 10


def test_pieces_are_the_bytes_of_the_brokers_encoder() -> None:
    maker = RequestMaker(random.Random(1), Harvest(), now_ms=1_700_000_000_000)
    for api in SERVED:
        for version in range(api.min_version, api.max_version + 1):
            for _ in range(REQUESTS_OF_EACH_VERSION):
                request = maker.request(api, version)
                assert joined(body_pieces(request, version)) == encode(request, version)
                varied = maker.varied(request, version)
                assert joined(body_pieces(varied, version)) == encode(varied, version)
            assert request_class(ApiKey(api.key)) is type(request)
