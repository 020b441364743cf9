package clients;

import static clients.Facts.bytes;
import static clients.Facts.get;
import static clients.Facts.hex;
import static clients.Facts.numbers;
import static clients.Facts.offsets;
import static clients.Facts.refusal;
import static clients.Facts.take;
import static clients.Facts.texts;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.protocol.Errors;

/** What the Java producer shows. */
final class Producing {
    private static final int RECORD_COUNT = 500;
    private static final int LARGEST_VALUE_BYTES = 1_048_516;
    private static final long FIRST_TIMESTAMP_MS = 1_700_000_000_123L;

    private Producing() {
    }

    static Map<String, Object> contents(Run run) throws Exception {
        List<Header> headers = List.of(
            new RecordHeader("trace", new byte[] {0, (byte) 255}),
            new RecordHeader("trace", new byte[0]),
            new RecordHeader("näme", bytes("value")));
        List<ProducerRecord<byte[], byte[]>> sent = List.of(
            new ProducerRecord<>(run.name(), 0, FIRST_TIMESTAMP_MS, bytes("key"), bytes("value"), headers),
            new ProducerRecord<>(run.name(), 0, FIRST_TIMESTAMP_MS + 1, new byte[0], null, List.of()),
            new ProducerRecord<>(run.name(), 0, FIRST_TIMESTAMP_MS + 2, null, new byte[0], List.of()));
        List<Long> offsets = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = run.openProducer(Map.of())) {
            for (ProducerRecord<byte[], byte[]> record : sent) {
                offsets.add(get(producer.send(record)).offset());
            }
        }
        try (KafkaConsumer<byte[], byte[]> consumer = run.openReader()) {
            return Map.of(
                "offsets", offsets, "records", take(consumer, 3).stream().map(Producing::fields).toList());
        }
    }

    private static Map<String, Object> fields(ConsumerRecord<byte[], byte[]> record) {
        Map<String, Object> fields = new HashMap<>();
        fields.put("offset", record.offset());
        fields.put("key", hex(record.key()));
        fields.put("value", hex(record.value()));
        fields.put("headers", headers(record));
        fields.put("timestamp", record.timestamp());
        return fields;
    }

    private static List<List<String>> headers(ConsumerRecord<byte[], byte[]> record) {
        List<List<String>> headers = new ArrayList<>();
        record.headers().forEach(header -> headers.add(Arrays.asList(header.key(), hex(header.value()))));
        return headers;
    }

    static Map<String, Object> nullHeaders(Run run) throws Exception {
        run.create();
        List<Header> headers = List.of(new RecordHeader("none", null), new RecordHeader("empty", new byte[0]));
        ProducerRecord<byte[], byte[]> sent = new ProducerRecord<>(
            run.name(), 0, FIRST_TIMESTAMP_MS, null, bytes("value"), headers);
        try (KafkaProducer<byte[], byte[]> producer = run.openProducer(Map.of())) {
            get(producer.send(sent));
        }
        try (KafkaConsumer<byte[], byte[]> consumer = run.openReader()) {
            return Map.of("headers", headers(take(consumer, 1).get(0)));
        }
    }

    static Map<String, Object> compression(Run run) throws Exception {
        run.create();
        List<String> values = numbers(0, RECORD_COUNT).stream()
            .map(number -> ("value " + number + " ").repeat(20)).toList();
        List<Long> produced = run.sendAll(
            values, Map.of("compression.type", run.variant(), "linger.ms", 50, "batch.size", 64 * 1024));
        try (KafkaConsumer<byte[], byte[]> consumer = run.openReader()) {
            List<ConsumerRecord<byte[], byte[]>> records = take(consumer, RECORD_COUNT);
            return Map.of("produced", produced, "consumed", offsets(records), "values", texts(records));
        }
    }

    static Map<String, Object> acks(Run run) throws Exception {
        run.create();
        run.sendAll(List.of("value"), Map.of("acks", run.variant(), "enable.idempotence", false));
        try (KafkaConsumer<byte[], byte[]> consumer = run.openReader()) {
            return Map.of("values", texts(take(consumer, 1)));
        }
    }

    static Map<String, Object> idempotence(Run run) throws Exception {
        run.create();
        run.sendAll(numbers(0, RECORD_COUNT), Map.of("enable.idempotence", true, "batch.size", 1000));
        try (KafkaConsumer<byte[], byte[]> consumer = run.openReader()) {
            return Map.of("values", texts(take(consumer, RECORD_COUNT)));
        }
    }

    static Map<String, Object> large(Run run) throws Exception {
        run.create();
        Map<String, Object> facts = new HashMap<>();
        try (KafkaProducer<byte[], byte[]> producer = run.openProducer(Map.of("max.request.size", 2_000_000))) {
            facts.put("taken", sendLarge(run, producer, LARGEST_VALUE_BYTES));
            facts.put("refused", refusal(() -> sendLarge(run, producer, LARGEST_VALUE_BYTES + 1)));
            facts.put("after", sendLarge(run, producer, 5));
        }
        try (KafkaConsumer<byte[], byte[]> consumer = run.openReader()) {
            facts.put("sizes", take(consumer, 2).stream().map(record -> record.value().length).toList());
        }
        return facts;
    }

    private static long sendLarge(Run run, KafkaProducer<byte[], byte[]> producer, int sizeBytes)
        throws Exception {
        return get(producer.send(new ProducerRecord<>(run.name(), 0, null, new byte[sizeBytes]))).offset();
    }

    static Map<String, Object> refusals(Run run) throws Exception {
        try (Admin admin = run.openAdmin()) {
            NewTopic invalid = new NewTopic("no name", 1, (short) 1);
            return Map.of(
                "described", refusal(() -> get(admin.describeTopics(Set.of(run.name())).allTopicNames())),
                "invalid_name", refusal(() -> get(admin.createTopics(Set.of(invalid)).all())));
        }
    }

    static Map<String, Object> transactions(Run run) throws Exception {
        Map<String, Object> options = Map.of("transactional.id", run.name());
        try (KafkaProducer<byte[], byte[]> producer = run.openProducer(options)) {
            producer.initTransactions();
            return Map.of("refused", Errors.NONE.code());
        } catch (ApiException refused) {
            return Map.of("refused", Errors.forException(refused).code());
        }
    }
}
