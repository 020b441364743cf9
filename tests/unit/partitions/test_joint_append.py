from ottla.errors import ErrorCode, KafkaError
from ottla.partitions.joint_append import MOST_BATCHES, JointAppend
from ottla.storage.append_check import AppendOrigin
from ottla.storage.appending import AppendResult, OfferedBatch

BATCH = OfferedBatch(b"", 0, AppendOrigin.CLIENT, 0)


def test_everybody_is_told_what_became_of_their_batch_in_order() -> None:
    joint = JointAppend()
    told: list[object] = []
    for _ in range(3):
        completion = joint.offer(BATCH)
        assert completion is not None
        completion.on_done(lambda each: told.append(each.error or each.result()))
    assert list(joint.take()) == [BATCH] * 3
    refused = KafkaError(ErrorCode.CORRUPT_MESSAGE)
    results = [AppendResult(0, 0, -1, 0), refused, AppendResult(1, 1, -1, 0)]
    joint.settle(results)
    assert told == results


def test_nobody_joins_who_is_too_late() -> None:
    joint = JointAppend()
    assert joint.offer(BATCH) is not None
    joint.take()
    assert joint.offer(BATCH) is None
    failed = JointAppend()
    completion = failed.offer(BATCH)
    assert completion is not None
    failed.fail(KafkaError(ErrorCode.KAFKA_STORAGE_ERROR))
    assert failed.offer(BATCH) is None
    assert isinstance(completion.error, KafkaError)


def test_so_many_go_together_and_no_more() -> None:
    joint = JointAppend()
    assert all(joint.offer(BATCH) is not None for _ in range(MOST_BATCHES))
    assert joint.offer(BATCH) is None
