package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	memberRebalance = 20 * time.Second
	memberHeartbeat = 300 * time.Millisecond
	memberPoll      = 100 * time.Millisecond
	// What was read since the last commit is read again by somebody when the member dies.
	memberCommit = 5 * memberPoll
)

// eventLines prints what a member of a group meets, a line of JSON for each event; several partitions share it.
type eventLines struct {
	mutex sync.Mutex
}

func (lines *eventLines) print(event string, generation int32, facts Facts) {
	lines.mutex.Lock()
	defer lines.mutex.Unlock()
	facts["event"], facts["generation"] = event, generation
	must(json.NewEncoder(os.Stdout).Encode(facts))
}

// placed is a record as the event lines show it: its offset and its number.
func placed(offset int64, value []byte) [2]int64 {
	return [2]int64{offset, get(strconv.ParseInt(strings.Fields(string(value))[0], 10, 64))}
}

// saramaReader is what sarama calls in each generation.
type saramaReader struct {
	lines eventLines
}

// Setup begins a generation.
func (reader *saramaReader) Setup(session sarama.ConsumerGroupSession) error {
	partitions := []int32{}
	for _, numbers := range session.Claims() {
		partitions = append(partitions, numbers...)
	}
	reader.lines.print("assigned", session.GenerationID(), Facts{"member": session.MemberID(), "partitions": partitions})
	return nil
}

// Cleanup ends a generation.
func (reader *saramaReader) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// ConsumeClaim reads one partition in one generation. Whether a commit was taken sarama does not tell.
func (reader *saramaReader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		records := [][2]int64{placed(message.Offset, message.Value)}
		reader.lines.print("read", session.GenerationID(), Facts{"partition": claim.Partition(), "records": records})
		session.MarkMessage(message, "")
	}
	return nil
}

// saramaRunMember is a member of a group until standard input ends.
func saramaRunMember(run Run) Facts {
	config := saramaConfig()
	config.Consumer.Group.Session.Timeout = time.Duration(get(strconv.Atoi(run.Options[0]))) * time.Millisecond
	config.Consumer.Group.Heartbeat.Interval = memberHeartbeat
	config.Consumer.Group.Rebalance.Timeout = memberRebalance
	config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{saramaStrategies[run.Variant]()}
	config.Consumer.Offsets.AutoCommit.Interval = memberCommit
	config.Metadata.Retry.Max = 1000
	if run.Options[1] != "-" {
		config.Consumer.Group.InstanceId = run.Options[1]
	}
	group := get(sarama.NewConsumerGroup([]string{run.Bootstrap}, run.Name, config))
	running, stop := context.WithCancel(context.Background())
	go func() {
		<-inputEnded()
		stop()
	}()
	reader := &saramaReader{}
	for running.Err() == nil {
		if err := group.Consume(running, []string{run.Name}, reader); err != nil {
			reader.lines.print("refused", -1, Facts{"reason": err.Error()})
		}
	}
	must(group.Close())
	return Facts{}
}

// groupReader is a franz-go client, and where it is between two commits.
type groupReader struct {
	lines       eventLines
	client      *kgo.Client
	uncommitted []*kgo.Record
	nextCommit  time.Time
}

// franzRunMember is a member of a group until standard input ends.
func franzRunMember(run Run) Facts {
	reader := &groupReader{}
	assigned := func(_ context.Context, client *kgo.Client, gained map[string][]int32) {
		member, generation := client.GroupMetadata()
		partitions := append([]int32{}, gained[run.Name]...)
		reader.lines.print("assigned", generation, Facts{"member": member, "partitions": partitions})
	}
	revoked := func(context.Context, *kgo.Client, map[string][]int32) { reader.uncommitted = nil }
	options := []kgo.Opt{
		kgo.SessionTimeout(time.Duration(get(strconv.Atoi(run.Options[0]))) * time.Millisecond),
		kgo.HeartbeatInterval(memberHeartbeat),
		kgo.RebalanceTimeout(memberRebalance),
		kgo.Balancers(franzBalancers[run.Variant]),
		kgo.DisableAutoCommit(),
		// Between poll and AllowRebalance no callback runs and no generation begins.
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(assigned), kgo.OnPartitionsRevoked(revoked), kgo.OnPartitionsLost(revoked),
	}
	if run.Options[1] != "-" {
		options = append(options, kgo.InstanceID(run.Options[1]))
	}
	reader.client = franzMember(run, options...)
	for ended := inputEnded(); !closed(ended); reader.client.AllowRebalance() {
		poll, cancel := context.WithTimeout(context.Background(), memberPoll)
		fetched := reader.client.PollFetches(poll)
		cancel()
		_, generation := reader.client.GroupMetadata()
		reader.read(generation, fetched)
		if time.Now().After(reader.nextCommit) {
			reader.commit(generation)
			reader.nextCommit = time.Now().Add(memberCommit)
		}
	}
	reader.client.CloseAllowingRebalance()
	return Facts{}
}

func (reader *groupReader) read(generation int32, fetched kgo.Fetches) {
	fetched.EachPartition(func(partition kgo.FetchTopicPartition) {
		records := [][2]int64{}
		for _, record := range partition.Records {
			records = append(records, placed(record.Offset, record.Value))
		}
		if len(records) > 0 {
			reader.lines.print("read", generation, Facts{"partition": partition.Partition, "records": records})
		}
		reader.uncommitted = append(reader.uncommitted, partition.Records...)
	})
}

func (reader *groupReader) commit(generation int32) {
	if len(reader.uncommitted) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(context.Background(), memberRebalance)
	defer cancel()
	if err := reader.client.CommitRecords(limited, reader.uncommitted...); err != nil {
		reader.lines.print("refused", generation, Facts{"reason": err.Error()})
		return
	}
	ends := map[string]int64{}
	for _, record := range reader.uncommitted {
		ends[strconv.Itoa(int(record.Partition))] = record.Offset + 1
	}
	reader.lines.print("committed", generation, Facts{"offsets": ends})
	reader.uncommitted = nil
}
