"""One client connection: frames in, answers out, one request at a time.

While a request waits for its answer nothing more is parsed; bytes that came along stay unparsed, and the socket is
left alone, so that TCP holds the client back. While the client does not take its answers nothing more is parsed
either, and who has sent many requests at once has them answered in turns, between which others have theirs. Reading
and writing interest are decided here and nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from time import monotonic
from typing import Protocol

from ottla.completion import Completion
from ottla.handlers.outcome import Outcome
from ottla.server.receiving import PartialFrame, SharedBuffer
from ottla.server.send_queue import Piece, SendQueue, release_piece
from ottla.wire.framing import next_frame
from ottla.wire.primitives import WireError

MAX_UNSENT_BYTES = 256 * 1024
"""Answers that may pile up behind one read before they are sent; then parsing waits until they are out."""

LONGEST_TURN_S = 0.005
"""What is left of a read after so long waits until the other connections have had their turn. A read holds up to 4,000
small requests, a tenth of a second's work; 5 ms is also how long the interpreter lets a thread run."""

Answer = list[Piece] | Outcome


class CloseConnectionError(Exception):
    """The peer sent something that Kafka answers by closing the connection (facts 7.1)."""


class RequestSink(Protocol):
    """Where a connection hands its frames to; `server.dispatch` implements it."""

    def dispatch(self, frame: memoryview, client_address: str) -> Answer | Completion[Answer]:
        """Answer one request, now or later; the completion never fails. Raises CloseConnectionError."""

    def keeps_frame(self, frame: memoryview) -> bool:
        """Tell whether a request that waits still refers to the bytes of its frame (records on their way)."""


class ConnectionOwner(Protocol):
    """Who keeps count of the connections; `server.listener` implements it."""

    def connection_closed(self, connection: Connection) -> None:
        """Forget a connection that has just closed."""


class Connection:
    """A connected, non-blocking socket and the request that it waits for."""

    def __init__(
        self,
        connected: socket.socket,
        client_address: str,
        loop: asyncio.AbstractEventLoop,
        shared_buffer: SharedBuffer,
        sink: RequestSink,
        owner: ConnectionOwner,
        *,
        max_frame_bytes: int,
        logger: logging.Logger,
    ) -> None:
        self.client_address = client_address
        self.last_active = loop.time()
        self._socket = connected
        self._loop = loop
        self._shared_buffer = shared_buffer
        self._sink = sink
        self._owner = owner
        self._max_frame_bytes = max_frame_bytes
        self._logger = logger
        self._sending = SendQueue(connected)
        self._partial: PartialFrame | None = None
        self._unparsed: memoryview | None = None
        self._waits_for_answer = False
        self._waits_for_socket = False
        self._is_reading = False
        self._is_draining = False
        self.is_closed = False
        self._read_on()

    def use_sink(self, sink: RequestSink) -> None:
        """Hand further requests to another dispatcher."""
        self._sink = sink

    def drain(self) -> None:
        """Take no further request; close once the answer that is due has been sent."""
        self._is_draining = True
        self._stop_reading()
        if not self._waits_for_answer and not self._waits_for_socket:
            self.close()

    def close(self) -> None:
        """Close now; unsent answers are lost, and so is the answer to a request that waits."""
        if self.is_closed:
            return
        self.is_closed = True
        self._stop_reading()
        if self._waits_for_socket:
            self._loop.remove_writer(self._socket.fileno())
        self._sending.discard()
        self._socket.close()
        self._partial = None
        self._unparsed = None
        self._owner.connection_closed(self)

    def _readable(self) -> None:
        try:
            if self._waits_for_answer:
                self._look_for_end_of_stream()
            else:
                self._receive()
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._close_because(f"the connection broke: {error.strerror or error}", logging.DEBUG)

    def _look_for_end_of_stream(self) -> None:
        if self._socket.recv(1, socket.MSG_PEEK):
            self._stop_reading()
        else:
            self._close_because("the client went away while its request waited", logging.DEBUG)

    def _receive(self) -> None:
        self.last_active = self._loop.time()
        partial = self._partial
        if partial is None:
            view = self._shared_buffer.view
            received = self._socket.recv_into(view)
            if received == 0:
                self.close()
                return
            self._parse(view[:received])
            return
        received = self._socket.recv_into(partial.unfilled)
        if received == 0:
            self._close_because("the client went away in the middle of a request", logging.DEBUG)
            return
        partial.filled += received
        if partial.is_full:
            self._partial = None
            self._parse(partial.view)

    def _parse(self, received: memoryview) -> None:
        """Handle the whole frames among the bytes, then keep the rest and send the answers in one go."""
        position = 0
        end = len(received)
        turn_end = monotonic() + LONGEST_TURN_S
        try:
            while position < end and not (self.is_closed or self._waits_for_answer or self._is_draining):
                if self._sending.pending_bytes > MAX_UNSENT_BYTES and not self._send():
                    break
                frame = next_frame(received, position, end, self._max_frame_bytes)
                if frame is None:
                    self._partial = PartialFrame.begin(received[position:])
                    position = end
                    break
                frame_start, position = frame
                self._handle(received[frame_start:position])
                if position < end and monotonic() > turn_end:
                    break
        except (CloseConnectionError, WireError) as error:
            # The answers to the requests before the bad one are due, and nothing else is done until they are out.
            self._logger.warning("Closing the connection from /%s: %s", self.client_address, error)
            self._is_draining = True
            self._stop_reading()
            self._send()
            return
        if self.is_closed:
            return
        if position < end:
            # Newer bytes stay in the socket until these have had their turn: requests are answered in order.
            rest = received[position:]
            is_shared = rest.obj is self._shared_buffer.view.obj
            self._unparsed = memoryview(bytearray(rest)) if is_shared else rest
            self._stop_reading()
        self._send()

    def _handle(self, frame: memoryview) -> None:
        # A request may change the sink of those after it.
        sink = self._sink
        answer = sink.dispatch(frame, self.client_address)
        if isinstance(answer, Completion):
            if answer.done:
                self._take(answer.result())
            else:
                self._waits_for_answer = True
                if frame.obj is self._shared_buffer.view.obj and sink.keeps_frame(frame):
                    self._shared_buffer.replace()
                answer.on_done(self._answered_later)
        else:
            self._take(answer)

    def _take(self, answer: Answer) -> None:
        if answer is Outcome.CLOSE_CONNECTION:
            raise CloseConnectionError("a request that asks for no answer failed")
        if isinstance(answer, list):
            try:
                self._sending.append(answer)
            except OSError as error:
                raise CloseConnectionError(f"the answer could not be read: {error}") from error

    def _answered_later(self, completion: Completion[Answer]) -> None:
        answer = completion.result()
        if self.is_closed:
            if isinstance(answer, list):
                for piece in answer:
                    release_piece(piece)
            return
        self._waits_for_answer = False
        self.last_active = self._loop.time()
        try:
            self._take(answer)
        except CloseConnectionError as error:
            self._close_because(str(error), logging.WARNING)
        else:
            self._send()

    def _send(self) -> bool:
        """Send what the socket takes, and decide what to wait for; tell whether all of it went out."""
        try:
            is_sent = self._sending.flush()
        except OSError as error:
            self._close_because(f"the answer could not be sent: {error.strerror or error}", logging.DEBUG)
            return False
        if not is_sent:
            if not self._waits_for_socket:
                self._waits_for_socket = True
                self._stop_reading()
                self._loop.add_writer(self._socket.fileno(), self._writable)
            return False
        if self._waits_for_socket:
            self._waits_for_socket = False
            self._loop.remove_writer(self._socket.fileno())
        if self._waits_for_answer:
            return True
        if self._is_draining:
            self.close()
        elif self._unparsed is not None:
            # A turn of its own: answering one client can complete another's request, without end.
            self._loop.call_soon(self._parse_the_rest)
        elif not self._is_reading:
            self._read_on()
        return True

    def _writable(self) -> None:
        self.last_active = self._loop.time()
        self._send()

    def _parse_the_rest(self) -> None:
        unparsed, self._unparsed = self._unparsed, None
        if unparsed is not None and not self.is_closed:
            self._parse(unparsed)

    def _read_on(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            self._loop.add_reader(self._socket.fileno(), self._readable)

    def _stop_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._loop.remove_reader(self._socket.fileno())

    def _close_because(self, reason: str, level: int) -> None:
        if not self.is_closed:
            self._logger.log(level, "Closing the connection from /%s: %s", self.client_address, reason)
            self.close()
