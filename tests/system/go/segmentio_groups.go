package main

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
)

// segmentioCommitted returns what the group has committed for the partitions of its topic.
func segmentioCommitted(run Run, partitions ...int) []kafka.OffsetFetchPartition {
	request := &kafka.OffsetFetchRequest{GroupID: run.Name, Topics: map[string][]int{run.Name: partitions}}
	fetched := get(segmentioClient(run).OffsetFetch(deadline, request))
	must(fetched.Error)
	return fetched.Topics[run.Name]
}

// segmentioSet commits for a group without members, as tools do.
func segmentioSet(run Run, offset int64, metadata string) {
	set := kafka.OffsetCommit{Partition: 0, Offset: offset, Metadata: metadata}
	request := &kafka.OffsetCommitRequest{GroupID: run.Name, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{run.Name: {set}}}
	must(segmentioPatiently(func() error {
		committed, err := segmentioClient(run).OffsetCommit(deadline, request)
		if err != nil {
			return err
		}
		return committed.Topics[run.Name][0].Error
	}))
}

func segmentioManualCommits(run Run) Facts {
	segmentioCreate(run, 1, nil, run.Name)
	segmentioSendAll(run, numbers(0, 10), 0)
	first := segmentioMember(run, 0)
	taken := segmentioTake(first, 6)
	must(first.CommitMessages(deadline, taken[3]))
	facts := Facts{"first": segmentioTexts(taken), "committed": segmentioCommitted(run, 0)[0].CommittedOffset}
	must(first.Close())
	segmentioSet(run, 4, "a note")
	facts["metadata"] = segmentioCommitted(run, 0)[0].Metadata
	second := segmentioMember(run, 0)
	facts["second"] = segmentioTexts(segmentioTake(second, 6))
	must(second.Close())
	return facts
}

// segmentioRead reads messages, which commits each of them.
func segmentioRead(reader *kafka.Reader, count int) []kafka.Message {
	taken := []kafka.Message{}
	for len(taken) < count {
		taken = append(taken, get(reader.ReadMessage(deadline)))
	}
	return taken
}

func segmentioAutomaticCommits(run Run) Facts {
	segmentioCreate(run, 1, nil, run.Name)
	segmentioSendAll(run, numbers(0, 10), 0)
	first := segmentioMember(run, time.Minute)
	facts := Facts{"first": segmentioTexts(segmentioRead(first, 10))}
	must(first.Close())
	facts["committed"] = segmentioCommitted(run, 0)[0].CommittedOffset
	segmentioSendAll(run, []string{"10"}, 0)
	second := segmentioMember(run, time.Minute)
	facts["second"] = segmentioTexts(segmentioRead(second, 1))
	must(second.Close())
	return facts
}

func segmentioPartitions(run Run) Facts {
	segmentioCreate(run, 3, nil, run.Name)
	send := func(first, end int) {
		writer := segmentioWriter(run)
		writer.Balancer = kafka.BalancerFunc(func(message kafka.Message, _ ...int) int { return get(strconv.Atoi(string(message.Key))) })
		messages := []kafka.Message{}
		for number := first; number < end; number++ {
			messages = append(messages, kafka.Message{Key: []byte(strconv.Itoa(number % 3)), Value: []byte(strconv.Itoa(number))})
		}
		must(writer.WriteMessages(deadline, messages...))
		must(writer.Close())
	}
	byPartition := func(messages []kafka.Message) [][]string {
		texts := [][]string{{}, {}, {}}
		for _, message := range messages {
			texts[message.Partition] = append(texts[message.Partition], string(message.Value))
		}
		return texts
	}
	send(0, 30)
	first := segmentioMember(run, 0)
	taken := segmentioTake(first, 30)
	must(first.CommitMessages(deadline, taken...))
	must(first.Close())
	committed := []int64{}
	for _, partition := range segmentioCommitted(run, 0, 1, 2) {
		committed = append(committed, partition.CommittedOffset)
	}
	send(30, 33)
	second := segmentioMember(run, 0)
	rest := byPartition(segmentioTake(second, 3))
	must(second.Close())
	return Facts{"taken": byPartition(taken), "committed": committed, "rest": rest}
}

// segmentioPlace is a member of a group, and the partitions of its newest generation.
type segmentioPlace struct {
	group  *kafka.ConsumerGroup
	shares chan []string
}

func segmentioJoin(run Run) *segmentioPlace {
	group := get(kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID:                run.Name,
		Brokers:           []string{run.Bootstrap},
		Topics:            []string{run.Name + "-a", run.Name + "-b"},
		GroupBalancers:    []kafka.GroupBalancer{segmentioBalancers[run.Variant]},
		HeartbeatInterval: 100 * time.Millisecond,
		JoinGroupBackoff:  100 * time.Millisecond,
	}))
	place := &segmentioPlace{group, make(chan []string)}
	go func() {
		for {
			var generation *kafka.Generation
			err := segmentioPatiently(func() (err error) { generation, err = group.Next(deadline); return })
			switch {
			case errors.Is(err, kafka.ErrGroupClosed):
				return
			case errors.Is(err, kafka.RebalanceInProgress):
				continue // it joins again
			}
			must(err)
			partitions := map[string][]int32{}
			for topic, assigned := range generation.Assignments {
				for _, partition := range assigned {
					partitions[topic] = append(partitions[topic], int32(partition.ID))
				}
			}
			place.shares <- share(partitions)
		}
	}()
	return place
}

// segmentioSettle waits for generations until the members share all six partitions.
func segmentioSettle(first, second *segmentioPlace) [][]string {
	shares := [][]string{{}, {}}
	for {
		select {
		case shares[0] = <-first.shares:
		case shares[1] = <-second.shares:
		case <-deadline.Done():
			must(errors.New("the group has not settled"))
		}
		if found := slices.Clone(shares); settled(found) {
			return found
		}
	}
}

// segmentioTakeAll waits for the generation in which a member has all six partitions.
func segmentioTakeAll(member *segmentioPlace) []string {
	for {
		select {
		case share := <-member.shares:
			if len(share) == 6 {
				return share
			}
		case <-deadline.Done():
			must(errors.New("the last member has not taken all"))
		}
	}
}

func segmentioAssignor(run Run) Facts {
	segmentioCreate(run, 3, nil, run.Name+"-a", run.Name+"-b")
	first, second := segmentioJoin(run), segmentioJoin(run)
	together := segmentioSettle(first, second)
	group := segmentioDescribed(run)
	must(second.group.Close())
	alone := segmentioTakeAll(first)
	must(first.group.Close())
	return Facts{"state": group.GroupState, "members": len(group.Members), "sizes": []int{len(together[0]), len(together[1])}, "alone": alone}
}

func segmentioResets(run Run) Facts {
	segmentioCreate(run, 1, nil, run.Name)
	segmentioSendAll(run, numbers(0, 10), 0)
	next := func() string {
		member := segmentioMember(run, 0)
		defer member.Close()
		return segmentioTexts(segmentioTake(member, 1))[0]
	}
	segmentioSet(run, 7, "")
	facts := Facts{"set": []any{segmentioCommitted(run, 0)[0].CommittedOffset, next()}}
	ends := segmentioEnds(run)
	segmentioSet(run, ends[0], "")
	facts["first"] = []any{segmentioCommitted(run, 0)[0].CommittedOffset, next()}
	segmentioSet(run, ends[1], "")
	segmentioSendAll(run, []string{"10"}, 0)
	facts["last"] = []any{segmentioCommitted(run, 0)[0].CommittedOffset, next()}
	return facts
}
