package admin;

import static admin.Stage.FIRST;
import static admin.Stage.MISSING;
import static admin.Stage.SECOND;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterPartitionReassignmentsOptions;
import org.apache.kafka.clients.admin.AlterReplicaLogDirsOptions;
import org.apache.kafka.clients.admin.DescribeLogDirsOptions;
import org.apache.kafka.clients.admin.DescribeReplicaLogDirsOptions;
import org.apache.kafka.clients.admin.ElectLeadersOptions;
import org.apache.kafka.clients.admin.ListPartitionReassignmentsOptions;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;

/** Leaders, replicas and where they lie. */
final class ReplicaScenes {
    private ReplicaScenes() {
    }

    static void elections(Stage stage) throws Exception {
        Set<TopicPartition> asked = Set.of(FIRST, MISSING, new TopicPartition("orders", 99));
        stage.change("preferred", admin -> admin.electLeaders(ElectionType.PREFERRED, asked));
        stage.change("unclean", admin -> admin.electLeaders(
            ElectionType.UNCLEAN, asked, new ElectLeadersOptions()));
        stage.change("everywhere", admin -> admin.electLeaders(ElectionType.PREFERRED, null));
    }

    static void reassignments(Stage stage) throws Exception {
        Map<TopicPartition, Optional<NewPartitionReassignment>> wanted = Map.of(
            FIRST, Optional.of(new NewPartitionReassignment(List.of(1))),
            SECOND, Optional.of(new NewPartitionReassignment(List.of(1, 2))),
            new TopicPartition("orders", 2), Optional.of(new NewPartitionReassignment(List.of(1, 1))),
            new TopicPartition("payments", 0), Optional.empty(),
            MISSING, Optional.of(new NewPartitionReassignment(List.of(1))));
        stage.change("to itself, to others, cancelled", admin -> admin.alterPartitionReassignments(wanted));
        Map<TopicPartition, Optional<NewPartitionReassignment>> cancelled = Map.of(MISSING, Optional.empty());
        AlterPartitionReassignmentsOptions options =
            new AlterPartitionReassignmentsOptions().allowReplicationFactorChange(false);
        stage.change("cancelled where nothing is", admin -> admin.alterPartitionReassignments(cancelled, options));

        ListPartitionReassignmentsOptions plain = new ListPartitionReassignmentsOptions();
        stage.look("of all", admin -> admin.listPartitionReassignments());
        stage.look("of all, with options", admin -> admin.listPartitionReassignments(plain));
        stage.look("of one", admin -> admin.listPartitionReassignments(Set.of(FIRST)));
        stage.look("of one, with options", admin -> admin.listPartitionReassignments(Set.of(FIRST), plain));
        stage.look("of some or all", admin -> admin.listPartitionReassignments(Optional.of(Set.of(FIRST)), plain));
    }

    static void logDirectories(Stage stage) throws Exception {
        TopicPartitionReplica first = new TopicPartitionReplica("orders", 0, 1);
        List<TopicPartitionReplica> asked = List.of(first, new TopicPartitionReplica("missing", 0, 1));
        stage.look("of the broker", admin -> admin.describeLogDirs(List.of(1)));
        stage.look("of the broker, with options", admin -> admin.describeLogDirs(
            List.of(1), new DescribeLogDirsOptions()));
        stage.look("one and none", admin -> admin.describeReplicaLogDirs(asked));
        stage.look("one, with options", admin -> admin.describeReplicaLogDirs(
            List.of(first), new DescribeReplicaLogDirsOptions()));
        Map<TopicPartitionReplica, String> nowhere = Map.of(
            first, "/no/such/directory", asked.get(1), "/no/such/directory");
        stage.look("to no directory", admin -> admin.alterReplicaLogDirs(nowhere));
        stage.look("to a relative directory", admin -> admin.alterReplicaLogDirs(
            Map.of(first, "relative"), new AlterReplicaLogDirsOptions()));
    }
}
