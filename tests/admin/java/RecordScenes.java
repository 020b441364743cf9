package admin;

import static admin.Stage.FIRST;
import static admin.Stage.FIRST_TIMESTAMP_MS;
import static admin.Stage.SECOND;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.DeleteRecordsOptions;
import org.apache.kafka.clients.admin.DescribeProducersOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** Records as an administrator sees them: where they are, who has written them, and how they go. */
final class RecordScenes {
    private RecordScenes() {
    }

    static void written(Stage stage) throws Exception {
        stage.send(FIRST, 10);
        Map<String, OffsetSpec> specs = Map.of(
            "the latest", OffsetSpec.latest(),
            "the earliest", OffsetSpec.earliest(),
            "the one with the largest time", OffsetSpec.maxTimestamp(),
            "a time", OffsetSpec.forTimestamp(FIRST_TIMESTAMP_MS + 3_500),
            "a time behind the end", OffsetSpec.forTimestamp(FIRST_TIMESTAMP_MS + 3_600_000),
            "the earliest local one", OffsetSpec.earliestLocal(),
            "the latest tiered one", OffsetSpec.latestTiered());
        for (Map.Entry<String, OffsetSpec> spec : new TreeMap<>(specs).entrySet()) {
            Map<TopicPartition, OffsetSpec> asked = Map.of(FIRST, spec.getValue(), SECOND, spec.getValue());
            stage.look(spec.getKey(), admin -> admin.listOffsets(asked), FIRST, SECOND);
        }
        ListOffsetsOptions committed = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED);
        stage.look("committed", admin -> admin.listOffsets(Map.of(FIRST, OffsetSpec.latest()), committed), FIRST);
    }

    static void producers(Stage stage) throws Exception {
        List<TopicPartition> asked = List.of(FIRST, SECOND);
        DescribeProducersOptions atBroker = new DescribeProducersOptions().brokerId(1);
        stage.look("one and none", admin -> admin.describeProducers(asked), FIRST, SECOND);
        stage.look("at a broker", admin -> admin.describeProducers(List.of(FIRST), atBroker), FIRST);
    }

    static void deleted(Stage stage) throws Exception {
        Map<TopicPartition, RecordsToDelete> wanted = Map.of(
            FIRST, RecordsToDelete.beforeOffset(4), SECOND, RecordsToDelete.beforeOffset(50));
        stage.look("some and too many", admin -> admin.deleteRecords(wanted));
        Map<TopicPartition, RecordsToDelete> all = Map.of(FIRST, RecordsToDelete.beforeOffset(-1));
        stage.look("all", admin -> admin.deleteRecords(all, new DeleteRecordsOptions()));
        stage.look("after a deletion", admin -> admin.listOffsets(Map.of(FIRST, OffsetSpec.earliest())));
    }
}
