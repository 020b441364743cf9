package admin;

import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.SET;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.ListConfigResourcesOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * What an administrator can set, for one life of a data directory, and what of all lives is there.
 *
 * <p>Takes {@code set} or {@code show}, a broker's address, what is left out with commas between, and the name of a
 * life. {@code show} prints a line of JSON.
 */
public final class Exchange {
    /** The lives of which the configurations of groups are shown where a broker cannot list them. */
    private static final List<String> LIVES = List.of("a", "b", "c");

    private final Admin admin;
    private final Set<String> leftOut;

    private Exchange(Admin admin, Set<String> leftOut) {
        this.admin = admin;
        this.leftOut = leftOut;
    }

    public static void main(String[] arguments) throws Exception {
        Set<String> leftOut = Arrays.stream(arguments[2].split(",")).collect(Collectors.toSet());
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", arguments[1]))) {
            Exchange exchange = new Exchange(admin, leftOut);
            if (arguments[0].equals("set")) {
                exchange.set(arguments[3]);
            } else {
                System.out.println(new ObjectMapper().writeValueAsString(Shown.of(exchange.shown())));
            }
        }
    }

    private boolean has(String method) {
        return !leftOut.contains(method);
    }

    private void set(String life) throws Exception {
        NewTopic topic = new NewTopic("kept-" + life, 3, (short) 1);
        admin.createTopics(List.of(topic.configs(Map.of("retention.ms", "1234567")))).all().get();
        admin.incrementalAlterConfigs(configs(life)).all().get();
        if (has("alterClientQuotas")) {
            admin.alterClientQuotas(quotas(life)).all().get();
        }
        if (has("alterUserScramCredentials")) {
            admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(
                "user-" + life, new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), "secret"))).all().get();
        }
        if (has("updateFeatures")) {
            boolean down = admin.describeFeatures().featureMetadata().get()
                .finalizedFeatures().get("transaction.version").maxVersionLevel() == 2;
            FeatureUpdate update = new FeatureUpdate((short) (down ? 1 : 2), down
                ? FeatureUpdate.UpgradeType.SAFE_DOWNGRADE : FeatureUpdate.UpgradeType.UPGRADE);
            admin.updateFeatures(Map.of("transaction.version", update), new UpdateFeaturesOptions()).all().get();
        }
        if (has("createAcls") && has("acls")) {
            admin.createAcls(List.of(new AclBinding(
                new ResourcePattern(ResourceType.TOPIC, "kept-", PatternType.PREFIXED),
                new AccessControlEntry("User:user-" + life, "*", AclOperation.READ, AclPermissionType.ALLOW))))
                .all().get();
        }
    }

    private Map<ConfigResource, Collection<AlterConfigOp>> configs(String life) {
        Map<ConfigResource, Collection<AlterConfigOp>> wanted = new HashMap<>();
        wanted.put(new ConfigResource(Type.TOPIC, "kept-" + life), op("cleanup.policy", "compact"));
        if (has("config-resources")) {
            String number = Integer.toString(life.charAt(0));
            wanted.put(new ConfigResource(Type.BROKER, "1"), op("log.retention.ms", "70" + number + "000"));
            wanted.put(new ConfigResource(Type.BROKER, ""), op("message.max.bytes", "10" + number + "000"));
            wanted.put(new ConfigResource(Type.GROUP, "group-" + life), op("consumer.session.timeout.ms", "50000"));
            wanted.put(new ConfigResource(Type.CLIENT_METRICS, "seen-" + life), op("interval.ms", "60000"));
        }
        return wanted;
    }

    private static List<AlterConfigOp> op(String key, String value) {
        return List.of(new AlterConfigOp(new ConfigEntry(key, value), SET));
    }

    private static List<ClientQuotaAlteration> quotas(String life) {
        Map<String, String> everyUser = new HashMap<>();
        everyUser.put(ClientQuotaEntity.USER, null);
        return List.of(
            quota(Map.of(ClientQuotaEntity.USER, "user-" + life), "producer_byte_rate", 1_000_000.0),
            quota(Map.of(ClientQuotaEntity.IP, "127.0.0." + (int) life.charAt(0)), "connection_creation_rate", 50.0),
            quota(everyUser, "request_percentage", 100.0 + life.charAt(0)));
    }

    private static ClientQuotaAlteration quota(Map<String, String> entity, String key, double value) {
        return new ClientQuotaAlteration(
            new ClientQuotaEntity(entity), List.of(new ClientQuotaAlteration.Op(key, value)));
    }

    private Map<String, Object> shown() throws Exception {
        Map<String, Object> shown = new TreeMap<>();
        Set<String> topics = admin.listTopics().names().get();
        shown.put("topics", admin.describeTopics(topics).allTopicNames().get());
        shown.put("configs", dynamicConfigs(topics));
        shown.put("features", admin.describeFeatures().featureMetadata().get().finalizedFeatures());
        if (has("describeClientQuotas")) {
            shown.put("quotas", admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get());
        }
        if (has("describeUserScramCredentials")) {
            shown.put("users", admin.describeUserScramCredentials().all().get());
        }
        if (has("describeAcls") && has("acls")) {
            shown.put("acls", admin.describeAcls(AclBindingFilter.ANY).values().get());
        }
        return shown;
    }

    private Map<String, Map<String, String>> dynamicConfigs(Set<String> topics) throws Exception {
        Set<ConfigResource> asked = topics.stream()
            .map(topic -> new ConfigResource(Type.TOPIC, topic)).collect(Collectors.toSet());
        if (has("config-resources")) {
            asked.add(new ConfigResource(Type.BROKER, "1"));
            asked.add(new ConfigResource(Type.BROKER, ""));
            Set<Type> listed = Set.of(Type.CLIENT_METRICS);
            if (has("list-groups-configs")) {
                listed = Set.of(Type.GROUP, Type.CLIENT_METRICS);
            } else {
                LIVES.forEach(life -> asked.add(new ConfigResource(Type.GROUP, "group-" + life)));
            }
            asked.addAll(admin.listConfigResources(listed, new ListConfigResourcesOptions()).all().get());
        }
        Map<String, Map<String, String>> found = new TreeMap<>();
        for (Map.Entry<ConfigResource, Config> described : admin.describeConfigs(asked).all().get().entrySet()) {
            Map<String, String> dynamic = new TreeMap<>();
            described.getValue().entries().stream()
                .filter(entry -> entry.source().name().startsWith("DYNAMIC"))
                .forEach(entry -> dynamic.put(entry.name(), entry.value()));
            found.put(described.getKey().toString(), dynamic);
        }
        return found;
    }
}
