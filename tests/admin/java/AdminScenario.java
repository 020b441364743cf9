package admin;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;

/**
 * Every public method of Kafka's Admin, called on new brokers in one order: what came of each call, as a line of JSON.
 *
 * <p>Takes the address of a broker, that of its controller listener, and what is left out, with commas between.
 */
public final class AdminScenario {
    /** A refusal that a client would ask about again and again ends the call after this, and the scenario fails. */
    private static final int LONGEST_CALL_MS = 20_000;

    private AdminScenario() {
    }

    public static void main(String[] arguments) throws Exception {
        Set<String> leftOut = Arrays.stream(arguments[2].split(",")).collect(Collectors.toSet());
        Properties properties = new Properties();
        configured("bootstrap.servers", arguments[0]).forEach(properties::put);
        Map<String, Object> toController = configured("bootstrap.controllers", arguments[1]);
        try (Admin admin = Admin.create(properties); Admin controlling = Admin.create(toController);
             Admin settling = Admin.create(configured("bootstrap.servers", arguments[0]))) {
            Calls calls = new Calls(leftOut, settling);
            calls.note("create(Properties)");
            calls.note("create(Map)");
            Stage stage = new Stage(calls, calls.watch(admin), calls.watch(controlling), admin, arguments[0]);
            play(stage);
            closed(stage, "of the controller", stage.controller());
            closed(stage, "of the broker", stage.admin());
            System.out.println(new ObjectMapper().writeValueAsString(calls.report()));
        }
    }

    private static void closed(Stage stage, String name, Admin watched) throws Exception {
        stage.calls().look(watched, name, admin -> {
            admin.close(Duration.ofSeconds(5));
            return null;
        });
        stage.calls().look(watched, name + ", again", admin -> {
            admin.close();
            return null;
        });
    }

    private static Map<String, Object> configured(String key, String address) {
        return Map.of(
            key, address, "default.api.timeout.ms", LONGEST_CALL_MS, "request.timeout.ms", LONGEST_CALL_MS,
            "client.id", "scenario");
    }

    private static void play(Stage stage) throws Exception {
        ClusterScenes.described(stage);
        TopicScenes.made(stage);
        TopicScenes.described(stage);
        TopicScenes.grown(stage);
        RecordScenes.written(stage);
        RecordScenes.producers(stage);
        RecordScenes.deleted(stage);
        ReplicaScenes.elections(stage);
        ReplicaScenes.reassignments(stage);
        ReplicaScenes.logDirectories(stage);
        ConfigScenes.topics(stage);
        ConfigScenes.brokers(stage);
        ConfigScenes.otherResources(stage);
        ConfigScenes.lists(stage);
        GroupScenes.living(stage);
        GroupScenes.empty(stage);
        OtherGroupScenes.streams(stage);
        OtherGroupScenes.share(stage);
        SecurityScenes.quotas(stage);
        SecurityScenes.scram(stage);
        SecurityScenes.acls(stage);
        SecurityScenes.tokens(stage);
        TransactionScenes.all(stage);
        ClusterScenes.features(stage);
        ClusterScenes.quorum(stage);
        ClusterScenes.brokers(stage);
        ClusterScenes.client(stage);
        ClusterScenes.controller(stage);
        TopicScenes.deleted(stage);
    }
}
