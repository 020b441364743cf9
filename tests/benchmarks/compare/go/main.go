// Clients of sarama that are measured: one load a run, its figures as a line of JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"time"

	"github.com/IBM/sarama"
)

// A run that takes longer hangs.
const patience = 10 * time.Minute

// How many different values a producer sends in turn, so that no record costs the making of its value.
const distinctValues = 1000

type load struct {
	bootstrap string
	topic     string
	records   int
	bytes     int
}

func main() {
	var asked load
	kind := flag.String("load", "", "producer or group")
	flag.StringVar(&asked.bootstrap, "bootstrap", "", "address of the broker")
	flag.StringVar(&asked.topic, "topic", "", "topic, and the name of the group")
	flag.IntVar(&asked.records, "records", 0, "how many records")
	flag.IntVar(&asked.bytes, "bytes", 100, "size of a record's value")
	flag.Parse()
	loads := map[string]func(load) (time.Duration, error){"producer": produce, "group": consume}
	run := loads[*kind]
	if run == nil {
		fail(fmt.Errorf("no such load: %q", *kind))
	}
	taken, err := run(asked)
	if err != nil {
		fail(err)
	}
	printed := map[string]any{"records": asked.records, "seconds": taken.Seconds()}
	if err := json.NewEncoder(os.Stdout).Encode(printed); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func configuration() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V4_1_1_0
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Return.Successes = true
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	return config
}

// produce sends by the asynchronous producer, and returns the time from the first record to the last acknowledgement.
func produce(asked load) (time.Duration, error) {
	producer, err := sarama.NewAsyncProducer([]string{asked.bootstrap}, configuration())
	if err != nil {
		return 0, err
	}
	values := make([]sarama.ByteEncoder, distinctValues)
	for at := range values {
		values[at] = make([]byte, asked.bytes)
		rand.Read(values[at])
	}
	begun := time.Now()
	go func() {
		for at := range asked.records {
			producer.Input() <- &sarama.ProducerMessage{Topic: asked.topic, Value: values[at%distinctValues]}
		}
	}()
	ended := time.After(patience)
	for range asked.records {
		select {
		case <-producer.Successes():
		case failed := <-producer.Errors():
			return 0, failed
		case <-ended:
			return 0, errors.New("no acknowledgement came")
		}
	}
	taken := time.Since(begun)
	return taken, producer.Close()
}

// counter is a member of a group that counts what it is given.
type counter struct {
	wanted int
	taken  int
	first  time.Time
	last   time.Time
	stop   context.CancelFunc
}

// Setup begins a session.
func (*counter) Setup(sarama.ConsumerGroupSession) error { return nil }

// Cleanup ends a session.
func (*counter) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// ConsumeClaim counts the records of the topic's only partition.
func (member *counter) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	member.first = time.Now()
	for message := range claim.Messages() {
		session.MarkMessage(message, "")
		if member.taken++; member.taken == member.wanted {
			member.last = time.Now()
			member.stop()
			return nil
		}
	}
	return nil
}

// consume reads as the only member of a group, and returns the time from the claim of the partition to the last record.
func consume(asked load) (time.Duration, error) {
	group, err := sarama.NewConsumerGroup([]string{asked.bootstrap}, asked.topic, configuration())
	if err != nil {
		return 0, err
	}
	running, stop := context.WithTimeout(context.Background(), patience)
	member := &counter{wanted: asked.records, stop: stop}
	for running.Err() == nil {
		if err := group.Consume(running, []string{asked.topic}, member); err != nil && running.Err() == nil {
			return 0, err
		}
	}
	if member.taken != asked.records {
		return 0, fmt.Errorf("%d of %d records came", member.taken, asked.records)
	}
	return member.last.Sub(member.first), group.Close()
}
