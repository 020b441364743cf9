package clients;

import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * The Java producer, idempotent, which sends numbers until its standard input ends, whatever becomes of the broker.
 *
 * <p>Each acknowledged record is a line, {@code acknowledged <partition> <number> <offset>}; at the end comes the
 * version and how many numbers each partition was sent, as a line of JSON.
 */
public final class NumberedProducer {
    private static final AtomicInteger FAILURES = new AtomicInteger();

    private NumberedProducer() {
    }

    /** Takes the broker's address, a topic, its number of partitions, how many may be unanswered, and linger.ms. */
    public static void main(String[] arguments) throws InterruptedException {
        String topic = arguments[1];
        int partitions = Integer.parseInt(arguments[2]);
        Semaphore window = new Semaphore(Integer.parseInt(arguments[3]));
        Thread input = new Thread(NumberedProducer::awaitEndOfInput, "input");
        input.setDaemon(true);
        input.start();
        int sent = 0;
        Map<String, Object> options = Map.of(
            "bootstrap.servers", arguments[0],
            "enable.idempotence", true,
            "linger.ms", arguments[4],
            "batch.size", 2500,
            "retry.backoff.ms", 20,
            "retry.backoff.max.ms", 200,
            "reconnect.backoff.ms", 20,
            "reconnect.backoff.max.ms", 200);
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(options, new StringSerializer(), new StringSerializer())) {
            while (input.isAlive()) {
                for (int partition = 0; partition < partitions; partition++) {
                    window.acquire();
                    send(producer, topic, partition, sent, window);
                }
                sent++;
            }
            producer.flush();
        }
        Object counts = Collections.nCopies(partitions, sent);
        System.out.printf("{\"version\": \"%s\", \"facts\": {\"sent\": %s}}%n", AppInfoParser.getVersion(), counts);
        System.exit(FAILURES.get() == 0 ? 0 : 1);
    }

    private static void send(
            KafkaProducer<String, String> producer, String topic, int partition, int number, Semaphore window) {
        String value = String.format("%8d %s", number, ".".repeat(191));
        producer.send(new ProducerRecord<>(topic, partition, null, value), (metadata, failure) -> {
            if (failure == null) {
                System.out.printf("acknowledged %d %d %d%n", partition, number, metadata.offset());
            } else {
                FAILURES.incrementAndGet();
                System.out.printf("failed %d %d %s%n", partition, number, failure);
            }
            window.release();
        });
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
