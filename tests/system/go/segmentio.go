package main

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

var segmentioBehaviours = map[string]func(Run) Facts{
	"contents":          segmentioContents,
	"null-headers":      segmentioNullHeaders,
	"compression":       segmentioCompression,
	"acks":              segmentioAcks,
	"large":             segmentioLarge,
	"refusals":          segmentioRefusals,
	"seek":              segmentioSeek,
	"manual-commits":    segmentioManualCommits,
	"automatic-commits": segmentioAutomaticCommits,
	"partitions":        segmentioPartitions,
	"assignor":          segmentioAssignor,
	"topics":            segmentioTopics,
	"configs":           segmentioConfigs,
	"groups":            segmentioGroups,
	"resets":            segmentioResets,
	"offsets":           segmentioOffsets,
	"transactions":      segmentioTransactions,
	"cluster":           segmentioCluster,
}

var segmentioCodecs = map[string]kafka.Compression{
	"none":   0,
	"gzip":   kafka.Gzip,
	"snappy": kafka.Snappy,
	"lz4":    kafka.Lz4,
	"zstd":   kafka.Zstd,
}

var segmentioBalancers = map[string]kafka.GroupBalancer{
	"range":      kafka.RangeGroupBalancer{},
	"roundrobin": kafka.RoundRobinGroupBalancer{},
}

// segmentioClient has a transport of its own: one that is shared answers for seconds with what it has heard before.
func segmentioClient(run Run) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(run.Bootstrap), Timeout: wait, Transport: &kafka.Transport{}}
}

// segmentioWriter sends what has no partition of its own to partition 0, each message as soon as it is written.
func segmentioWriter(run Run) *kafka.Writer {
	return &kafka.Writer{Addr: kafka.TCP(run.Bootstrap), Topic: run.Name, RequiredAcks: kafka.RequireAll, BatchSize: 1}
}

func segmentioReader(run Run, offset int64) *kafka.Reader {
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{run.Bootstrap}, Topic: run.Name, MaxBytes: 2_000_000})
	must(reader.SetOffset(offset))
	return reader
}

// segmentioMember joins the group and reads for it; with an interval its commits are asynchronous.
func segmentioMember(run Run, interval time.Duration) *kafka.Reader {
	return kafka.NewReader(kafka.ReaderConfig{
		Brokers:           []string{run.Bootstrap},
		GroupID:           run.Name,
		Topic:             run.Name,
		HeartbeatInterval: 100 * time.Millisecond,
		JoinGroupBackoff:  100 * time.Millisecond,
		MaxAttempts:       100, // the first group of a broker waits until there are partitions for offsets
		CommitInterval:    interval,
		MaxWait:           100 * time.Millisecond, // it does not close while it waits for records
	})
}

// segmentioTake fetches messages, and commits none of them.
func segmentioTake(reader *kafka.Reader, count int) []kafka.Message {
	taken := []kafka.Message{}
	for len(taken) < count {
		taken = append(taken, get(reader.FetchMessage(deadline)))
	}
	return taken
}

func segmentioTexts(messages []kafka.Message) []string {
	texts := []string{}
	for _, message := range messages {
		texts = append(texts, string(message.Value))
	}
	return texts
}

func segmentioCode(err error) int {
	var refused kafka.Error
	var each kafka.WriteErrors
	switch {
	case errors.As(err, &each):
		return segmentioCode(each[0])
	case errors.As(err, &refused):
		return int(refused)
	}
	must(err)
	return 0
}

func segmentioCreate(run Run, partitions int, configs []kafka.ConfigEntry, topics ...string) {
	for _, topic := range topics {
		wanted := kafka.TopicConfig{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: configs}
		must(segmentioTry(run, wanted))
	}
}

func segmentioTry(run Run, wanted kafka.TopicConfig) error {
	created := get(segmentioClient(run).CreateTopics(deadline, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{wanted}}))
	return created.Errors[wanted.Topic]
}

// segmentioSendAll sends values by a writer that does not wait, and returns their offsets, which it is told afterwards.
func segmentioSendAll(run Run, values []string, compression kafka.Compression) []int64 {
	offsets := []int64{}
	writer := segmentioWriter(run)
	writer.Async, writer.BatchSize, writer.BatchTimeout, writer.Compression = true, 50, 50*time.Millisecond, compression
	writer.Completion = func(messages []kafka.Message, err error) {
		must(err)
		for _, message := range messages {
			offsets = append(offsets, message.Offset)
		}
	}
	for _, value := range values {
		must(writer.WriteMessages(deadline, kafka.Message{Value: []byte(value)}))
	}
	must(writer.Close())
	return offsets
}

func segmentioContents(run Run) Facts {
	headers := []kafka.Header{{Key: "trace", Value: []byte{0, 255}}, {Key: "trace", Value: []byte{}}, {Key: "näme", Value: []byte("value")}}
	sent := []kafka.Message{{Key: []byte("key"), Value: []byte("value"), Headers: headers}, {Key: []byte{}}, {Value: []byte{}}}
	offsets := []int64{}
	writer := segmentioWriter(run)
	writer.AllowAutoTopicCreation = true
	writer.Completion = func(messages []kafka.Message, err error) { offsets = append(offsets, messages[0].Offset) }
	for at := range sent {
		sent[at].Time = time.UnixMilli(firstTimestamp + int64(at))
		must(segmentioPatiently(func() error { return writer.WriteMessages(deadline, sent[at]) }))
	}
	records := []Record{}
	// A reader shows what is absent and what is empty alike, the client below it does not.
	fetched := get(segmentioClient(run).Fetch(deadline, &kafka.FetchRequest{Topic: run.Name, MinBytes: 1, MaxBytes: 1_000_000, MaxWait: wait}))
	must(fetched.Error)
	for range 3 {
		record := get(fetched.Records.ReadRecord())
		headers := [][2]string{}
		for _, header := range record.Headers {
			headers = append(headers, [2]string{header.Key, *hexOf(append([]byte{}, header.Value...))})
		}
		records = append(records, Record{record.Offset, hexOf(segmentioBytes(record.Key)), hexOf(segmentioBytes(record.Value)), headers, record.Time.UnixMilli()})
	}
	return Facts{"offsets": offsets, "records": records}
}

func segmentioBytes(content kafka.Bytes) []byte {
	if content == nil {
		return nil
	}
	return append([]byte{}, get(kafka.ReadAll(content))...)
}

// segmentioPatiently calls again while the broker is getting something ready, as the library's readme has it.
func segmentioPatiently(call func() error) error {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		err := call()
		var refused kafka.Error
		if !errors.As(err, &refused) || !refused.Temporary() || deadline.Err() != nil {
			return err
		}
		<-again.C
	}
}

func segmentioNullHeaders(run Run) Facts {
	segmentioCreate(run, 1, nil, run.Name)
	sent := []kafka.Header{{Key: "none"}, {Key: "empty", Value: []byte{}}}
	must(segmentioWriter(run).WriteMessages(deadline, kafka.Message{Value: []byte("value"), Headers: sent}))
	headers := [][]*string{}
	for _, header := range segmentioTake(segmentioReader(run, kafka.FirstOffset), 1)[0].Headers {
		headers = append(headers, showHeader(header.Key, header.Value))
	}
	return Facts{"headers": headers}
}

func segmentioCompression(run Run) Facts {
	segmentioCreate(run, 1, nil, run.Name)
	produced := segmentioSendAll(run, longValues(), segmentioCodecs[run.Variant])
	messages := segmentioTake(segmentioReader(run, kafka.FirstOffset), recordCount)
	consumed := []int64{}
	for _, message := range messages {
		consumed = append(consumed, message.Offset)
	}
	return Facts{"produced": produced, "consumed": consumed, "values": segmentioTexts(messages)}
}

func segmentioAcks(run Run) Facts {
	segmentioCreate(run, 1, nil, run.Name)
	writer := segmentioWriter(run)
	writer.RequiredAcks = map[string]kafka.RequiredAcks{"0": kafka.RequireNone, "1": kafka.RequireOne, "all": kafka.RequireAll}[run.Variant]
	must(writer.WriteMessages(deadline, kafka.Message{Value: []byte("value")}))
	must(writer.Close())
	return Facts{"values": segmentioTexts(segmentioTake(segmentioReader(run, kafka.FirstOffset), 1))}
}

func segmentioLarge(run Run) Facts {
	segmentioCreate(run, 1, nil, run.Name)
	writer := segmentioWriter(run)
	writer.BatchBytes = 2_000_000
	offsets := []int64{}
	writer.Completion = func(messages []kafka.Message, err error) {
		if err == nil {
			offsets = append(offsets, messages[0].Offset)
		}
	}
	send := func(size int) error {
		return writer.WriteMessages(deadline, kafka.Message{Value: []byte(strings.Repeat("x", size))})
	}
	must(send(largestValueBytes))
	refused := send(largestValueBytes + 1)
	must(send(5))
	sizes := []int{}
	for _, message := range segmentioTake(segmentioReader(run, kafka.FirstOffset), 2) {
		sizes = append(sizes, len(message.Value))
	}
	return Facts{"taken": offsets[0], "refused": segmentioCode(refused), "after": offsets[1], "sizes": sizes}
}

func segmentioRefusals(run Run) Facts {
	produced := segmentioWriter(run).WriteMessages(deadline, kafka.Message{Value: []byte("value")})
	described := get(segmentioClient(run).Metadata(deadline, &kafka.MetadataRequest{Topics: []string{run.Name}})).Topics[0].Error
	invalid := segmentioTry(run, kafka.TopicConfig{Topic: "no name", NumPartitions: 1, ReplicationFactor: 1})
	return Facts{"produced": segmentioCode(produced), "described": segmentioCode(described), "invalid_name": segmentioCode(invalid)}
}

func segmentioListed(run Run, asked ...kafka.OffsetRequest) kafka.PartitionOffsets {
	request := &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{run.Name: asked}}
	listed := get(segmentioClient(run).ListOffsets(deadline, request)).Topics[run.Name][0]
	must(listed.Error)
	return listed
}

func segmentioEnds(run Run) []int64 {
	listed := segmentioListed(run, kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0))
	return []int64{listed.FirstOffset, listed.LastOffset}
}

// segmentioByTime returns the offset of the first record that is not older, and a time; nil where there is none.
func segmentioByTime(run Run, timestamp int64) any {
	for offset, at := range segmentioListed(run, kafka.TimeOffsetOf(0, time.UnixMilli(timestamp))).Offsets {
		if offset >= 0 {
			return []int64{offset, at.UnixMilli()}
		}
	}
	return nil
}

// segmentioConnect creates the topic by a connection to the controller and returns one to the leader of its partition,
// the way below readers and writers.
func segmentioConnect(run Run) *kafka.Conn {
	controller := get(get(kafka.DialContext(deadline, "tcp", run.Bootstrap)).Controller())
	address := net.JoinHostPort(controller.Host, strconv.Itoa(controller.Port))
	administration := get(kafka.DialContext(deadline, "tcp", address))
	must(administration.CreateTopics(kafka.TopicConfig{Topic: run.Name, NumPartitions: 1, ReplicationFactor: 1}))
	return get(kafka.DialLeader(deadline, "tcp", run.Bootstrap, run.Name, 0))
}

func segmentioSeek(run Run) Facts {
	connection := segmentioConnect(run)
	messages := []kafka.Message{}
	for at, text := range numbers(0, 100) {
		messages = append(messages, kafka.Message{Value: []byte(text), Time: time.UnixMilli(1_000_000 + int64(at)*1000)})
	}
	get(connection.WriteCompressedMessages(kafka.Gzip.Codec(), messages...))
	facts := Facts{"ends": segmentioEnds(run), "by_time": segmentioByTime(run, 1_050_500), "after_the_last": segmentioByTime(run, 2_000_000)}
	get(connection.Seek(42, kafka.SeekAbsolute))
	batch := connection.ReadBatch(1, 1_000_000)
	facts["at_42"] = segmentioTexts([]kafka.Message{get(batch.ReadMessage()), get(batch.ReadMessage()), get(batch.ReadMessage())})
	must(batch.Close())
	reader := segmentioReader(run, kafka.FirstOffset)
	facts["beginning"] = segmentioTexts(segmentioTake(reader, 1))
	must(reader.SetOffsetAt(deadline, time.UnixMilli(1_050_500)))
	facts["set_by_time"] = segmentioTexts(segmentioTake(reader, 1))
	must(reader.SetOffset(segmentioEnds(run)[1]))
	segmentioSendAll(run, []string{"last"}, 0)
	facts["end"] = segmentioTexts(segmentioTake(reader, 1))
	return facts
}
