package clients;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * The Java consumer as a member of a group until its standard input ends: a line of JSON for each thing that it meets.
 *
 * <p>{@code assigned} has the member id and its partitions, {@code read} the records of one partition as offset and
 * number, {@code committed} the offsets that the broker has taken, {@code refused} what it has not.
 */
public final class GroupMember implements ConsumerRebalanceListener {
    private static final Duration POLL = Duration.ofMillis(100);
    /** What was read since the last commit is read again by somebody when this member dies. */
    private static final int POLLS_FOR_A_COMMIT = 5;
    private static final Map<String, String> ASSIGNORS = Map.of(
        "range", "org.apache.kafka.clients.consumer.RangeAssignor",
        "roundrobin", "org.apache.kafka.clients.consumer.RoundRobinAssignor");

    private final KafkaConsumer<String, String> consumer;
    private final Map<TopicPartition, OffsetAndMetadata> uncommitted = new HashMap<>();
    private int generation = -1;

    private GroupMember(KafkaConsumer<String, String> consumer) {
        this.consumer = consumer;
    }

    /** Takes the assignor, the broker's address, a name, the session timeout in ms, and the instance id or "-". */
    public static void main(String[] arguments) {
        Map<String, Object> options = new HashMap<>(Map.of(
            "bootstrap.servers", arguments[1],
            "group.id", arguments[2],
            "session.timeout.ms", arguments[3],
            "heartbeat.interval.ms", 300,
            "max.poll.interval.ms", 20_000,
            "auto.offset.reset", "earliest",
            "enable.auto.commit", false,
            "partition.assignment.strategy", ASSIGNORS.get(arguments[0]),
            "reconnect.backoff.max.ms", 200));
        if (!arguments[4].equals("-")) {
            options.put("group.instance.id", arguments[4]);
        }
        Thread input = new Thread(GroupMember::awaitEndOfInput, "input");
        input.setDaemon(true);
        input.start();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(options, new StringDeserializer(), new StringDeserializer())) {
            GroupMember member = new GroupMember(consumer);
            consumer.subscribe(List.of(arguments[2]), member);
            while (input.isAlive()) {
                member.readOnce();
            }
        }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
        generation = consumer.groupMetadata().generationId();
        List<Integer> partitions = assigned.stream().map(TopicPartition::partition).sorted().toList();
        say("assigned", "\"member\": \"" + consumer.groupMetadata().memberId() + "\", \"partitions\": " + partitions);
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
        uncommitted.clear();
    }

    private void readOnce() {
        try {
            for (int poll = 0; poll < POLLS_FOR_A_COMMIT; poll++) {
                ConsumerRecords<String, String> polled = consumer.poll(POLL);
                for (TopicPartition partition : polled.partitions()) {
                    tell(partition, polled.records(partition));
                }
            }
            if (!uncommitted.isEmpty()) {
                consumer.commitSync(uncommitted);
                Map<String, Long> shown = new TreeMap<>();
                uncommitted.forEach((each, end) -> shown.put("\"" + each.partition() + "\"", end.offset()));
                say("committed", "\"offsets\": " + shown.toString().replace("=", ": "));
                uncommitted.clear();
            }
        } catch (KafkaException refused) {
            say("refused", "\"reason\": \"" + refused.getClass().getSimpleName() + "\"");
        }
    }

    private void tell(TopicPartition partition, List<ConsumerRecord<String, String>> polled) {
        List<List<Long>> records = new ArrayList<>();
        for (ConsumerRecord<String, String> record : polled) {
            records.add(List.of(record.offset(), Long.valueOf(record.value().strip().split(" ")[0])));
        }
        say("read", "\"partition\": " + partition.partition() + ", \"records\": " + records);
        uncommitted.put(partition, new OffsetAndMetadata(records.get(records.size() - 1).get(0) + 1));
    }

    private void say(String event, String facts) {
        System.out.printf("{\"event\": \"%s\", \"generation\": %d, %s}%n", event, generation, facts);
    }

    private static void awaitEndOfInput() {
        try {
            while (System.in.read() != -1) {
                continue;
            }
        } catch (IOException closed) {
            return;
        }
    }
}
