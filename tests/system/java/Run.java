package clients;

import static clients.Facts.bytes;
import static clients.Facts.get;
import static clients.Facts.refusal;
import static clients.Facts.soon;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** What one run is told: its variant or "-", the broker's address, a name for topics and groups. */
record Run(String variant, String bootstrap, String name) {
    TopicPartition partition() {
        return new TopicPartition(name, 0);
    }

    private Map<String, Object> configured(Map<String, Object> options) {
        Map<String, Object> configured = new HashMap<>(options);
        configured.put("bootstrap.servers", bootstrap);
        return configured;
    }

    Admin openAdmin() {
        return Admin.create(configured(Map.of()));
    }

    KafkaProducer<byte[], byte[]> openProducer(Map<String, Object> options) {
        return new KafkaProducer<>(configured(options), new ByteArraySerializer(), new ByteArraySerializer());
    }

    KafkaConsumer<byte[], byte[]> openConsumer(Map<String, Object> options) {
        Map<String, Object> configured = configured(Map.of(
            "auto.offset.reset", "earliest", "enable.auto.commit", false));
        configured.putAll(options);
        return new KafkaConsumer<>(configured, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Opens a consumer of the whole partition without a group. */
    KafkaConsumer<byte[], byte[]> openReader() {
        KafkaConsumer<byte[], byte[]> consumer = openConsumer(Map.of());
        consumer.assign(List.of(partition()));
        return consumer;
    }

    /** Opens a member of the group of this name. */
    KafkaConsumer<byte[], byte[]> openMember(Map<String, Object> options, String... topics) {
        Map<String, Object> more = new HashMap<>(options);
        more.put("group.id", name);
        KafkaConsumer<byte[], byte[]> consumer = openConsumer(more);
        consumer.subscribe(List.of(topics));
        return consumer;
    }

    void create(int partitions, Map<String, String> configs, String... topics) throws Exception {
        try (Admin admin = openAdmin()) {
            List<NewTopic> created = Arrays.stream(topics)
                .map(topic -> new NewTopic(topic, partitions, (short) 1).configs(configs)).toList();
            get(admin.createTopics(created).all());
            soon(() -> refusal(() -> get(admin.describeTopics(List.of(topics)).allTopicNames())), 0);
        }
    }

    void create() throws Exception {
        create(1, Map.of(), name);
    }

    /** Sends values to partition 0 and returns their offsets. */
    List<Long> sendAll(Collection<String> values, Map<String, Object> options) throws Exception {
        List<Future<RecordMetadata>> places = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = openProducer(options)) {
            for (String value : values) {
                places.add(producer.send(new ProducerRecord<>(name, 0, null, bytes(value))));
            }
        }
        List<Long> offsets = new ArrayList<>();
        for (Future<RecordMetadata> place : places) {
            offsets.add(get(place).offset());
        }
        return offsets;
    }

    List<Long> ends(KafkaConsumer<byte[], byte[]> consumer) {
        Set<TopicPartition> asked = Set.of(partition());
        return Stream.of(consumer.beginningOffsets(asked), consumer.endOffsets(asked))
            .map(offsets -> offsets.get(partition())).toList();
    }

    OffsetAndMetadata committed(Admin admin) throws Exception {
        return get(admin.listConsumerGroupOffsets(name).partitionsToOffsetAndMetadata()).get(partition());
    }

    ConsumerGroupDescription described(Admin admin) throws Exception {
        return get(admin.describeConsumerGroups(Set.of(name)).all()).get(name);
    }
}
