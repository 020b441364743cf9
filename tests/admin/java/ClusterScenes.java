package admin;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.AddRaftVoterOptions;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeFeaturesOptions;
import org.apache.kafka.clients.admin.DescribeMetadataQuorumOptions;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.FeatureUpdate.UpgradeType;
import org.apache.kafka.clients.admin.RaftVoterEndpoint;
import org.apache.kafka.clients.admin.RemoveRaftVoterOptions;
import org.apache.kafka.clients.admin.UnregisterBrokerOptions;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.metrics.KafkaMetric;

/** The cluster as a whole, asked through a broker and through the controller. */
final class ClusterScenes {
    private static final Uuid DIRECTORY = new Uuid(3, 3);

    private ClusterScenes() {
    }

    static void described(Stage stage) throws Exception {
        stage.look("plain", admin -> admin.describeCluster());
        stage.look("with operations and fenced brokers", admin -> admin.describeCluster(
            new DescribeClusterOptions().includeAuthorizedOperations(true).includeFencedBrokers(true)));
    }

    static void features(Stage stage) throws Exception {
        stage.look("plain", admin -> admin.describeFeatures());
        stage.look("with options", admin -> admin.describeFeatures(new DescribeFeaturesOptions()));
        UpdateFeaturesOptions onlyValidated = new UpdateFeaturesOptions().validateOnly(true);
        for (Map<String, FeatureUpdate> wanted : List.of(
            update("transaction.version", 1, UpgradeType.SAFE_DOWNGRADE),
            update("transaction.version", 1, UpgradeType.UPGRADE),
            update("transaction.version", 9, UpgradeType.UPGRADE),
            update("metadata.version", 7, UpgradeType.SAFE_DOWNGRADE),
            update("metadata.version", 7, UpgradeType.UNSAFE_DOWNGRADE),
            update("metadata.version", 27, UpgradeType.UPGRADE),
            update("metadata.version", 99, UpgradeType.UPGRADE),
            update("kraft.version", 1, UpgradeType.UPGRADE),
            update("share.version", 1, UpgradeType.UPGRADE),
            update("no.such.feature", 1, UpgradeType.UPGRADE))) {
            stage.change("only validated, " + wanted, admin -> admin.updateFeatures(wanted, onlyValidated));
        }
        stage.change("down", admin -> admin.updateFeatures(
            update("transaction.version", 1, UpgradeType.SAFE_DOWNGRADE), new UpdateFeaturesOptions()));
        stage.change("up", admin -> admin.updateFeatures(
            update("transaction.version", 2, UpgradeType.UPGRADE), new UpdateFeaturesOptions()));
    }

    private static Map<String, FeatureUpdate> update(String feature, int level, UpgradeType type) {
        return Map.of(feature, new FeatureUpdate((short) level, type));
    }

    static void quorum(Stage stage) throws Exception {
        stage.look("plain", admin -> admin.describeMetadataQuorum());
        stage.look("with options", admin -> admin.describeMetadataQuorum(new DescribeMetadataQuorumOptions()));
        Set<RaftVoterEndpoint> endpoints = Set.of(new RaftVoterEndpoint("CONTROLLER", "localhost", 9));
        stage.look("a third", admin -> admin.addRaftVoter(3, DIRECTORY, endpoints));
        stage.look("a third, with options", admin -> admin.addRaftVoter(
            3, DIRECTORY, endpoints, new AddRaftVoterOptions()));
        stage.look("a third", admin -> admin.removeRaftVoter(3, DIRECTORY));
        stage.look("a third, with options", admin -> admin.removeRaftVoter(
            3, DIRECTORY, new RemoveRaftVoterOptions()));
    }

    static void brokers(Stage stage) throws Exception {
        stage.change("a stranger", admin -> admin.unregisterBroker(7));
        stage.change("a stranger, with options", admin -> admin.unregisterBroker(-1, new UnregisterBrokerOptions()));
    }

    /** What the client keeps to itself, or asks for only where a broker collects metrics of clients. */
    static void client(Stage stage) throws Exception {
        stage.look("of a broker that collects nothing", admin -> admin.clientInstanceId(Duration.ofSeconds(1)));
        stage.look("of no time", admin -> admin.clientInstanceId(Duration.ofSeconds(-1)));
        stage.look("by their groups", admin -> {
            Set<String> groups = new TreeSet<>();
            admin.metrics().keySet().stream().map(MetricName::group).forEach(groups::add);
            // Of clients of the same name only the first one of a JVM has these.
            groups.remove("app-info");
            return groups;
        });
        KafkaMetric own = (KafkaMetric) stage.unwatched().metrics().values().iterator().next();
        stage.look("one", admin -> {
            admin.registerMetricForSubscription(own);
            return null;
        });
        stage.look("one", admin -> {
            admin.unregisterMetricFromSubscription(own);
            return null;
        });
    }

    /** What can be asked of a controller, and what it leaves to the brokers. */
    static void controller(Stage stage) throws Exception {
        Calls calls = stage.calls();
        Admin controller = stage.controller();
        ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "orders");
        calls.look(controller, "of the controller", admin -> admin.describeCluster());
        calls.look(controller, "of the controller", admin -> admin.describeFeatures());
        calls.look(controller, "of the controller", admin -> admin.describeMetadataQuorum());
        calls.look(controller, "of the controller, topics", admin -> admin.listTopics());
        calls.look(controller, "of the controller, a topic", admin -> admin.describeConfigs(List.of(topic)));
        Map<ConfigResource, Collection<AlterConfigOp>> wanted = Map.of(topic, List.of(new AlterConfigOp(
            new ConfigEntry("flush.messages", "1000"), AlterConfigOp.OpType.SET)));
        calls.change(controller, "of the controller, a topic", admin -> admin.incrementalAlterConfigs(wanted));
        calls.change(controller, "of the controller, a stranger", admin -> admin.unregisterBroker(7));
        if (calls.play("config-resources")) {
            calls.look(controller, "of the controller, itself", admin -> admin.describeConfigs(List.of(broker)));
        }
    }
}
