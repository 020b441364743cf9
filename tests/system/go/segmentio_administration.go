package main

import (
	"slices"

	"github.com/segmentio/kafka-go"
)

func segmentioDescribed(run Run) kafka.DescribeGroupsResponseGroup {
	described := get(segmentioClient(run).DescribeGroups(deadline, &kafka.DescribeGroupsRequest{GroupIDs: []string{run.Name}})).Groups[0]
	must(described.Error)
	return described
}

func segmentioTopics(run Run) Facts {
	segmentioCreate(run, 2, nil, run.Name)
	topics := func(names ...string) []kafka.Topic {
		return get(segmentioClient(run).Metadata(deadline, &kafka.MetadataRequest{Topics: names})).Topics
	}
	partitions := func() int { return len(topics(run.Name)[0].Partitions) }
	listed := func() bool {
		return slices.ContainsFunc(topics(), func(topic kafka.Topic) bool { return topic.Name == run.Name })
	}
	grow := func(count int32) error {
		wanted := []kafka.TopicPartitionsConfig{{Name: run.Name, Count: count}}
		return get(segmentioClient(run).CreatePartitions(deadline, &kafka.CreatePartitionsRequest{Topics: wanted})).Errors[run.Name]
	}
	remove := func() error {
		wanted := []string{run.Name}
		return get(segmentioClient(run).DeleteTopics(deadline, &kafka.DeleteTopicsRequest{Topics: wanted})).Errors[run.Name]
	}
	counts, seen := []int{partitions()}, []bool{listed()}
	again := segmentioTry(run, kafka.TopicConfig{Topic: run.Name, NumPartitions: 2, ReplicationFactor: 1})
	must(grow(4))
	counts = append(counts, partitions())
	fewer := grow(1)
	must(remove())
	seen = append(seen, listed())
	return Facts{"partitions": counts, "again": segmentioCode(again), "fewer": segmentioCode(fewer), "listed": seen, "deleted_again": segmentioCode(remove())}
}

func segmentioConfigs(run Run) Facts {
	client := segmentioClient(run)
	segmentioCreate(run, 1, []kafka.ConfigEntry{{ConfigName: "retention.ms", ConfigValue: "60000"}}, run.Name)
	described := func() []string {
		asked := kafka.DescribeConfigRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: run.Name, ConfigNames: []string{"retention.ms", "segment.ms"}}
		resource := get(client.DescribeConfigs(deadline, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{asked}})).Resources[0]
		must(resource.Error)
		values := map[string]string{}
		for _, entry := range resource.ConfigEntries {
			values[entry.ConfigName] = entry.ConfigValue
		}
		return []string{values["retention.ms"], values["segment.ms"]}
	}
	alter := func(name, value string) error {
		change := kafka.IncrementalAlterConfigsRequestConfig{Name: name, Value: value, ConfigOperation: kafka.ConfigOperationSet}
		wanted := kafka.IncrementalAlterConfigsRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: run.Name, Configs: []kafka.IncrementalAlterConfigsRequestConfig{change}}
		request := &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{wanted}}
		return get(client.IncrementalAlterConfigs(deadline, request)).Resources[0].Error
	}
	created := described()
	must(alter("segment.ms", "2000000"))
	return Facts{"created": created, "altered": described(), "invalid": segmentioCode(alter("retention.ms", "soon"))}
}

// segmentioLeaveGroup leaves a group without members that has committed offset 5.
func segmentioLeaveGroup(run Run) {
	segmentioCreate(run, 1, nil, run.Name)
	segmentioSendAll(run, numbers(0, 5), 0)
	member := segmentioMember(run, 0)
	segmentioRead(member, 5)
	must(member.Close())
}

func segmentioGroups(run Run) Facts {
	client := segmentioClient(run)
	segmentioLeaveGroup(run)
	listed := func() bool {
		groups := get(client.ListGroups(deadline, &kafka.ListGroupsRequest{}))
		must(groups.Error)
		return slices.ContainsFunc(groups.Groups, func(group kafka.ListGroupsResponseGroup) bool { return group.GroupID == run.Name })
	}
	remove := func() error {
		return get(client.DeleteGroups(deadline, &kafka.DeleteGroupsRequest{GroupIDs: []string{run.Name}})).Errors[run.Name]
	}
	seen := []bool{listed()}
	state := segmentioDescribed(run).GroupState
	offset := segmentioCommitted(run, 0)[0].CommittedOffset
	must(remove())
	seen = append(seen, listed())
	return Facts{"listed": seen, "state": state, "offset": offset, "deleted_again": segmentioCode(remove())}
}

func segmentioOffsets(run Run) Facts {
	segmentioLeaveGroup(run)
	segmentioSet(run, 1, "moved")
	altered := segmentioCommitted(run, 0)[0]
	request := &kafka.OffsetDeleteRequest{GroupID: run.Name, Topics: map[string][]int{run.Name: {0}}}
	deleted := get(segmentioClient(run).OffsetDelete(deadline, request))
	must(deleted.Error)
	must(deleted.Topics[run.Name][0].Error)
	left := 0
	if segmentioCommitted(run, 0)[0].CommittedOffset >= 0 {
		left++
	}
	return Facts{"altered": []any{altered.CommittedOffset, altered.Metadata}, "left": left}
}

func segmentioCluster(run Run) Facts {
	described := get(segmentioClient(run).Metadata(deadline, &kafka.MetadataRequest{}))
	nodes := []int{}
	for _, broker := range described.Brokers {
		nodes = append(nodes, broker.ID)
	}
	return Facts{"nodes": nodes, "controller": described.Controller.ID, "cluster_id_length": len(described.ClusterID)}
}

func segmentioTransactions(run Run) Facts {
	request := &kafka.InitProducerIDRequest{TransactionalID: run.Name, TransactionTimeoutMs: 10_000}
	err := segmentioPatiently(func() error {
		begun, err := segmentioClient(run).InitProducerID(deadline, request)
		if err != nil {
			return err
		}
		return begun.Error
	})
	return Facts{"refused": segmentioCode(err)}
}
