package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

var saramaBehaviours = map[string]func(Run) Facts{
	"contents":          saramaContents,
	"null-headers":      saramaNullHeaders,
	"compression":       saramaCompression,
	"acks":              saramaAcks,
	"idempotence":       saramaIdempotence,
	"large":             saramaLarge,
	"refusals":          saramaRefusals,
	"seek":              saramaSeek,
	"manual-commits":    saramaManualCommits,
	"automatic-commits": saramaAutomaticCommits,
	"partitions":        saramaPartitions,
	"assignor":          saramaAssignor,
	"topics":            saramaTopics,
	"configs":           saramaConfigs,
	"groups":            saramaGroups,
	"resets":            saramaResets,
	"offsets":           saramaOffsets,
	"records":           saramaRecords,
	"cluster":           saramaCluster,
	"transactions":      saramaTransactions,
	"numbered":          saramaNumbered,
	"member":            saramaRunMember,
}

var saramaCodecs = map[string]sarama.CompressionCodec{
	"none":   sarama.CompressionNone,
	"gzip":   sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy,
	"lz4":    sarama.CompressionLZ4,
	"zstd":   sarama.CompressionZSTD,
}

var saramaStrategies = map[string]func() sarama.BalanceStrategy{
	"range":              sarama.NewBalanceStrategyRange,
	"roundrobin":         sarama.NewBalanceStrategyRoundRobin,
	"sticky":             sarama.NewBalanceStrategySticky,
	"cooperative-sticky": sarama.NewBalanceStrategyCooperativeSticky,
}

func saramaConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V4_1_1_0
	config.Producer.Return.Successes = true
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Group.Heartbeat.Interval = 100 * time.Millisecond
	config.Consumer.Retry.Backoff = 100 * time.Millisecond
	return config
}

func saramaAdmin(run Run) sarama.ClusterAdmin {
	config := saramaConfig()
	config.Metadata.AllowAutoTopicCreation = false
	return get(sarama.NewClusterAdmin([]string{run.Bootstrap}, config))
}

func saramaProducer(run Run, config *sarama.Config) sarama.SyncProducer {
	return get(sarama.NewSyncProducer([]string{run.Bootstrap}, config))
}

// saramaSendAll sends values to partition 0 by the asynchronous producer and returns their offsets.
func saramaSendAll(run Run, values []string, config *sarama.Config) []int64 {
	producer := get(sarama.NewAsyncProducer([]string{run.Bootstrap}, config))
	go func() {
		for _, value := range values {
			producer.Input() <- &sarama.ProducerMessage{Topic: run.Name, Value: sarama.StringEncoder(value)}
		}
	}()
	offsets := []int64{}
	for len(offsets) < len(values) {
		select {
		case sent := <-producer.Successes():
			offsets = append(offsets, sent.Offset)
		case failed := <-producer.Errors():
			must(failed)
		}
	}
	must(producer.Close())
	return offsets
}

// saramaTake reads `count` records of partition 0 by a partition consumer.
func saramaTake(run Run, offset int64, count int) []*sarama.ConsumerMessage {
	config := saramaConfig()
	config.Consumer.Fetch.Default = 2_000_000
	consumer := get(sarama.NewConsumer([]string{run.Bootstrap}, config))
	partition := get(consumer.ConsumePartition(run.Name, 0, offset))
	return saramaReceive(partition.Messages(), count)
}

func saramaReceive(messages <-chan *sarama.ConsumerMessage, count int) []*sarama.ConsumerMessage {
	taken := []*sarama.ConsumerMessage{}
	for len(taken) < count {
		select {
		case message := <-messages:
			taken = append(taken, message)
		case <-deadline.Done():
			must(fmt.Errorf("only %d of %d records came", len(taken), count))
		}
	}
	return taken
}

func saramaTexts(messages []*sarama.ConsumerMessage) []string {
	texts := []string{}
	for _, message := range messages {
		texts = append(texts, string(message.Value))
	}
	return texts
}

func saramaCode(err error) int16 {
	var refused sarama.KError
	if errors.As(err, &refused) {
		return int16(refused)
	}
	must(err)
	return 0
}

func saramaCreate(run Run, partitions int32, configs map[string]*string, topics ...string) {
	for _, topic := range topics {
		detail := &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: configs}
		must(saramaAdmin(run).CreateTopic(topic, detail, false))
		there := func() bool { return get(saramaAdmin(run).DescribeTopics([]string{topic}))[0].Err == sarama.ErrNoError }
		soon(there, true)
	}
}

func saramaContents(run Run) Facts {
	headers := []sarama.RecordHeader{
		{Key: []byte("trace"), Value: []byte{0, 255}}, {Key: []byte("trace"), Value: []byte{}}, {Key: []byte("näme"), Value: []byte("value")},
	}
	sent := []*sarama.ProducerMessage{
		{Key: sarama.StringEncoder("key"), Value: sarama.StringEncoder("value"), Headers: headers},
		{Key: sarama.ByteEncoder{}},
		{Value: sarama.ByteEncoder{}},
	}
	producer := saramaProducer(run, saramaConfig())
	offsets := []int64{}
	for at, message := range sent {
		message.Topic, message.Timestamp = run.Name, time.UnixMilli(firstTimestamp+int64(at))
		_, offset, err := producer.SendMessage(message)
		must(err)
		offsets = append(offsets, offset)
	}
	records := []Record{}
	for _, message := range saramaTake(run, 0, 3) {
		headers := [][2]string{}
		for _, header := range message.Headers {
			headers = append(headers, [2]string{string(header.Key), *hexOf(append([]byte{}, header.Value...))})
		}
		records = append(records, Record{message.Offset, hexOf(message.Key), hexOf(message.Value), headers, message.Timestamp.UnixMilli()})
	}
	return Facts{"offsets": offsets, "records": records}
}

func saramaNullHeaders(run Run) Facts {
	saramaCreate(run, 1, nil, run.Name)
	sent := []sarama.RecordHeader{{Key: []byte("none")}, {Key: []byte("empty"), Value: []byte{}}}
	message := &sarama.ProducerMessage{Topic: run.Name, Value: sarama.StringEncoder("value"), Headers: sent}
	must(saramaProducer(run, saramaConfig()).SendMessages([]*sarama.ProducerMessage{message}))
	headers := [][]*string{}
	for _, header := range saramaTake(run, 0, 1)[0].Headers {
		headers = append(headers, showHeader(string(header.Key), header.Value))
	}
	return Facts{"headers": headers}
}

func saramaCompression(run Run) Facts {
	saramaCreate(run, 1, nil, run.Name)
	config := saramaConfig()
	config.Producer.Compression = saramaCodecs[run.Variant]
	config.Producer.Flush.Frequency = 50 * time.Millisecond
	produced := saramaSendAll(run, longValues(), config)
	messages := saramaTake(run, 0, recordCount)
	consumed := []int64{}
	for _, message := range messages {
		consumed = append(consumed, message.Offset)
	}
	return Facts{"produced": produced, "consumed": consumed, "values": saramaTexts(messages)}
}

func saramaAcks(run Run) Facts {
	saramaCreate(run, 1, nil, run.Name)
	config := saramaConfig()
	config.Producer.RequiredAcks = map[string]sarama.RequiredAcks{"0": sarama.NoResponse, "1": sarama.WaitForLocal, "all": sarama.WaitForAll}[run.Variant]
	_, _, err := saramaProducer(run, config).SendMessage(&sarama.ProducerMessage{Topic: run.Name, Value: sarama.StringEncoder("value")})
	must(err)
	return Facts{"values": saramaTexts(saramaTake(run, 0, 1))}
}

func saramaIdempotence(run Run) Facts {
	saramaCreate(run, 1, nil, run.Name)
	config := saramaConfig()
	config.Producer.Idempotent = true
	config.Net.MaxOpenRequests = 1
	config.Producer.Flush.MaxMessages = 50
	saramaSendAll(run, numbers(0, recordCount), config)
	return Facts{"values": saramaTexts(saramaTake(run, 0, recordCount))}
}

func saramaLarge(run Run) Facts {
	saramaCreate(run, 1, nil, run.Name)
	config := saramaConfig()
	config.Producer.MaxMessageBytes = 2_000_000
	producer := saramaProducer(run, config)
	send := func(size int) (int64, error) {
		value := sarama.StringEncoder(strings.Repeat("x", size))
		_, offset, err := producer.SendMessage(&sarama.ProducerMessage{Topic: run.Name, Value: value})
		return offset, err
	}
	taken := get(send(largestValueBytes))
	_, refused := send(largestValueBytes + 1)
	after := get(send(5))
	sizes := []int{}
	for _, message := range saramaTake(run, 0, 2) {
		sizes = append(sizes, len(message.Value))
	}
	return Facts{"taken": taken, "refused": saramaCode(refused), "after": after, "sizes": sizes}
}

func saramaRefusals(run Run) Facts {
	config := saramaConfig()
	config.Metadata.AllowAutoTopicCreation = false
	config.Metadata.Retry.Max = 0
	config.Producer.Retry.Max = 0
	_, _, produced := saramaProducer(run, config).SendMessage(&sarama.ProducerMessage{Topic: run.Name, Value: sarama.StringEncoder("value")})
	described := get(saramaAdmin(run).DescribeTopics([]string{run.Name}))[0].Err
	invalid := saramaAdmin(run).CreateTopic("no name", &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false)
	return Facts{"produced": saramaCode(produced), "described": int16(described), "invalid_name": saramaCode(invalid)}
}

func saramaListed(run Run, at int64) *sarama.OffsetResult {
	asked := map[string]map[int32]int64{run.Name: {0: at}}
	listed := get(saramaAdmin(run).ListOffsets(asked, nil))[run.Name][0]
	if !errors.Is(listed.Err, sarama.ErrNoError) {
		must(listed.Err)
	}
	return listed
}

func saramaEnds(run Run) []int64 {
	return []int64{saramaListed(run, sarama.OffsetOldest).Offset, saramaListed(run, sarama.OffsetNewest).Offset}
}

func saramaByTime(run Run, timestamp int64) any {
	found := saramaListed(run, timestamp)
	if found.Offset < 0 {
		return nil
	}
	return []int64{found.Offset, found.Timestamp}
}

func saramaSeek(run Run) Facts {
	saramaCreate(run, 1, nil, run.Name)
	messages := []*sarama.ProducerMessage{}
	for at, text := range numbers(0, 100) {
		timestamp := time.UnixMilli(1_000_000 + int64(at)*1000)
		messages = append(messages, &sarama.ProducerMessage{Topic: run.Name, Value: sarama.StringEncoder(text), Timestamp: timestamp})
	}
	must(saramaProducer(run, saramaConfig()).SendMessages(messages))
	facts := Facts{"ends": saramaEnds(run), "by_time": saramaByTime(run, 1_050_500), "after_the_last": saramaByTime(run, 2_000_000)}
	facts["at_42"] = saramaTexts(saramaTake(run, 42, 3))
	facts["beginning"] = saramaTexts(saramaTake(run, sarama.OffsetOldest, 1))
	consumer := get(sarama.NewConsumer([]string{run.Bootstrap}, saramaConfig()))
	end := get(consumer.ConsumePartition(run.Name, 0, sarama.OffsetNewest))
	saramaSendAll(run, []string{"last"}, saramaConfig())
	facts["end"] = saramaTexts(saramaReceive(end.Messages(), 1))
	return facts
}

// saramaMember is a member of a group: what it gets, and what it owns, which is the claims that run.
type saramaMember struct {
	group    sarama.ConsumerGroup
	messages chan *sarama.ConsumerMessage
	stop     context.CancelFunc
	ended    chan error
	mutex    sync.Mutex
	session  sarama.ConsumerGroupSession
	owned    map[string]map[int32]bool
}

func saramaJoin(run Run, config *sarama.Config, topics ...string) *saramaMember {
	group := get(sarama.NewConsumerGroup([]string{run.Bootstrap}, run.Name, config))
	member := &saramaMember{group: group, messages: make(chan *sarama.ConsumerMessage), ended: make(chan error, 1), owned: map[string]map[int32]bool{}}
	running, stop := context.WithCancel(deadline)
	member.stop = stop
	go func() {
		for running.Err() == nil {
			if err := group.Consume(running, topics, member); err != nil && running.Err() == nil {
				member.ended <- err
				return
			}
		}
		member.ended <- nil
	}()
	return member
}

// Setup begins a session.
func (member *saramaMember) Setup(session sarama.ConsumerGroupSession) error {
	member.mutex.Lock()
	defer member.mutex.Unlock()
	member.session = session
	return nil
}

// Cleanup ends a session.
func (member *saramaMember) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// ConsumeClaim owns one partition until it returns.
func (member *saramaMember) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	member.own(claim, true)
	defer member.own(claim, false)
	for message := range claim.Messages() {
		select {
		case member.messages <- message:
		case <-session.Context().Done():
			return nil
		}
	}
	return nil
}

func (member *saramaMember) own(claim sarama.ConsumerGroupClaim, owned bool) {
	member.mutex.Lock()
	defer member.mutex.Unlock()
	if member.owned[claim.Topic()] == nil {
		member.owned[claim.Topic()] = map[int32]bool{}
	}
	member.owned[claim.Topic()][claim.Partition()] = owned
}

func (member *saramaMember) share() []string {
	member.mutex.Lock()
	defer member.mutex.Unlock()
	partitions := map[string][]int32{}
	for topic, numbers := range member.owned {
		for number, owned := range numbers {
			if owned {
				partitions[topic] = append(partitions[topic], number)
			}
		}
	}
	return share(partitions)
}

func (member *saramaMember) current() sarama.ConsumerGroupSession {
	member.mutex.Lock()
	defer member.mutex.Unlock()
	return member.session
}

func (member *saramaMember) leave() {
	member.stop()
	must(<-member.ended)
	must(member.group.Close())
}

func saramaCommitted(run Run) *sarama.OffsetFetchResponseBlock {
	partitions := map[string][]int32{run.Name: {0}}
	return get(saramaAdmin(run).ListConsumerGroupOffsets(run.Name, partitions)).GetBlock(run.Name, 0)
}

func saramaManualCommits(run Run) Facts {
	saramaCreate(run, 1, nil, run.Name)
	saramaSendAll(run, numbers(0, 10), saramaConfig())
	config := saramaConfig()
	config.Consumer.Offsets.AutoCommit.Enable = false
	first := saramaJoin(run, config, run.Name)
	facts := Facts{"first": saramaTexts(saramaReceive(first.messages, 6))}
	first.current().MarkOffset(run.Name, 0, 4, "a note")
	first.current().Commit()
	first.leave()
	committed := saramaCommitted(run)
	facts["committed"], facts["metadata"] = committed.Offset, committed.Metadata
	second := saramaJoin(run, config, run.Name)
	facts["second"] = saramaTexts(saramaReceive(second.messages, 6))
	second.leave()
	return facts
}

func saramaAutomaticCommits(run Run) Facts {
	saramaCreate(run, 1, nil, run.Name)
	saramaSendAll(run, numbers(0, 10), saramaConfig())
	first := saramaJoin(run, saramaConfig(), run.Name)
	taken := saramaReceive(first.messages, 10)
	for _, message := range taken {
		first.current().MarkMessage(message, "")
	}
	first.leave()
	facts := Facts{"first": saramaTexts(taken), "committed": saramaCommitted(run).Offset}
	saramaSendAll(run, []string{"10"}, saramaConfig())
	second := saramaJoin(run, saramaConfig(), run.Name)
	facts["second"] = saramaTexts(saramaReceive(second.messages, 1))
	second.leave()
	return facts
}

func saramaTopics(run Run) Facts {
	admin := saramaAdmin(run)
	saramaCreate(run, 2, nil, run.Name)
	partitions := func() int { return len(get(admin.DescribeTopics([]string{run.Name}))[0].Partitions) }
	listed := func() bool { _, there := get(admin.ListTopics())[run.Name]; return there }
	counts, seen := []int{partitions()}, []bool{listed()}
	again := admin.CreateTopic(run.Name, &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1}, false)
	must(admin.CreatePartitions(run.Name, 4, nil, false))
	counts = append(counts, soon(partitions, 4))
	fewer := admin.CreatePartitions(run.Name, 1, nil, false)
	must(admin.DeleteTopic(run.Name))
	seen = append(seen, soon(listed, false))
	deleted := admin.DeleteTopic(run.Name)
	return Facts{"partitions": counts, "again": saramaCode(again), "fewer": saramaCode(fewer), "listed": seen, "deleted_again": saramaCode(deleted)}
}

func saramaConfigs(run Run) Facts {
	admin := saramaAdmin(run)
	minute, segment, wrong := "60000", "2000000", "soon"
	saramaCreate(run, 1, map[string]*string{"retention.ms": &minute}, run.Name)
	described := func() []string {
		values := map[string]string{}
		for _, entry := range get(admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: run.Name})) {
			values[entry.Name] = entry.Value
		}
		return []string{values["retention.ms"], values["segment.ms"]}
	}
	created := described()
	must(admin.AlterConfig(sarama.TopicResource, run.Name, map[string]*string{"retention.ms": &minute, "segment.ms": &segment}, false))
	altered := soon(described, []string{minute, segment})
	change := sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &wrong}
	invalid := admin.IncrementalAlterConfig(sarama.TopicResource, run.Name, map[string]sarama.IncrementalAlterConfigsEntry{"retention.ms": change}, false)
	return Facts{"created": created, "altered": altered, "invalid": saramaCode(invalid)}
}

func saramaRecords(run Run) Facts {
	saramaCreate(run, 1, nil, run.Name)
	saramaSendAll(run, numbers(0, 5), saramaConfig())
	admin := saramaAdmin(run)
	must(admin.DeleteRecords(run.Name, map[int32]int64{0: 3}))
	beyond := admin.DeleteRecords(run.Name, map[int32]int64{0: 50})
	return Facts{"ends": saramaEnds(run), "beyond": saramaCode(beyond)}
}

func saramaCluster(run Run) Facts {
	brokers, controller, err := saramaAdmin(run).DescribeCluster()
	must(err)
	nodes := []int32{}
	for _, broker := range brokers {
		nodes = append(nodes, broker.ID())
	}
	return Facts{"nodes": nodes, "controller": controller}
}

func saramaTransactions(run Run) Facts {
	config := saramaConfig()
	config.Producer.Idempotent = true
	config.Producer.Transaction.ID = run.Name
	config.Producer.Transaction.Retry.Backoff = 10 * time.Millisecond // it asks fifty times, whatever the answer
	config.Net.MaxOpenRequests = 1
	_, err := sarama.NewSyncProducer([]string{run.Bootstrap}, config)
	return Facts{"refused": saramaCode(err)}
}
