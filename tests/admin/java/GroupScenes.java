package admin;

import static admin.Stage.FIRST;
import static admin.Stage.MISSING;
import static admin.Stage.SECOND;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.DeleteConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.DeleteConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeClassicGroupsOptions;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListConsumerGroupsOptions;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;

/** Groups of consumers: one with a member, which is then removed, and what it has committed. */
final class GroupScenes {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long JOIN_LIMIT_NS = 30_000_000_000L;
    private static final List<String> NAMES = List.of("readers", "nobody");

    private GroupScenes() {
    }

    static void living(Stage stage) throws Exception {
        try (KafkaConsumer<String, String> member = stage.openMember("readers", "seat-1")) {
            member.subscribe(List.of("orders"));
            long deadline = System.nanoTime() + JOIN_LIMIT_NS;
            while (member.assignment().isEmpty()) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("no partition was assigned");
                }
                member.poll(POLL);
            }
            member.commitSync(Map.of(FIRST, new OffsetAndMetadata(7, "seven"), SECOND, new OffsetAndMetadata(0)));
            listed(stage);
            described(stage);
            offsets(stage);
            refusedWhileItLives(stage);
            removed(stage);
        }
    }

    @SuppressWarnings({"deprecation", "removal"})
    private static void listed(Stage stage) throws Exception {
        ListGroupsOptions stable = new ListGroupsOptions()
            .inGroupStates(Set.of(GroupState.STABLE)).withTypes(Set.of(GroupType.CLASSIC));
        ListGroupsOptions empty = new ListGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY));
        stage.look("all", admin -> admin.listGroups());
        stage.look("stable ones", admin -> admin.listGroups(stable));
        stage.look("empty ones", admin -> admin.listGroups(empty));
        stage.look("of consumers", admin -> admin.listGroups(ListGroupsOptions.forConsumerGroups()));
        stage.look("all", admin -> admin.listConsumerGroups());
        stage.look("stable ones", admin -> admin.listConsumerGroups(
            new ListConsumerGroupsOptions().inGroupStates(Set.of(GroupState.STABLE))));
    }

    private static void described(Stage stage) throws Exception {
        stage.look("one and none", admin -> admin.describeConsumerGroups(NAMES));
        stage.look("with operations", admin -> admin.describeConsumerGroups(
            NAMES, new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true)));
        stage.look("one and none", admin -> admin.describeClassicGroups(NAMES));
        stage.look("with operations", admin -> admin.describeClassicGroups(
            NAMES, new DescribeClassicGroupsOptions().includeAuthorizedOperations(true)));
    }

    private static void offsets(Stage stage) throws Exception {
        ListConsumerGroupOffsetsOptions stable = new ListConsumerGroupOffsetsOptions().requireStable(true);
        Map<String, ListConsumerGroupOffsetsSpec> specs = Map.of(
            "readers", new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(FIRST, MISSING)),
            "nobody", new ListConsumerGroupOffsetsSpec());
        stage.look("of one", admin -> admin.listConsumerGroupOffsets("readers"));
        stage.look("of one, stable", admin -> admin.listConsumerGroupOffsets("readers", stable));
        stage.look("of two", admin -> admin.listConsumerGroupOffsets(specs), "readers", "nobody");
        stage.look("of two, stable", admin -> admin.listConsumerGroupOffsets(specs, stable), "readers", "nobody");
    }

    private static void refusedWhileItLives(Stage stage) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> wanted = Map.of(FIRST, new OffsetAndMetadata(1));
        stage.look("with a member", admin -> admin.alterConsumerGroupOffsets("readers", wanted), FIRST);
        stage.look("with a member", admin -> admin.deleteConsumerGroupOffsets("readers", Set.of(FIRST)), FIRST);
        stage.look("with a member", admin -> admin.deleteConsumerGroups(List.of("readers")));
        MemberToRemove stranger = new MemberToRemove("seat-9");
        stage.look("a stranger", admin -> admin.removeMembersFromConsumerGroup(
            "readers", new RemoveMembersFromConsumerGroupOptions(Set.of(stranger))), stranger);
    }

    private static void removed(Stage stage) throws Exception {
        MemberToRemove seat = new MemberToRemove("seat-1");
        RemoveMembersFromConsumerGroupOptions one = new RemoveMembersFromConsumerGroupOptions(Set.of(seat));
        one.reason("the scenario goes on");
        stage.look("the member", admin -> admin.removeMembersFromConsumerGroup("readers", one), seat);
        stage.look("everybody", admin -> admin.removeMembersFromConsumerGroup(
            "readers", new RemoveMembersFromConsumerGroupOptions()));
        stage.look("without members", admin -> admin.describeConsumerGroups(List.of("readers")));
    }

    static void empty(Stage stage) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> wanted = Map.of(
            FIRST, new OffsetAndMetadata(8, "eight"), MISSING, new OffsetAndMetadata(1));
        Set<TopicPartition> places = Set.of(FIRST, SECOND);
        stage.look("of an empty one", admin -> admin.alterConsumerGroupOffsets("readers", wanted), FIRST, MISSING);
        stage.look("of a new one", admin -> admin.alterConsumerGroupOffsets(
            "written", new HashMap<>(Map.of(FIRST, new OffsetAndMetadata(2))),
            new AlterConsumerGroupOffsetsOptions()), FIRST);
        stage.look("of both", admin -> admin.listConsumerGroupOffsets(Map.of(
            "readers", new ListConsumerGroupOffsetsSpec(), "written", new ListConsumerGroupOffsetsSpec())),
            "readers", "written");
        stage.look("of an empty one", admin -> admin.deleteConsumerGroupOffsets("readers", places), FIRST, SECOND);
        stage.look("of nobody", admin -> admin.deleteConsumerGroupOffsets(
            "nobody", places, new DeleteConsumerGroupOffsetsOptions()), FIRST);
        stage.look("what is left", admin -> admin.listConsumerGroupOffsets("readers"));
        Collection<String> written = List.of("written", "nobody");
        stage.look("one and none", admin -> admin.deleteConsumerGroups(written));
        stage.look("with options", admin -> admin.deleteConsumerGroups(
            List.of("readers"), new DeleteConsumerGroupsOptions()));
        stage.look("none", admin -> admin.listGroups());
    }
}
