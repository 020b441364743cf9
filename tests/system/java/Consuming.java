package clients;

import static clients.Facts.POLL;
import static clients.Facts.bytes;
import static clients.Facts.deadline;
import static clients.Facts.get;
import static clients.Facts.get;
import static clients.Facts.numbers;
import static clients.Facts.take;
import static clients.Facts.texts;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** What the Java consumer shows. */
final class Consuming {
    private static final Map<String, Object> ONE_BY_ONE = Map.of("max.poll.records", 1);
    private static final Map<String, Object> COMMITTING = Map.of("enable.auto.commit", true);
    private static final Map<String, Class<?>> ASSIGNORS = Map.of(
        "range", RangeAssignor.class,
        "roundrobin", RoundRobinAssignor.class,
        "sticky", StickyAssignor.class,
        "cooperative-sticky", CooperativeStickyAssignor.class);

    private Consuming() {
    }

    static Map<String, Object> seek(Run run) throws Exception {
        run.create();
        TopicPartition partition = run.partition();
        try (KafkaProducer<byte[], byte[]> producer = run.openProducer(Map.of())) {
            for (String number : numbers(0, 100)) {
                long timestampMs = 1_000_000 + Integer.parseInt(number) * 1000;
                producer.send(new ProducerRecord<>(run.name(), 0, timestampMs, null, bytes(number)));
            }
        }
        Map<String, Object> facts = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = run.openConsumer(ONE_BY_ONE)) {
            consumer.assign(List.of(partition));
            facts.put("ends", run.ends(consumer));
            OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(partition, 1_050_500L)).get(partition);
            facts.put("by_time", List.of(found.offset(), found.timestamp()));
            facts.put("after_the_last", consumer.offsetsForTimes(Map.of(partition, 2_000_000L)).get(partition));
            consumer.seek(partition, 42);
            facts.put("at_42", texts(take(consumer, 3)));
            consumer.seekToBeginning(List.of(partition));
            facts.put("beginning", texts(take(consumer, 1)));
            consumer.seekToEnd(List.of(partition));
            consumer.position(partition);
            run.sendAll(List.of("last"), Map.of());
            facts.put("end", texts(take(consumer, 1)));
            consumer.seek(partition, 5000);
            facts.put("reset", texts(take(consumer, 1)));
        }
        return facts;
    }

    static Map<String, Object> manualCommits(Run run) throws Exception {
        return manualCommits(run, "classic");
    }

    static Map<String, Object> consumerProtocol(Run run) throws Exception {
        return manualCommits(run, "consumer");
    }

    private static Map<String, Object> manualCommits(Run run, String protocol) throws Exception {
        Map<String, Object> options = Map.of("group.protocol", protocol, "max.poll.records", 1);
        run.create();
        run.sendAll(numbers(0, 10), Map.of());
        Map<String, Object> facts = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> first = run.openMember(options, run.name())) {
            facts.put("first", texts(take(first, 6)));
            first.commitSync(Map.of(run.partition(), new OffsetAndMetadata(4, Optional.empty(), "a note")));
        }
        try (KafkaConsumer<byte[], byte[]> second = run.openMember(options, run.name())) {
            facts.put("second", texts(take(second, 6)));
            OffsetAndMetadata committed = second.committed(Set.of(run.partition())).get(run.partition());
            facts.put("committed", committed.offset());
            facts.put("metadata", committed.metadata());
        }
        return facts;
    }

    static Map<String, Object> automaticCommits(Run run) throws Exception {
        run.create();
        run.sendAll(numbers(0, 10), Map.of());
        Map<String, Object> facts = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> first = run.openMember(COMMITTING, run.name())) {
            facts.put("first", texts(take(first, 10)));
        }
        try (Admin admin = run.openAdmin()) {
            facts.put("committed", run.committed(admin).offset());
        }
        run.sendAll(List.of("10"), Map.of());
        try (KafkaConsumer<byte[], byte[]> second = run.openMember(Map.of(), run.name())) {
            facts.put("second", texts(take(second, 1)));
        }
        return facts;
    }

    static Map<String, Object> partitions(Run run) throws Exception {
        run.create(3, Map.of(), run.name());
        Map<String, Object> facts = new HashMap<>();
        sendInTurn(run, 0, 30);
        try (KafkaConsumer<byte[], byte[]> first = run.openMember(Map.of(), run.name())) {
            facts.put("taken", byPartition(take(first, 30)));
            first.commitSync();
        }
        try (Admin admin = run.openAdmin()) {
            Map<TopicPartition, OffsetAndMetadata> committed =
                get(admin.listConsumerGroupOffsets(run.name()).partitionsToOffsetAndMetadata());
            facts.put("committed", IntStream.range(0, 3)
                .mapToObj(number -> committed.get(new TopicPartition(run.name(), number)).offset()).toList());
        }
        sendInTurn(run, 30, 33);
        try (KafkaConsumer<byte[], byte[]> second = run.openMember(Map.of(), run.name())) {
            facts.put("rest", byPartition(take(second, 3)));
        }
        return facts;
    }

    private static void sendInTurn(Run run, int first, int end) {
        try (KafkaProducer<byte[], byte[]> producer = run.openProducer(Map.of())) {
            for (String number : numbers(first, end)) {
                int partition = Integer.parseInt(number) % 3;
                producer.send(new ProducerRecord<>(run.name(), partition, null, bytes(number)));
            }
        }
    }

    private static List<List<String>> byPartition(List<ConsumerRecord<byte[], byte[]>> records) {
        return IntStream.range(0, 3)
            .mapToObj(number -> texts(records.stream().filter(record -> record.partition() == number).toList()))
            .toList();
    }

    static Map<String, Object> resets(Run run) throws Exception {
        run.create();
        run.sendAll(numbers(0, 10), Map.of());
        Map<String, Object> facts = new HashMap<>();
        facts.put("set", reset(run, 7));
        try (KafkaConsumer<byte[], byte[]> reader = run.openReader()) {
            List<Long> ends = run.ends(reader);
            facts.put("first", reset(run, ends.get(0)));
            run.sendAll(List.of("10"), Map.of());
            facts.put("last", reset(run, ends.get(1)));
        }
        return facts;
    }

    /** Commits for the group without being a member; returns what is read, and the next record. */
    private static List<Object> reset(Run run, long offset) {
        TopicPartition partition = run.partition();
        try (KafkaConsumer<byte[], byte[]> tool = run.openConsumer(Map.of("group.id", run.name()))) {
            tool.assign(List.of(partition));
            tool.commitSync(Map.of(partition, new OffsetAndMetadata(offset)));
        }
        try (KafkaConsumer<byte[], byte[]> member = run.openMember(ONE_BY_ONE, run.name())) {
            long committed = member.committed(Set.of(partition)).get(partition).offset();
            return List.of(committed, texts(take(member, 1)).get(0));
        }
    }

    static Map<String, Object> assignor(Run run) throws Exception {
        String[] topics = {run.name() + "-a", run.name() + "-b"};
        run.create(3, Map.of(), topics);
        String assignor = ASSIGNORS.get(run.variant()).getName();
        Map<String, Object> options = Map.of(
            "partition.assignment.strategy", assignor, "heartbeat.interval.ms", 100);
        Map<String, Object> facts = new HashMap<>();
        try (Admin admin = run.openAdmin();
            KafkaConsumer<byte[], byte[]> first = run.openMember(options, topics)) {
            try (KafkaConsumer<byte[], byte[]> second = run.openMember(options, topics)) {
                List<List<String>> together = settle(first, second);
                facts.put("sizes", together.stream().map(List::size).toList());
                if (!run.variant().contains("sticky")) {
                    facts.put("together", together);
                }
                ConsumerGroupDescription group = run.described(admin);
                facts.put("protocol", group.partitionAssignor());
                facts.put("state", group.groupState().toString());
                facts.put("members", group.members().size());
            }
            facts.put("alone", settle(first).get(0));
        }
        return facts;
    }

    /** Polls until all six partitions belong to one member each, and each has some; larger shares come first. */
    @SafeVarargs
    private static List<List<String>> settle(KafkaConsumer<byte[], byte[]>... members) {
        long deadline = deadline();
        while (System.nanoTime() < deadline) {
            List<List<String>> shares = new ArrayList<>();
            for (KafkaConsumer<byte[], byte[]> member : members) {
                member.poll(POLL);
            }
            for (KafkaConsumer<byte[], byte[]> member : members) {
                shares.add(share(member.assignment()));
            }
            List<String> all = shares.stream().flatMap(List::stream).toList();
            boolean everybody = shares.stream().noneMatch(List::isEmpty);
            if (everybody && all.size() == 6 && new TreeSet<>(all).size() == 6) {
                shares.sort(Comparator.<List<String>>comparingInt(List::size).reversed()
                    .thenComparing(each -> each.get(0)));
                return shares;
            }
        }
        throw new IllegalStateException("the group has not settled");
    }

    private static List<String> share(Set<TopicPartition> partitions) {
        return partitions.stream()
            .map(each -> each.topic().substring(each.topic().length() - 1) + "-" + each.partition())
            .sorted().toList();
    }
}
