package clients;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.apache.kafka.common.utils.AppInfoParser;

/** The Java clients: one behaviour a run, its facts as a line of JSON. */
public final class JavaClient {
    private static final Map<String, Behaviour> BEHAVIOURS = Map.ofEntries(
        Map.entry("contents", Producing::contents),
        Map.entry("null-headers", Producing::nullHeaders),
        Map.entry("compression", Producing::compression),
        Map.entry("acks", Producing::acks),
        Map.entry("idempotence", Producing::idempotence),
        Map.entry("large", Producing::large),
        Map.entry("refusals", Producing::refusals),
        Map.entry("seek", Consuming::seek),
        Map.entry("manual-commits", Consuming::manualCommits),
        Map.entry("consumer-protocol", Consuming::consumerProtocol),
        Map.entry("automatic-commits", Consuming::automaticCommits),
        Map.entry("partitions", Consuming::partitions),
        Map.entry("assignor", Consuming::assignor),
        Map.entry("topics", Administration::topics),
        Map.entry("configs", Administration::configs),
        Map.entry("groups", Administration::groups),
        Map.entry("resets", Consuming::resets),
        Map.entry("transactions", Producing::transactions),
        Map.entry("offsets", Administration::offsets),
        Map.entry("records", Administration::records),
        Map.entry("cluster", Administration::cluster));

    private JavaClient() {
    }

    /** Takes a behaviour, its variant or "-", the broker's address, and a name for topics and groups. */
    public static void main(String[] arguments) throws Exception {
        Run run = new Run(arguments[1], arguments[2], arguments[3]);
        Map<String, Object> facts = BEHAVIOURS.get(arguments[0]).show(run);
        Map<String, Object> printed = Map.of("version", AppInfoParser.getVersion(), "facts", facts);
        System.out.println(new ObjectMapper().writeValueAsString(printed));
    }

    @FunctionalInterface
    private interface Behaviour {
        Map<String, Object> show(Run run) throws Exception;
    }
}
