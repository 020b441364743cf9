package main

import (
	"fmt"
	"os"
	"time"

	"github.com/IBM/sarama"
)

func saramaSettle(members ...*saramaMember) [][]string {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for deadline.Err() == nil {
		shares := [][]string{}
		for _, member := range members {
			shares = append(shares, member.share())
		}
		if settled(shares) {
			return shares
		}
		<-again.C
	}
	fmt.Fprintln(os.Stderr, "the group has not settled")
	os.Exit(1)
	return nil
}

func saramaAssignor(run Run) Facts {
	saramaCreate(run, 3, nil, run.Name+"-a", run.Name+"-b")
	config := saramaConfig()
	config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{saramaStrategies[run.Variant]()}
	first := saramaJoin(run, config, run.Name+"-a", run.Name+"-b")
	second := saramaJoin(run, config, run.Name+"-a", run.Name+"-b")
	together := saramaSettle(first, second)
	admin := saramaAdmin(run)
	group := get(admin.DescribeConsumerGroups([]string{run.Name}))[0]
	// A cooperative group is not stable before the last of its rebalances.
	for group.State != "Stable" && deadline.Err() == nil {
		saramaSettle(first, second)
		group = get(admin.DescribeConsumerGroups([]string{run.Name}))[0]
	}
	second.leave()
	alone := saramaSettle(first)
	first.leave()
	return assignorFacts(run.Variant, group.Protocol, group.State, len(group.Members), together, alone[0])
}
