package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// inputEnded is closed when standard input ends: the end of a run that goes on.
func inputEnded() <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	return ended
}

func saramaNumberedConfig(linger time.Duration) *sarama.Config {
	config := saramaConfig()
	config.Producer.Idempotent = true
	config.Net.MaxOpenRequests = 1
	config.Producer.Flush.MaxMessages = 30
	config.Producer.Flush.Frequency = linger
	// A broker that is killed is away for seconds; the producer gives up after these retries.
	config.Producer.Retry.Max = 1000
	config.Producer.Retry.Backoff = 50 * time.Millisecond
	config.Metadata.Retry.Max = 1000
	config.Metadata.Retry.Backoff = 50 * time.Millisecond
	return config
}

// saramaNumbered sends numbers until standard input ends, whatever becomes of the broker: each acknowledged record is a line.
func saramaNumbered(run Run) Facts {
	partitions, window := get(strconv.Atoi(run.Options[0])), get(strconv.Atoi(run.Options[1]))
	linger := time.Duration(get(strconv.Atoi(run.Options[2]))) * time.Millisecond
	producer := get(sarama.NewAsyncProducer([]string{run.Bootstrap}, saramaNumberedConfig(linger)))
	unanswered, failed := make(chan struct{}, window), make(chan int, 1)
	go func() { failed <- saramaPrintAnswers(producer, unanswered) }()
	sent := 0
	for ended := inputEnded(); !closed(ended); sent++ {
		for partition := range partitions {
			unanswered <- struct{}{}
			value := sarama.StringEncoder(fmt.Sprintf("%8d %s", sent, strings.Repeat(".", 191)))
			producer.Input() <- &sarama.ProducerMessage{Topic: run.Name, Partition: int32(partition), Value: value, Metadata: sent}
		}
	}
	producer.AsyncClose()
	if <-failed > 0 {
		os.Exit(1)
	}
	return Facts{"sent": slices.Repeat([]int{sent}, partitions)}
}

// saramaPrintAnswers prints every answer until the producer has closed, and returns how many were refusals.
func saramaPrintAnswers(producer sarama.AsyncProducer, unanswered <-chan struct{}) int {
	failures := 0
	for successes, errors := producer.Successes(), producer.Errors(); successes != nil || errors != nil; {
		select {
		case sent, open := <-successes:
			if !open {
				successes = nil
				continue
			}
			fmt.Println("acknowledged", sent.Partition, sent.Metadata, sent.Offset)
		case failed, open := <-errors:
			if !open {
				errors = nil
				continue
			}
			failures++
			fmt.Println("failed", failed.Msg.Partition, failed.Msg.Metadata, failed.Err)
		}
		<-unanswered
	}
	return failures
}

// closed tells whether a channel that carries nothing was closed.
func closed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}
