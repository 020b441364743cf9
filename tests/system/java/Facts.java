package clients;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.protocol.Errors;

/** How facts are taken from the clients and shown. */
final class Facts {
    private static final long WAIT_MS = 30_000;
    static final Duration POLL = Duration.ofMillis(50);

    private Facts() {
    }

    /** Something that a broker may refuse. */
    @FunctionalInterface
    interface Call {
        void run() throws Exception;
    }

    /** Returns the reading of {@link System#nanoTime} at which waiting ends. */
    static long deadline() {
        return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MS);
    }

    /** Polls until so many records have come. */
    static List<ConsumerRecord<byte[], byte[]>> take(KafkaConsumer<byte[], byte[]> consumer, int count) {
        List<ConsumerRecord<byte[], byte[]>> taken = new ArrayList<>();
        long deadline = deadline();
        while (taken.size() < count) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("only " + taken.size() + " of " + count + " records came");
            }
            consumer.poll(POLL).forEach(taken::add);
        }
        return taken;
    }

    static List<String> texts(List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().map(record -> new String(record.value(), StandardCharsets.UTF_8)).toList();
    }

    static List<Long> offsets(List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().map(ConsumerRecord::offset).toList();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String hex(byte[] content) {
        return content == null ? null : HexFormat.of().formatHex(content);
    }

    static List<String> numbers(int first, int end) {
        return IntStream.range(first, end).mapToObj(Integer::toString).toList();
    }

    /** Returns the number of the error that a call is refused with. */
    static int refusal(Call call) throws Exception {
        try {
            call.run();
            return Errors.NONE.code();
        } catch (ExecutionException refused) {
            return Errors.forException(refused.getCause()).code();
        }
    }

    /** Returns what is wanted once it is seen, or the last that was: a broker answers before it knows what it did. */
    static <T> T soon(Callable<T> look, T wanted) throws Exception {
        long deadline = deadline();
        T seen = look.call();
        while (!seen.equals(wanted) && System.nanoTime() < deadline) {
            Thread.sleep(10);
            seen = look.call();
        }
        return seen;
    }

    static <T> T get(Future<T> future) throws Exception {
        return future.get(WAIT_MS, TimeUnit.MILLISECONDS);
    }
}
