package admin;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * What scenes are played with: watched Admins of a broker and of its controller listener, and an unwatched one for
 * what a scene has to know.
 */
record Stage(Calls calls, Admin admin, Admin controller, Admin unwatched, String bootstrap) {
    static final TopicPartition FIRST = new TopicPartition("orders", 0);
    static final TopicPartition SECOND = new TopicPartition("orders", 1);
    static final TopicPartition MISSING = new TopicPartition("missing", 0);
    /** The time of the first record; each later one is a second younger. */
    static final long FIRST_TIMESTAMP_MS = 1_700_000_000_000L;

    void look(String name, Calls.Call call, Object... keys) throws Exception {
        calls.look(admin, name, call, keys);
    }

    void change(String name, Calls.Call call, Object... keys) throws Exception {
        calls.change(admin, name, call, keys);
    }

    Uuid topicId(String topic) throws Exception {
        return unwatched.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
    }

    /** Sends records with known times to a partition; every one is stored when this returns. */
    void send(TopicPartition partition, int count) throws Exception {
        Map<String, Object> options = Map.of("bootstrap.servers", bootstrap, "client.id", "writer");
        try (KafkaProducer<String, String> producer =
                 new KafkaProducer<>(options, new StringSerializer(), new StringSerializer())) {
            for (int number = 0; number < count; number++) {
                producer.send(new ProducerRecord<>(
                    partition.topic(), partition.partition(), FIRST_TIMESTAMP_MS + number * 1_000L,
                    "key " + number, "value " + number)).get();
            }
        }
    }

    /** Opens a member of a group that commits only what it is told to. */
    KafkaConsumer<String, String> openMember(String group, String instance) {
        Map<String, Object> options = Map.of(
            "bootstrap.servers", bootstrap, "client.id", "reader", "group.id", group,
            ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instance,
            "enable.auto.commit", false, "auto.offset.reset", "earliest");
        return new KafkaConsumer<>(options, new StringDeserializer(), new StringDeserializer());
    }
}
