package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	wait              = 30 * time.Second
	recordCount       = 500
	largestValueBytes = 1_048_516
	firstTimestamp    = 1_700_000_000_123
)

// Record is a record as the facts show it; absent keys and values are null, not empty.
type Record struct {
	Offset    int64       `json:"offset"`
	Key       *string     `json:"key"`
	Value     *string     `json:"value"`
	Headers   [][2]string `json:"headers"`
	Timestamp int64       `json:"timestamp"`
}

// must ends the run with the client's words where something fails that has to work.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// get returns the value of a call that has to work.
func get[T any](value T, err error) T {
	must(err)
	return value
}

// soon returns what is wanted once look sees it, or the last that it saw: Apache Kafka answers before its broker knows.
func soon[T any](look func() T, wanted T) T {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		seen := look()
		if reflect.DeepEqual(seen, wanted) || deadline.Err() != nil {
			return seen
		}
		<-again.C
	}
}

func hexOf(content []byte) *string {
	if content == nil {
		return nil
	}
	text := hex.EncodeToString(content)
	return &text
}

// showHeader shows a header; one without a value is not one that is empty.
func showHeader(key string, value []byte) []*string {
	return []*string{&key, hexOf(value)}
}

func numbers(first, end int) []string {
	texts := []string{}
	for number := first; number < end; number++ {
		texts = append(texts, strconv.Itoa(number))
	}
	return texts
}

func longValues() []string {
	values := make([]string, recordCount)
	for number := range values {
		values[number] = strings.Repeat(fmt.Sprintf("value %d ", number), 20)
	}
	return values
}

// share names the partitions of one member as the facts do: by the last letter of the topic and the number.
func share(partitions map[string][]int32) []string {
	names := []string{}
	for topic, numbers := range partitions {
		for _, number := range numbers {
			names = append(names, fmt.Sprintf("%s-%d", topic[len(topic)-1:], number))
		}
	}
	sort.Strings(names)
	return names
}

// settled tells whether every member has partitions, and all six belong to one member each; larger shares come first.
func settled(shares [][]string) bool {
	owners := map[string]int{}
	for _, each := range shares {
		if len(each) == 0 {
			return false
		}
		for _, name := range each {
			owners[name]++
		}
	}
	for _, count := range owners {
		if count > 1 {
			return false
		}
	}
	sort.Slice(shares, func(i, j int) bool {
		if len(shares[i]) != len(shares[j]) {
			return len(shares[i]) > len(shares[j])
		}
		return shares[i][0] < shares[j][0]
	})
	return len(owners) == 6
}

func assignorFacts(variant, protocol, state string, members int, together [][]string, alone []string) Facts {
	sizes := []int{}
	for _, each := range together {
		sizes = append(sizes, len(each))
	}
	facts := Facts{"protocol": protocol, "state": state, "members": members, "sizes": sizes, "alone": alone}
	if !strings.Contains(variant, "sticky") {
		facts["together"] = together
	}
	return facts
}
