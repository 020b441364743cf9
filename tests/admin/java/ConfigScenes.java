package admin;

import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.APPEND;
import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.DELETE;
import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.SET;
import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.SUBTRACT;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.ListClientMetricsResourcesOptions;
import org.apache.kafka.clients.admin.ListConfigResourcesOptions;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;

/** The configuration of everything that has one. */
final class ConfigScenes {
    private static final ConfigResource ORDERS = new ConfigResource(Type.TOPIC, "orders");
    private static final ConfigResource MISSING = new ConfigResource(Type.TOPIC, "missing");
    private static final ConfigResource BROKER = new ConfigResource(Type.BROKER, "1");
    private static final ConfigResource BROKERS = new ConfigResource(Type.BROKER, "");
    private static final ConfigResource LOGGERS = new ConfigResource(Type.BROKER_LOGGER, "1");
    private static final ConfigResource GROUP = new ConfigResource(Type.GROUP, "readers");
    private static final ConfigResource SUBSCRIPTION = new ConfigResource(Type.CLIENT_METRICS, "slow-clients");
    private static final DescribeConfigsOptions EVERYTHING = new DescribeConfigsOptions()
        .includeSynonyms(true).includeDocumentation(true);

    private ConfigScenes() {
    }

    private static AlterConfigOp op(AlterConfigOp.OpType type, String key, String value) {
        return new AlterConfigOp(new ConfigEntry(key, value), type);
    }

    static void topics(Stage stage) throws Exception {
        Map<ConfigResource, Collection<AlterConfigOp>> wanted = Map.of(
            ORDERS, List.of(
                op(SET, "max.message.bytes", "2000000"), op(DELETE, "retention.ms", null),
                op(APPEND, "cleanup.policy", "compact")),
            MISSING, List.of(op(SET, "max.message.bytes", "1")));
        stage.change("a topic and none", admin -> admin.incrementalAlterConfigs(wanted));
        AlterConfigsOptions onlyValidated = new AlterConfigsOptions().validateOnly(true);
        for (AlterConfigOp refused : List.of(
            op(SET, "retention.ms", "soon"), op(SET, "no.such.option", "1"), op(APPEND, "retention.ms", "1"),
            op(SUBTRACT, "cleanup.policy", "delete,compact"), op(SET, "min.insync.replicas", "0"),
            op(SET, "retention.ms", null))) {
            String name = refused.opType() + " " + refused.configEntry().name() + "=" + refused.configEntry().value();
            stage.change("only validated, " + name, admin -> admin.incrementalAlterConfigs(
                Map.of(ORDERS, List.of(refused)), onlyValidated));
        }
        stage.look("a topic and none", admin -> admin.describeConfigs(List.of(ORDERS, MISSING)));
        stage.look("a topic with everything", admin -> admin.describeConfigs(List.of(ORDERS), EVERYTHING));
    }

    static void brokers(Stage stage) throws Exception {
        stage.look("a broker", admin -> admin.describeConfigs(List.of(BROKER), EVERYTHING));
        if (!stage.calls().play("config-resources")) {
            return;
        }
        Map<ConfigResource, Collection<AlterConfigOp>> wanted = Map.of(
            BROKER, List.of(op(SET, "log.retention.ms", "700000000"), op(SET, "background.threads", "5")),
            BROKERS, List.of(op(SET, "message.max.bytes", "1500000")));
        stage.change("a broker and all brokers", admin -> admin.incrementalAlterConfigs(wanted));
        for (AlterConfigOp refused : List.of(
            op(SET, "node.id", "2"), op(SET, "no.such.option", "1"), op(SET, "background.threads", "none"),
            op(SET, "listeners", "PLAINTEXT://:0"), op(DELETE, "background.threads", null),
            op(APPEND, "background.threads", "1"))) {
            String name = refused.opType() + " " + refused.configEntry().name() + "=" + refused.configEntry().value();
            for (ConfigResource resource : List.of(BROKER, BROKERS)) {
                stage.change(name + " of '" + resource.name() + "'", admin -> admin.incrementalAlterConfigs(
                    Map.of(resource, List.of(refused)), new AlterConfigsOptions().validateOnly(true)));
            }
        }
        stage.look("a broker with dynamic values", admin -> admin.describeConfigs(List.of(BROKER), EVERYTHING));
        stage.look("all brokers", admin -> admin.describeConfigs(List.of(BROKERS), EVERYTHING));
        stage.look("a topic after its broker", admin -> admin.describeConfigs(List.of(ORDERS), EVERYTHING));
        stage.change("taken back", admin -> admin.incrementalAlterConfigs(Map.of(
            BROKER, List.of(op(DELETE, "log.retention.ms", null), op(DELETE, "background.threads", null)),
            BROKERS, List.of(op(DELETE, "message.max.bytes", null)))));
    }

    static void otherResources(Stage stage) throws Exception {
        if (!stage.calls().play("config-resources")) {
            return;
        }
        Map<ConfigResource, Collection<AlterConfigOp>> wanted = Map.of(
            LOGGERS, List.of(op(SET, "kafka.server.KafkaApis", "DEBUG")),
            GROUP, List.of(op(SET, "consumer.session.timeout.ms", "50000")),
            SUBSCRIPTION, List.of(op(SET, "interval.ms", "60000"), op(SET, "metrics", "org.apache.kafka.")));
        stage.change("loggers, a group, metrics of clients", admin -> admin.incrementalAlterConfigs(wanted));
        Map<ConfigResource, Collection<AlterConfigOp>> refused = Map.of(
            LOGGERS, List.of(op(SET, "kafka.server.KafkaApis", "LOUD")),
            GROUP, List.of(op(SET, "consumer.session.timeout.ms", "1")),
            SUBSCRIPTION, List.of(op(SET, "match", "shoe_size=43")));
        stage.change("refused", admin -> admin.incrementalAlterConfigs(refused));
        stage.change("unknown keys", admin -> admin.incrementalAlterConfigs(Map.of(
            LOGGERS, List.of(op(SET, "no.such.logger", "DEBUG")),
            GROUP, List.of(op(SET, "no.such.option", "1")),
            SUBSCRIPTION, List.of(op(SET, "no.such.option", "1")))));
        stage.look("a group", admin -> admin.describeConfigs(List.of(GROUP), EVERYTHING));
        stage.look("metrics of clients", admin -> admin.describeConfigs(List.of(SUBSCRIPTION), EVERYTHING));
        stage.look("neither", admin -> admin.describeConfigs(List.of(
            new ConfigResource(Type.GROUP, "nobody"), new ConfigResource(Type.CLIENT_METRICS, "nothing"))));
        stage.look("loggers", admin -> admin.describeConfigs(List.of(LOGGERS)));
    }

    @SuppressWarnings({"deprecation", "removal"})
    static void lists(Stage stage) throws Exception {
        ListConfigResourcesOptions plain = new ListConfigResourcesOptions();
        stage.look("all", admin -> admin.listConfigResources());
        for (Type type : List.of(Type.TOPIC, Type.BROKER, Type.BROKER_LOGGER, Type.GROUP, Type.CLIENT_METRICS)) {
            stage.look(type.name(), admin -> admin.listConfigResources(Set.of(type), plain));
        }
        stage.look("unknown", admin -> admin.listConfigResources(Set.of(Type.UNKNOWN), plain));
        stage.look("all", admin -> admin.listClientMetricsResources());
        stage.look("with options", admin -> admin.listClientMetricsResources(new ListClientMetricsResourcesOptions()));
    }
}
