package main

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func franzPartitions(run Run) Facts {
	franzCreate(run, 3, nil, run.Name)
	send := func(first, end int) {
		client := franzOpen(run, kgo.RecordPartitioner(kgo.ManualPartitioner()))
		for number := first; number < end; number++ {
			client.Produce(deadline, &kgo.Record{Topic: run.Name, Partition: int32(number % 3), Value: []byte(strconv.Itoa(number))}, nil)
		}
		must(client.Flush(deadline))
	}
	byPartition := func(records []*kgo.Record) [][]string {
		texts := [][]string{{}, {}, {}}
		for _, record := range records {
			texts[record.Partition] = append(texts[record.Partition], string(record.Value))
		}
		return texts
	}
	send(0, 30)
	first := franzMember(run, kgo.DisableAutoCommit())
	taken := franzTake(first, 30)
	must(first.CommitRecords(deadline, taken...))
	first.Close()
	committed := []int64{}
	fetched := get(franzAdmin(run).FetchOffsets(deadline, run.Name))
	for partition := range int32(3) {
		found, _ := fetched.Lookup(run.Name, partition)
		committed = append(committed, found.At)
	}
	send(30, 33)
	second := franzMember(run, kgo.DisableAutoCommit())
	defer second.Close()
	return Facts{"taken": byPartition(taken), "committed": committed, "rest": byPartition(franzTake(second, 3))}
}

func franzResets(run Run) Facts {
	franzCreate(run, 1, nil, run.Name)
	franzSend(run, numbers(0, 10))
	set := func(offset int64) {
		offsets := kadm.Offsets{}
		offsets.Add(kadm.Offset{Topic: run.Name, Partition: 0, At: offset, LeaderEpoch: -1})
		must(get(franzAdmin(run).CommitOffsets(deadline, run.Name, offsets)).Error())
	}
	found := func() []any {
		member := franzMember(run, kgo.DisableAutoCommit())
		defer member.Close()
		return []any{franzCommitted(run).At, franzTexts(franzTake(member, 1))[0]}
	}
	set(7)
	facts := Facts{"set": found()}
	ends := franzEnds(run)
	set(ends[0])
	facts["first"] = found()
	set(ends[1])
	franzSend(run, []string{"10"})
	facts["last"] = found()
	return facts
}
