"""One life of a member: its process, and what it has said so far as events."""

from dataclasses import dataclass, field

from tests.support.processes import FollowedProcess
from tests.system.group_invariants.observations import Life, Read, is_cut, parse_event

# A member that leaves says good-bye; one whose broker has just come back finds it again first.
END_TIMEOUT_S = 60.0


@dataclass(slots=True)
class Member:
    """A member's process, whose lines become events when they are asked for."""

    process: FollowedProcess
    life: Life
    read_ends: dict[int, int] = field(default_factory=dict)
    """The offset after the last record that was read, by partition."""
    _parsed: int = 0

    def catch_up(self) -> None:
        """Take what the process has said since the last call; raises AssertionError when it has ended by itself."""
        assert self.process.running, (
            f"{self.life.owner} ({self.life.client}) has ended:\n{self.process.tail()}"
        )
        self._take_lines()

    def kill(self) -> None:
        """End the process as a crash does, maybe in the midst of a line."""
        self.process.process.kill()
        self.process.end(END_TIMEOUT_S)
        if self.process.lines and is_cut(self.process.lines[-1]):
            del self.process.lines[-1]
        self._take_lines()

    def leave(self) -> None:
        """Let the process leave its group and end; raises AssertionError when it fails at that."""
        self.process.end_input()
        code = self.process.end(END_TIMEOUT_S)
        self._take_lines()
        assert code == 0, f"{self.life.owner} ({self.life.client}) has failed:\n{self.process.tail()}"

    def _take_lines(self) -> None:
        lines = self.process.lines[self._parsed :]
        self._parsed += len(lines)
        for event in filter(None, map(parse_event, lines)):
            self.life.events.append(event)
            if isinstance(event, Read):
                self.read_ends[event.partition] = event.records[-1][0] + 1
