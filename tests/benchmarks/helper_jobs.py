"""The jobs of `tests.benchmarks.helpers`, where a helper process finds them: that module runs as the main program."""

from __future__ import annotations

from pathlib import Path

from ottla.partitions.cleaning_job import CleaningJob, clean_log
from ottla.storage.compaction import CompactionResult
from ottla.storage.log_recovery import LoadRequest, recover_log


def forget_recovery(directory: Path) -> None:
    """Delete what a recovery has made, so that another one has as much to do."""
    for pattern in ("*.index", "*.timeindex", "*.snapshot"):
        for path in directory.glob(pattern):
            path.unlink()


def recover_again(request: LoadRequest) -> None:
    """Recover a log as if for the first time: a job."""
    forget_recovery(request.directory)
    recover_log(request)


def clean_again(job: CleaningJob) -> CompactionResult:
    """Clean a log as if for the first time: a job."""
    result = clean_log(job)
    assert result is not None
    for path in job.request.directory.glob("*.cleaned"):
        if not path.name.endswith(".snapshot.cleaned"):
            path.unlink()
    return result
