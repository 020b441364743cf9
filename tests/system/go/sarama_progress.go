package main

import (
	"strconv"

	"github.com/IBM/sarama"
)

func saramaPartitions(run Run) Facts {
	saramaCreate(run, 3, nil, run.Name)
	send := func(first, end int) {
		messages := []*sarama.ProducerMessage{}
		for number := first; number < end; number++ {
			messages = append(messages, &sarama.ProducerMessage{Topic: run.Name, Partition: int32(number % 3), Value: sarama.StringEncoder(strconv.Itoa(number))})
		}
		must(saramaProducer(run, saramaConfig()).SendMessages(messages))
	}
	byPartition := func(messages []*sarama.ConsumerMessage) [][]string {
		texts := [][]string{{}, {}, {}}
		for _, message := range messages {
			texts[message.Partition] = append(texts[message.Partition], string(message.Value))
		}
		return texts
	}
	send(0, 30)
	first := saramaJoin(run, saramaConfig(), run.Name)
	taken := saramaReceive(first.messages, 30)
	for _, message := range taken {
		first.current().MarkMessage(message, "")
	}
	first.leave()
	committed := []int64{}
	fetched := get(saramaAdmin(run).ListConsumerGroupOffsets(run.Name, map[string][]int32{run.Name: {0, 1, 2}}))
	for partition := range int32(3) {
		committed = append(committed, fetched.GetBlock(run.Name, partition).Offset)
	}
	send(30, 33)
	second := saramaJoin(run, saramaConfig(), run.Name)
	rest := byPartition(saramaReceive(second.messages, 3))
	second.leave()
	return Facts{"taken": byPartition(taken), "committed": committed, "rest": rest}
}

// saramaSet commits for a group without members, by an offset manager that has none either.
func saramaSet(run Run, offset int64) {
	client := get(sarama.NewClient([]string{run.Bootstrap}, saramaConfig()))
	offsets := get(sarama.NewOffsetManagerFromClient(run.Name, client))
	partition := get(offsets.ManagePartition(run.Name, 0))
	partition.MarkOffset(offset, "")
	partition.ResetOffset(offset, "")
	offsets.Commit()
	partition.AsyncClose()
	must(offsets.Close())
	must(client.Close())
}

func saramaResets(run Run) Facts {
	saramaCreate(run, 1, nil, run.Name)
	saramaSendAll(run, numbers(0, 10), saramaConfig())
	found := func() []any {
		committed := saramaCommitted(run).Offset
		member := saramaJoin(run, saramaConfig(), run.Name)
		defer member.leave()
		return []any{committed, saramaTexts(saramaReceive(member.messages, 1))[0]}
	}
	saramaSet(run, 7)
	facts := Facts{"set": found()}
	ends := saramaEnds(run)
	saramaSet(run, ends[0])
	facts["first"] = found()
	saramaSet(run, ends[1])
	saramaSendAll(run, []string{"10"}, saramaConfig())
	facts["last"] = found()
	return facts
}
