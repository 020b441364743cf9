package main

import "github.com/IBM/sarama"

// saramaLeaveGroup leaves a group without members that has committed offset 5.
func saramaLeaveGroup(run Run) {
	saramaCreate(run, 1, nil, run.Name)
	saramaSendAll(run, numbers(0, 5), saramaConfig())
	consumer := saramaJoin(run, saramaConfig(), run.Name)
	for _, message := range saramaReceive(consumer.messages, 5) {
		consumer.current().MarkMessage(message, "")
	}
	consumer.leave()
}

func saramaGroups(run Run) Facts {
	admin := saramaAdmin(run)
	saramaLeaveGroup(run)
	listed := func() bool { _, there := get(admin.ListConsumerGroups())[run.Name]; return there }
	seen := []bool{listed()}
	state := get(admin.DescribeConsumerGroups([]string{run.Name}))[0].State
	offset := saramaCommitted(run).Offset
	must(admin.DeleteConsumerGroup(run.Name))
	seen = append(seen, listed())
	deleted := admin.DeleteConsumerGroup(run.Name)
	return Facts{"listed": seen, "state": state, "offset": offset, "deleted_again": saramaCode(deleted)}
}

func saramaOffsets(run Run) Facts {
	saramaLeaveGroup(run)
	client := get(sarama.NewClient([]string{run.Bootstrap}, saramaConfig()))
	offsets := get(sarama.NewOffsetManagerFromClient(run.Name, client))
	partition := get(offsets.ManagePartition(run.Name, 0))
	partition.ResetOffset(1, "moved")
	must(partition.Close())
	must(offsets.Close())
	altered := saramaCommitted(run)
	must(saramaAdmin(run).DeleteConsumerGroupOffset(run.Name, run.Name, 0))
	left := get(saramaAdmin(run).ListConsumerGroupOffsets(run.Name, nil)).Blocks
	return Facts{"altered": []any{altered.Offset, altered.Metadata}, "left": len(left)}
}
