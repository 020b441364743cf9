package clients;

import static clients.Facts.get;
import static clients.Facts.numbers;
import static clients.Facts.refusal;
import static clients.Facts.soon;
import static clients.Facts.take;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/** What the Java administration client shows. */
final class Administration {
    private Administration() {
    }

    static Map<String, Object> topics(Run run) throws Exception {
        run.create(2, Map.of(), run.name());
        Set<String> topic = Set.of(run.name());
        try (Admin admin = run.openAdmin()) {
            int before = partitionCount(run, admin);
            boolean there = get(admin.listTopics().names()).contains(run.name());
            int again = refusal(() -> run.create(2, Map.of(), run.name()));
            grow(run, admin, 4);
            int after = soon(() -> partitionCount(run, admin), 4);
            int fewer = refusal(() -> grow(run, admin, 1));
            get(admin.deleteTopics(topic).all());
            boolean stillThere = soon(() -> get(admin.listTopics().names()).contains(run.name()), false);
            int deletedAgain = refusal(() -> get(admin.deleteTopics(topic).all()));
            return Map.of(
                "partitions", List.of(before, after), "again", again, "fewer", fewer,
                "listed", List.of(there, stillThere), "deleted_again", deletedAgain);
        }
    }

    private static int partitionCount(Run run, Admin admin) throws Exception {
        return get(admin.describeTopics(Set.of(run.name())).allTopicNames()).get(run.name()).partitions().size();
    }

    private static void grow(Run run, Admin admin, int count) throws Exception {
        get(admin.createPartitions(Map.of(run.name(), NewPartitions.increaseTo(count))).all());
    }

    static Map<String, Object> configs(Run run) throws Exception {
        run.create(1, Map.of("retention.ms", "60000"), run.name());
        try (Admin admin = run.openAdmin()) {
            List<String> created = describedConfigs(run, admin);
            alterConfig(run, admin, "segment.ms", "2000000");
            List<String> altered = soon(() -> describedConfigs(run, admin), List.of("60000", "2000000"));
            int invalid = refusal(() -> alterConfig(run, admin, "retention.ms", "soon"));
            return Map.of("created", created, "altered", altered, "invalid", invalid);
        }
    }

    private static List<String> describedConfigs(Run run, Admin admin) throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, run.name());
        Config config = get(admin.describeConfigs(Set.of(topic)).all()).get(topic);
        return List.of(config.get("retention.ms").value(), config.get("segment.ms").value());
    }

    private static void alterConfig(Run run, Admin admin, String key, String value) throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, run.name());
        AlterConfigOp change = new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
        get(admin.incrementalAlterConfigs(Map.of(topic, List.of(change))).all());
    }

    static Map<String, Object> groups(Run run) throws Exception {
        leaveGroup(run);
        try (Admin admin = run.openAdmin()) {
            boolean there = groupIsListed(run, admin);
            String state = run.described(admin).groupState().toString();
            long offset = run.committed(admin).offset();
            get(admin.deleteConsumerGroups(Set.of(run.name())).all());
            boolean stillThere = groupIsListed(run, admin);
            int deletedAgain = refusal(() -> get(admin.deleteConsumerGroups(Set.of(run.name())).all()));
            return Map.of(
                "listed", List.of(there, stillThere), "state", state, "offset", offset,
                "deleted_again", deletedAgain);
        }
    }

    /** Leaves a group without members that has committed offset 5. */
    private static void leaveGroup(Run run) throws Exception {
        run.create();
        run.sendAll(numbers(0, 5), Map.of());
        try (KafkaConsumer<byte[], byte[]> consumer = run.openMember(Map.of(), run.name())) {
            take(consumer, 5);
            consumer.commitSync();
        }
    }

    private static boolean groupIsListed(Run run, Admin admin) throws Exception {
        return get(admin.listGroups(ListGroupsOptions.forConsumerGroups()).all()).stream()
            .anyMatch(group -> group.groupId().equals(run.name()));
    }

    static Map<String, Object> offsets(Run run) throws Exception {
        leaveGroup(run);
        try (Admin admin = run.openAdmin()) {
            Map<TopicPartition, OffsetAndMetadata> wanted = Map.of(
                run.partition(), new OffsetAndMetadata(1, "moved"));
            get(admin.alterConsumerGroupOffsets(run.name(), wanted).all());
            OffsetAndMetadata altered = run.committed(admin);
            get(admin.deleteConsumerGroupOffsets(run.name(), Set.of(run.partition())).all());
            int left = get(admin.listConsumerGroupOffsets(run.name()).partitionsToOffsetAndMetadata()).size();
            return Map.of("altered", List.of(altered.offset(), altered.metadata()), "left", left);
        }
    }

    static Map<String, Object> records(Run run) throws Exception {
        run.create();
        run.sendAll(numbers(0, 5), Map.of());
        try (Admin admin = run.openAdmin(); KafkaConsumer<byte[], byte[]> consumer = run.openReader()) {
            long lowWatermark = deleteBefore(run, admin, 3);
            int beyond = refusal(() -> deleteBefore(run, admin, 50));
            return Map.of("low_watermark", lowWatermark, "ends", run.ends(consumer), "beyond", beyond);
        }
    }

    private static long deleteBefore(Run run, Admin admin, long offset) throws Exception {
        TopicPartition partition = run.partition();
        Map<TopicPartition, RecordsToDelete> wanted = Map.of(partition, RecordsToDelete.beforeOffset(offset));
        return get(admin.deleteRecords(wanted).lowWatermarks().get(partition)).lowWatermark();
    }

    static Map<String, Object> cluster(Run run) throws Exception {
        try (Admin admin = run.openAdmin()) {
            DescribeClusterResult described = admin.describeCluster();
            return Map.of(
                "nodes", get(described.nodes()).stream().map(Node::id).collect(Collectors.toList()),
                "controller", get(described.controller()).id(),
                "cluster_id_length", get(described.clusterId()).length());
        }
    }
}
