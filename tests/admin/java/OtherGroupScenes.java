package admin;

import static admin.Stage.FIRST;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterShareGroupOffsetsOptions;
import org.apache.kafka.clients.admin.AlterStreamsGroupOffsetsOptions;
import org.apache.kafka.clients.admin.DeleteShareGroupOffsetsOptions;
import org.apache.kafka.clients.admin.DeleteShareGroupsOptions;
import org.apache.kafka.clients.admin.DeleteStreamsGroupOffsetsOptions;
import org.apache.kafka.clients.admin.DeleteStreamsGroupsOptions;
import org.apache.kafka.clients.admin.DescribeShareGroupsOptions;
import org.apache.kafka.clients.admin.DescribeStreamsGroupsOptions;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListStreamsGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListStreamsGroupOffsetsSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Groups of streams and share groups. No broker of 4.1 has a group of streams unless it is told to, and what is said
 * of offsets is said of any group.
 */
final class OtherGroupScenes {
    private static final List<String> NAMES = List.of("pipeline", "nobody");

    private OtherGroupScenes() {
    }

    static void streams(Stage stage) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> wanted = Map.of(FIRST, new OffsetAndMetadata(5));
        stage.look("a new one", admin -> admin.alterStreamsGroupOffsets("pipeline", wanted), FIRST);
        stage.look("with options", admin -> admin.alterStreamsGroupOffsets(
            "pipeline", wanted, new AlterStreamsGroupOffsetsOptions()), FIRST);
        stage.look("unsupported", admin -> admin.describeStreamsGroups(NAMES));
        stage.look("unsupported, with options", admin -> admin.describeStreamsGroups(
            NAMES, new DescribeStreamsGroupsOptions()));
        Map<String, ListStreamsGroupOffsetsSpec> specs = Map.of("pipeline", new ListStreamsGroupOffsetsSpec());
        stage.look("of one", admin -> admin.listStreamsGroupOffsets(specs), "pipeline");
        stage.look("with options", admin -> admin.listStreamsGroupOffsets(
            specs, new ListStreamsGroupOffsetsOptions()), "pipeline");
        stage.look("of one", admin -> admin.deleteStreamsGroupOffsets("pipeline", Set.of(FIRST)), FIRST);
        stage.look("of nobody", admin -> admin.deleteStreamsGroupOffsets(
            "nobody", Set.of(FIRST), new DeleteStreamsGroupOffsetsOptions()), FIRST);
        stage.look("one and none", admin -> admin.deleteStreamsGroups(NAMES));
        stage.look("none", admin -> admin.deleteStreamsGroups(NAMES, new DeleteStreamsGroupsOptions()));
    }

    static void share(Stage stage) throws Exception {
        stage.look("none", admin -> admin.describeShareGroups(NAMES));
        stage.look("none, with options", admin -> admin.describeShareGroups(
            NAMES, new DescribeShareGroupsOptions().includeAuthorizedOperations(true)));
        Map<TopicPartition, Long> wanted = Map.of(FIRST, 5L);
        stage.look("of nobody", admin -> admin.alterShareGroupOffsets("nobody", wanted), FIRST);
        stage.look("with options", admin -> admin.alterShareGroupOffsets(
            "nobody", wanted, new AlterShareGroupOffsetsOptions()), FIRST);
        Map<String, ListShareGroupOffsetsSpec> specs = Map.of("nobody", new ListShareGroupOffsetsSpec());
        stage.look("of nobody", admin -> admin.listShareGroupOffsets(specs), "nobody");
        stage.look("with options", admin -> admin.listShareGroupOffsets(
            specs, new ListShareGroupOffsetsOptions()), "nobody");
        stage.look("of nobody", admin -> admin.deleteShareGroupOffsets("nobody", Set.of("orders")), "orders");
        stage.look("with options", admin -> admin.deleteShareGroupOffsets(
            "nobody", Set.of("orders"), new DeleteShareGroupOffsetsOptions()), "orders");
        stage.look("none", admin -> admin.deleteShareGroups(NAMES));
        stage.look("none, with options", admin -> admin.deleteShareGroups(NAMES, new DeleteShareGroupsOptions()));
    }
}
