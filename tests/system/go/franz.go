package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

var franzBehaviours = map[string]func(Run) Facts{
	"contents":          franzContents,
	"null-headers":      franzNullHeaders,
	"compression":       franzCompression,
	"acks":              franzAcks,
	"idempotence":       franzIdempotence,
	"large":             franzLarge,
	"refusals":          franzRefusals,
	"seek":              franzSeek,
	"manual-commits":    franzManualCommits,
	"automatic-commits": franzAutomaticCommits,
	"partitions":        franzPartitions,
	"assignor":          franzAssignor,
	"topics":            franzTopics,
	"configs":           franzConfigs,
	"groups":            franzGroups,
	"resets":            franzResets,
	"offsets":           franzOffsets,
	"records":           franzRecords,
	"cluster":           franzCluster,
	"transactions":      franzTransactions,
	"member":            franzRunMember,
}

var franzCodecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

var franzBalancers = map[string]kgo.GroupBalancer{
	"range":              kgo.RangeBalancer(),
	"roundrobin":         kgo.RoundRobinBalancer(),
	"sticky":             kgo.StickyBalancer(),
	"cooperative-sticky": kgo.CooperativeStickyBalancer(),
}

var deadline, _ = context.WithTimeout(context.Background(), wait) // lives as long as the run

func franzOpen(run Run, options ...kgo.Opt) *kgo.Client {
	return get(kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(run.Bootstrap)}, options...)...))
}

func franzAdmin(run Run) *kadm.Client {
	return kadm.NewClient(franzOpen(run))
}

func franzReader(run Run, at kgo.Offset) *kgo.Client {
	places := map[string]map[int32]kgo.Offset{run.Name: {0: at}}
	return franzOpen(run, kgo.ConsumePartitions(places))
}

func franzMember(run Run, options ...kgo.Opt) *kgo.Client {
	return franzOpen(run, append([]kgo.Opt{
		kgo.ConsumerGroup(run.Name),
		kgo.ConsumeTopics(run.Name),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.HeartbeatInterval(100 * time.Millisecond),
	}, options...)...)
}

func franzTake(client *kgo.Client, count int) []*kgo.Record {
	taken := []*kgo.Record{}
	for len(taken) < count {
		fetched := client.PollRecords(deadline, count-len(taken))
		must(fetched.Err())
		taken = append(taken, fetched.Records()...)
	}
	return taken
}

func franzTexts(records []*kgo.Record) []string {
	texts := []string{}
	for _, record := range records {
		texts = append(texts, string(record.Value))
	}
	return texts
}

func franzCode(err error) int16 {
	var refused *kerr.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	must(err)
	return 0
}

func franzCreate(run Run, partitions int32, configs map[string]*string, topics ...string) {
	for _, created := range get(franzAdmin(run).CreateTopics(deadline, partitions, 1, configs, topics...)) {
		must(created.Err)
	}
	there := func() bool { return get(franzAdmin(run).ListTopics(deadline, topics...)).Error() == nil }
	soon(there, true)
}

// franzSend sends values to partition 0 and returns their offsets.
func franzSend(run Run, values []string, options ...kgo.Opt) []int64 {
	client := franzOpen(run, append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	defer client.Close()
	records := []*kgo.Record{}
	for _, value := range values {
		records = append(records, &kgo.Record{Topic: run.Name, Value: []byte(value)})
	}
	must(client.ProduceSync(deadline, records...).FirstErr())
	offsets := []int64{}
	for _, record := range records {
		offsets = append(offsets, record.Offset)
	}
	return offsets
}

func franzContents(run Run) Facts {
	client := franzOpen(run, kgo.AllowAutoTopicCreation(), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	headers := []kgo.RecordHeader{{Key: "trace", Value: []byte{0, 255}}, {Key: "trace", Value: []byte{}}, {Key: "näme", Value: []byte("value")}}
	sent := []*kgo.Record{{Key: []byte("key"), Value: []byte("value"), Headers: headers}, {Key: []byte{}}, {Value: []byte{}}}
	offsets := []int64{}
	for at, record := range sent {
		record.Topic, record.Timestamp = run.Name, time.UnixMilli(firstTimestamp+int64(at))
		must(client.ProduceSync(deadline, record).FirstErr())
		offsets = append(offsets, record.Offset)
	}
	records := []Record{}
	for _, record := range franzTake(franzReader(run, kgo.NewOffset().AtStart()), 3) {
		headers := [][2]string{}
		for _, header := range record.Headers {
			headers = append(headers, [2]string{header.Key, *hexOf(header.Value)})
		}
		records = append(records, Record{record.Offset, hexOf(record.Key), hexOf(record.Value), headers, record.Timestamp.UnixMilli()})
	}
	return Facts{"offsets": offsets, "records": records}
}

func franzNullHeaders(run Run) Facts {
	franzCreate(run, 1, nil, run.Name)
	sent := []kgo.RecordHeader{{Key: "none"}, {Key: "empty", Value: []byte{}}}
	must(franzOpen(run).ProduceSync(deadline, &kgo.Record{Topic: run.Name, Value: []byte("value"), Headers: sent}).FirstErr())
	headers := [][]*string{}
	for _, header := range franzTake(franzReader(run, kgo.NewOffset().AtStart()), 1)[0].Headers {
		headers = append(headers, showHeader(header.Key, header.Value))
	}
	return Facts{"headers": headers}
}

func franzCompression(run Run) Facts {
	franzCreate(run, 1, nil, run.Name)
	produced := franzSend(run, longValues(), kgo.ProducerBatchCompression(franzCodecs[run.Variant]), kgo.ProducerLinger(50*time.Millisecond))
	records := franzTake(franzReader(run, kgo.NewOffset().AtStart()), recordCount)
	consumed := []int64{}
	for _, record := range records {
		consumed = append(consumed, record.Offset)
	}
	return Facts{"produced": produced, "consumed": consumed, "values": franzTexts(records)}
}

func franzAcks(run Run) Facts {
	franzCreate(run, 1, nil, run.Name)
	acks := map[string]kgo.Acks{"0": kgo.NoAck(), "1": kgo.LeaderAck(), "all": kgo.AllISRAcks()}[run.Variant]
	franzSend(run, []string{"value"}, kgo.RequiredAcks(acks), kgo.DisableIdempotentWrite())
	return Facts{"values": franzTexts(franzTake(franzReader(run, kgo.NewOffset().AtStart()), 1))}
}

func franzIdempotence(run Run) Facts {
	franzCreate(run, 1, nil, run.Name)
	franzSend(run, numbers(0, recordCount), kgo.ProducerBatchMaxBytes(1000))
	return Facts{"values": franzTexts(franzTake(franzReader(run, kgo.NewOffset().AtStart()), recordCount))}
}

func franzLarge(run Run) Facts {
	franzCreate(run, 1, nil, run.Name)
	client := franzOpen(run, kgo.ProducerBatchMaxBytes(2_000_000), kgo.ProducerBatchCompression(kgo.NoCompression()))
	send := func(size int) (int64, error) {
		record := &kgo.Record{Topic: run.Name, Value: []byte(strings.Repeat("x", size))}
		err := client.ProduceSync(deadline, record).FirstErr()
		return record.Offset, err
	}
	taken := get(send(largestValueBytes))
	_, refused := send(largestValueBytes + 1)
	after := get(send(5))
	sizes := []int{}
	for _, record := range franzTake(franzReader(run, kgo.NewOffset().AtStart()), 2) {
		sizes = append(sizes, len(record.Value))
	}
	return Facts{"taken": taken, "refused": franzCode(refused), "after": after, "sizes": sizes}
}

func franzRefusals(run Run) Facts {
	client := franzOpen(run, kgo.UnknownTopicRetries(0))
	produced := client.ProduceSync(deadline, &kgo.Record{Topic: run.Name, Value: []byte("value")}).FirstErr()
	described := get(franzAdmin(run).ListTopics(deadline, run.Name))[run.Name].Err
	invalid := get(franzAdmin(run).CreateTopics(deadline, 1, 1, nil, "no name"))["no name"].Err
	return Facts{"produced": franzCode(produced), "described": franzCode(described), "invalid_name": franzCode(invalid)}
}

func franzEnds(run Run) []int64 {
	admin := franzAdmin(run)
	first, _ := get(admin.ListStartOffsets(deadline, run.Name)).Lookup(run.Name, 0)
	last, _ := get(admin.ListEndOffsets(deadline, run.Name)).Lookup(run.Name, 0)
	return []int64{first.Offset, last.Offset}
}

// franzByTime returns the offset and the time of the first record that is not older; nil where there is none.
func franzByTime(run Run, timestamp int64) any {
	found, _ := get(franzAdmin(run).ListOffsetsAfterMilli(deadline, timestamp, run.Name)).Lookup(run.Name, 0)
	if found.Timestamp < 0 {
		return nil
	}
	return []int64{found.Offset, found.Timestamp}
}

func franzSeek(run Run) Facts {
	franzCreate(run, 1, nil, run.Name)
	producer := franzOpen(run)
	for at, text := range numbers(0, 100) {
		timestamp := time.UnixMilli(1_000_000 + int64(at)*1000)
		producer.Produce(deadline, &kgo.Record{Topic: run.Name, Value: []byte(text), Timestamp: timestamp}, nil)
	}
	must(producer.Flush(deadline))
	facts := Facts{"ends": franzEnds(run), "by_time": franzByTime(run, 1_050_500), "after_the_last": franzByTime(run, 2_000_000)}
	consumer := franzReader(run, kgo.NewOffset().At(42))
	facts["at_42"] = franzTexts(franzTake(consumer, 3))
	consumer.SetOffsets(map[string]map[int32]kgo.EpochOffset{run.Name: {0: {Epoch: -1, Offset: 0}}})
	facts["beginning"] = franzTexts(franzTake(consumer, 1))
	end := franzEnds(run)[1]
	consumer.SetOffsets(map[string]map[int32]kgo.EpochOffset{run.Name: {0: {Epoch: -1, Offset: end}}})
	franzSend(run, []string{"last"})
	facts["end"] = franzTexts(franzTake(consumer, 1))
	reset := franzOpen(run,
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{run.Name: {0: kgo.NewOffset().At(5000)}}),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	facts["reset"] = franzTexts(franzTake(reset, 1))
	return facts
}

func franzCommitted(run Run) kadm.Offset {
	committed, _ := get(franzAdmin(run).FetchOffsets(deadline, run.Name)).Lookup(run.Name, 0)
	must(committed.Err)
	return committed.Offset
}

func franzManualCommits(run Run) Facts {
	franzCreate(run, 1, nil, run.Name)
	franzSend(run, numbers(0, 10))
	first := franzMember(run, kgo.DisableAutoCommit())
	facts := Facts{"first": franzTexts(franzTake(first, 6))}
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: run.Name, Partition: 0, At: 4, LeaderEpoch: -1, Metadata: "a note"})
	first.CommitOffsetsSync(deadline, map[string]map[int32]kgo.EpochOffset{run.Name: {0: {Epoch: -1, Offset: 4}}}, nil)
	facts["committed"] = franzCommitted(run).At
	first.Close()
	must(get(franzAdmin(run).CommitOffsets(deadline, run.Name, offsets)).Error())
	facts["metadata"] = franzCommitted(run).Metadata
	second := franzMember(run, kgo.DisableAutoCommit())
	defer second.Close()
	facts["second"] = franzTexts(franzTake(second, 6))
	return facts
}

func franzAutomaticCommits(run Run) Facts {
	franzCreate(run, 1, nil, run.Name)
	franzSend(run, numbers(0, 10))
	first := franzMember(run)
	facts := Facts{"first": franzTexts(franzTake(first, 10))}
	// What was polled is committed when the next poll begins.
	poll, cancel := context.WithTimeout(deadline, 10*time.Millisecond)
	first.PollFetches(poll)
	cancel()
	first.Close()
	facts["committed"] = franzCommitted(run).At
	franzSend(run, []string{"10"})
	second := franzMember(run)
	defer second.Close()
	facts["second"] = franzTexts(franzTake(second, 1))
	return facts
}

// franzShare is what one member owns, kept by its callbacks.
type franzShare struct {
	mutex  sync.Mutex
	owned  map[string][]int32
	client *kgo.Client
}

func franzJoin(run Run, balancer kgo.GroupBalancer) *franzShare {
	member := &franzShare{owned: map[string][]int32{}}
	gain := func(_ context.Context, _ *kgo.Client, gained map[string][]int32) {
		member.mutex.Lock()
		defer member.mutex.Unlock()
		for topic, partitions := range gained {
			member.owned[topic] = append(member.owned[topic], partitions...)
		}
	}
	lose := func(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
		member.mutex.Lock()
		defer member.mutex.Unlock()
		for topic, partitions := range lost {
			member.owned[topic] = slices.DeleteFunc(member.owned[topic], func(each int32) bool { return slices.Contains(partitions, each) })
		}
	}
	member.client = franzMember(run, kgo.ConsumeTopics(run.Name+"-a", run.Name+"-b"), kgo.Balancers(balancer),
		kgo.OnPartitionsAssigned(gain), kgo.OnPartitionsRevoked(lose), kgo.OnPartitionsLost(lose), kgo.DisableAutoCommit())
	return member
}

func (member *franzShare) share() []string {
	member.mutex.Lock()
	defer member.mutex.Unlock()
	return share(member.owned)
}

func franzSettle(members ...*franzShare) [][]string {
	for deadline.Err() == nil {
		shares := [][]string{}
		for _, member := range members {
			poll, cancel := context.WithTimeout(deadline, 20*time.Millisecond)
			member.client.PollFetches(poll)
			cancel()
			shares = append(shares, member.share())
		}
		if settled(shares) {
			return shares
		}
	}
	fmt.Fprintln(os.Stderr, "the group has not settled")
	os.Exit(1)
	return nil
}

func franzAssignor(run Run) Facts {
	franzCreate(run, 3, nil, run.Name+"-a", run.Name+"-b")
	first, second := franzJoin(run, franzBalancers[run.Variant]), franzJoin(run, franzBalancers[run.Variant])
	together := franzSettle(first, second)
	// A cooperative group is not stable before the last of its rebalances.
	group := get(franzAdmin(run).DescribeGroups(deadline, run.Name))[run.Name]
	for group.State != "Stable" && deadline.Err() == nil {
		franzSettle(first, second)
		group = get(franzAdmin(run).DescribeGroups(deadline, run.Name))[run.Name]
	}
	second.client.Close()
	alone := franzSettle(first)
	first.client.Close()
	return assignorFacts(run.Variant, group.Protocol, group.State, len(group.Members), together, alone[0])
}

func franzTopics(run Run) Facts {
	admin := franzAdmin(run)
	franzCreate(run, 2, nil, run.Name)
	partitions := func() int { return len(get(admin.ListTopics(deadline, run.Name))[run.Name].Partitions) }
	listed := func() bool { return get(admin.ListTopics(deadline)).Has(run.Name) }
	counts, seen := []int{partitions()}, []bool{listed()}
	again := get(admin.CreateTopics(deadline, 2, 1, nil, run.Name))[run.Name].Err
	must(get(admin.UpdatePartitions(deadline, 4, run.Name)).Error())
	counts = append(counts, soon(partitions, 4))
	fewer := get(admin.UpdatePartitions(deadline, 1, run.Name))[run.Name].Err
	must(get(admin.DeleteTopics(deadline, run.Name))[run.Name].Err)
	seen = append(seen, soon(listed, false))
	deleted := get(admin.DeleteTopics(deadline, run.Name))[run.Name].Err
	return Facts{"partitions": counts, "again": franzCode(again), "fewer": franzCode(fewer), "listed": seen, "deleted_again": franzCode(deleted)}
}

func franzConfigs(run Run) Facts {
	admin := franzAdmin(run)
	minute := "60000"
	franzCreate(run, 1, map[string]*string{"retention.ms": &minute}, run.Name)
	described := func() []string {
		values := map[string]string{}
		for _, config := range get(get(admin.DescribeTopicConfigs(deadline, run.Name)).On(run.Name, nil)).Configs {
			values[config.Key] = config.MaybeValue()
		}
		return []string{values["retention.ms"], values["segment.ms"]}
	}
	alter := func(name, value string) error {
		change := kadm.AlterConfig{Op: kadm.SetConfig, Name: name, Value: &value}
		return get(admin.AlterTopicConfigs(deadline, []kadm.AlterConfig{change}, run.Name))[0].Err
	}
	created := described()
	must(alter("segment.ms", "2000000"))
	return Facts{"created": created, "altered": soon(described, []string{minute, "2000000"}), "invalid": franzCode(alter("retention.ms", "soon"))}
}

// franzLeaveGroup leaves a group without members that has committed offset 5.
func franzLeaveGroup(run Run) {
	franzCreate(run, 1, nil, run.Name)
	franzSend(run, numbers(0, 5))
	consumer := franzMember(run, kgo.DisableAutoCommit())
	franzTake(consumer, 5)
	must(consumer.CommitUncommittedOffsets(deadline))
	consumer.Close()
}

func franzGroups(run Run) Facts {
	admin := franzAdmin(run)
	franzLeaveGroup(run)
	listed := func() bool { return slices.Contains(get(admin.ListGroups(deadline)).Groups(), run.Name) }
	seen := []bool{listed()}
	state := get(admin.DescribeGroups(deadline, run.Name))[run.Name].State
	offset := franzCommitted(run).At
	must(get(admin.DeleteGroups(deadline, run.Name))[run.Name].Err)
	seen = append(seen, listed())
	deleted := get(admin.DeleteGroups(deadline, run.Name))[run.Name].Err
	return Facts{"listed": seen, "state": state, "offset": offset, "deleted_again": franzCode(deleted)}
}

func franzOffsets(run Run) Facts {
	admin := franzAdmin(run)
	franzLeaveGroup(run)
	wanted := kadm.Offsets{}
	wanted.Add(kadm.Offset{Topic: run.Name, Partition: 0, At: 1, LeaderEpoch: -1, Metadata: "moved"})
	must(get(admin.CommitOffsets(deadline, run.Name, wanted)).Error())
	altered := franzCommitted(run)
	must(get(admin.DeleteOffsets(deadline, run.Name, wanted.TopicsSet())).Error())
	left := len(get(admin.FetchOffsets(deadline, run.Name)))
	return Facts{"altered": []any{altered.At, altered.Metadata}, "left": left}
}

func franzRecords(run Run) Facts {
	franzCreate(run, 1, nil, run.Name)
	franzSend(run, numbers(0, 5))
	remove := func(before int64) kadm.DeleteRecordsResponse {
		offsets := kadm.Offsets{}
		offsets.Add(kadm.Offset{Topic: run.Name, Partition: 0, At: before})
		removed, _ := get(franzAdmin(run).DeleteRecords(deadline, offsets)).Lookup(run.Name, 0)
		return removed
	}
	removed := remove(3)
	must(removed.Err)
	return Facts{"low_watermark": removed.LowWatermark, "ends": franzEnds(run), "beyond": franzCode(remove(50).Err)}
}

func franzCluster(run Run) Facts {
	described := get(franzAdmin(run).BrokerMetadata(deadline))
	return Facts{"nodes": described.Brokers.NodeIDs(), "controller": described.Controller, "cluster_id_length": len(described.Cluster)}
}

func franzTransactions(run Run) Facts {
	client := franzOpen(run, kgo.TransactionalID(run.Name))
	_, _, err := client.ProducerID(deadline)
	return Facts{"refused": franzCode(err)}
}
