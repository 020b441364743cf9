package admin;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DeleteTopicsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.Uuid;

/** Topics from their creation to their end. */
final class TopicScenes {
    private static final Uuid UNKNOWN_ID = new Uuid(7, 7);
    private static final short ONE = 1;

    private TopicScenes() {
    }

    static void made(Stage stage) throws Exception {
        List<NewTopic> wanted = List.of(
            new NewTopic("orders", 3, ONE).configs(Map.of("retention.ms", "604800000", "cleanup.policy", "delete")),
            new NewTopic("payments", Optional.empty(), Optional.empty()),
            new NewTopic("placed", Map.of(0, List.of(1), 1, List.of(1))));
        stage.change("topics of three kinds", admin -> admin.createTopics(wanted), "orders", "payments", "placed");
        List<NewTopic> refused = List.of(
            new NewTopic("orders", 1, ONE),
            new NewTopic("not/valid", 1, ONE),
            new NewTopic("", 1, ONE),
            new NewTopic("..", 1, ONE),
            new NewTopic("replicated", 1, (short) 3),
            new NewTopic("unreplicated", 1, (short) 0),
            new NewTopic("without-partitions", 0, ONE),
            new NewTopic("elsewhere", Map.of(0, List.of(7))),
            new NewTopic("twice", Map.of(0, List.of(1, 1))),
            new NewTopic("with-gap", Map.of(0, List.of(1), 2, List.of(1))),
            new NewTopic("wrong-value", 1, ONE).configs(Map.of("retention.ms", "soon")),
            new NewTopic("wrong-key", 1, ONE).configs(Map.of("no.such.option", "1")));
        stage.change("refused", admin -> admin.createTopics(refused), "orders", "not/valid");
        CreateTopicsOptions onlyValidated = new CreateTopicsOptions().validateOnly(true);
        List<NewTopic> imagined = List.of(new NewTopic("imagined", 2, ONE), new NewTopic("orders", 2, ONE));
        stage.change("only validated", admin -> admin.createTopics(imagined, onlyValidated), "imagined", "orders");
    }

    static void described(Stage stage) throws Exception {
        List<String> names = List.of("orders", "payments", "placed", "missing");
        DescribeTopicsOptions options = new DescribeTopicsOptions()
            .includeAuthorizedOperations(true).partitionSizeLimitPerResponse(1);
        TopicCollection ids = TopicCollection.ofTopicIds(List.of(stage.topicId("orders"), UNKNOWN_ID));
        stage.look("all", admin -> admin.listTopics());
        stage.look("with internal ones", admin -> admin.listTopics(new ListTopicsOptions().listInternal(true)));
        stage.look("by name", admin -> admin.describeTopics(names));
        stage.look("in pages of one partition", admin -> admin.describeTopics(names, options));
        stage.look("by id", admin -> admin.describeTopics(ids));
        stage.look("by id, with operations", admin -> admin.describeTopics(ids, options));
    }

    static void grown(Stage stage) throws Exception {
        Map<String, NewPartitions> wanted = Map.of(
            "orders", NewPartitions.increaseTo(4),
            "payments", NewPartitions.increaseTo(1),
            "placed", NewPartitions.increaseTo(3, List.of(List.of(1))),
            "missing", NewPartitions.increaseTo(2));
        stage.change("grown and refused", admin -> admin.createPartitions(wanted));
        Map<String, NewPartitions> refused = Map.of(
            "orders", NewPartitions.increaseTo(5),
            "payments", NewPartitions.increaseTo(2, List.of()),
            "placed", NewPartitions.increaseTo(4, List.of(List.of(9))));
        CreatePartitionsOptions onlyValidated = new CreatePartitionsOptions().validateOnly(true);
        stage.change("only validated", admin -> admin.createPartitions(refused, onlyValidated));
        stage.look("after they have grown", admin -> admin.describeTopics(List.of("orders", "payments", "placed")));
    }

    static void deleted(Stage stage) throws Exception {
        TopicCollection ids = TopicCollection.ofTopicIds(List.of(stage.topicId("placed"), UNKNOWN_ID));
        TopicCollection names = TopicCollection.ofTopicNames(List.of("placed"));
        stage.change("by name", admin -> admin.deleteTopics(List.of("payments", "missing")));
        stage.change("by name, again", admin -> admin.deleteTopics(List.of("payments"), new DeleteTopicsOptions()));
        stage.change("by id", admin -> admin.deleteTopics(ids));
        stage.change("by name, gone by id", admin -> admin.deleteTopics(names, new DeleteTopicsOptions()));
        stage.look("what is left", admin -> admin.listTopics());
    }
}
