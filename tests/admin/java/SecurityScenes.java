package admin;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AlterClientQuotasOptions;
import org.apache.kafka.clients.admin.AlterUserScramCredentialsOptions;
import org.apache.kafka.clients.admin.CreateAclsOptions;
import org.apache.kafka.clients.admin.CreateDelegationTokenOptions;
import org.apache.kafka.clients.admin.DeleteAclsOptions;
import org.apache.kafka.clients.admin.DescribeAclsOptions;
import org.apache.kafka.clients.admin.DescribeClientQuotasOptions;
import org.apache.kafka.clients.admin.DescribeDelegationTokenOptions;
import org.apache.kafka.clients.admin.DescribeUserScramCredentialsOptions;
import org.apache.kafka.clients.admin.ExpireDelegationTokenOptions;
import org.apache.kafka.clients.admin.RenewDelegationTokenOptions;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialDeletion;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** Users and clients: what they may use, how they prove who they are, and what they may do. */
final class SecurityScenes {
    private static final byte[] HMAC = {1, 2, 3, 4};

    private SecurityScenes() {
    }

    private static ClientQuotaAlteration quota(Map<String, String> entity, String key, Double value) {
        return new ClientQuotaAlteration(
            new ClientQuotaEntity(entity), List.of(new ClientQuotaAlteration.Op(key, value)));
    }

    private static Map<String, String> everyUser() {
        Map<String, String> entity = new HashMap<>();
        entity.put(ClientQuotaEntity.USER, null);
        return entity;
    }

    static void quotas(Stage stage) throws Exception {
        Map<String, String> alice = Map.of(ClientQuotaEntity.USER, "alice");
        Map<String, String> both = Map.of(ClientQuotaEntity.USER, "alice", ClientQuotaEntity.CLIENT_ID, "phone");
        Map<String, String> address = Map.of(ClientQuotaEntity.IP, "127.0.0.2");
        List<ClientQuotaAlteration> wanted = List.of(
            quota(alice, "producer_byte_rate", 1_000_000.0),
            quota(both, "consumer_byte_rate", 2_000_000.0),
            quota(everyUser(), "request_percentage", 200.0),
            quota(address, "connection_creation_rate", 100.0));
        stage.change("four of them", admin -> admin.alterClientQuotas(wanted));
        List<ClientQuotaAlteration> refused = List.of(
            quota(alice, "no_such_quota", 1.0),
            quota(alice, "producer_byte_rate", 0.5),
            quota(both, "producer_byte_rate", -1.0),
            quota(address, "producer_byte_rate", 1.0),
            quota(Map.of(ClientQuotaEntity.IP, "not an address"), "connection_creation_rate", 1.0),
            quota(Map.of("shoe-size", "43"), "producer_byte_rate", 1.0),
            quota(Map.of(ClientQuotaEntity.USER, ""), "producer_byte_rate", 1.0));
        for (ClientQuotaAlteration alteration : refused) {
            stage.change("refused, " + alteration, admin -> admin.alterClientQuotas(
                List.of(alteration), new AlterClientQuotasOptions().validateOnly(true)));
        }
        ClientQuotaFilter ofUsers = ClientQuotaFilter.contains(List.of(
            ClientQuotaFilterComponent.ofEntityType(ClientQuotaEntity.USER)));
        ClientQuotaFilter ofAliceAlone = ClientQuotaFilter.containsOnly(List.of(
            ClientQuotaFilterComponent.ofEntity(ClientQuotaEntity.USER, "alice")));
        ClientQuotaFilter ofEveryUser = ClientQuotaFilter.contains(List.of(
            ClientQuotaFilterComponent.ofDefaultEntity(ClientQuotaEntity.USER)));
        ClientQuotaFilter ofNothingKnown = ClientQuotaFilter.contains(List.of(
            ClientQuotaFilterComponent.ofEntityType("shoe-size")));
        stage.look("all", admin -> admin.describeClientQuotas(ClientQuotaFilter.all()));
        stage.look("of users", admin -> admin.describeClientQuotas(ofUsers));
        stage.look("of one user alone", admin -> admin.describeClientQuotas(
            ofAliceAlone, new DescribeClientQuotasOptions()));
        stage.look("of every user", admin -> admin.describeClientQuotas(ofEveryUser));
        stage.look("of nothing known", admin -> admin.describeClientQuotas(ofNothingKnown));
        stage.change("taken back", admin -> admin.alterClientQuotas(List.of(
            quota(alice, "producer_byte_rate", null), quota(both, "consumer_byte_rate", null),
            quota(everyUser(), "request_percentage", null), quota(address, "connection_creation_rate", null))));
        stage.look("none", admin -> admin.describeClientQuotas(ClientQuotaFilter.all()));
    }

    static void scram(Stage stage) throws Exception {
        List<UserScramCredentialAlteration> wanted = List.of(
            upsertion("alice", ScramMechanism.SCRAM_SHA_256, 4096),
            upsertion("bob", ScramMechanism.SCRAM_SHA_512, 8192));
        stage.change("two users", admin -> admin.alterUserScramCredentials(wanted));
        List<UserScramCredentialAlteration> refused = List.of(
            upsertion("too-few", ScramMechanism.SCRAM_SHA_256, 4095),
            upsertion("too-many", ScramMechanism.SCRAM_SHA_256, 16_385),
            upsertion("", ScramMechanism.SCRAM_SHA_256, 4096),
            upsertion("twice", ScramMechanism.SCRAM_SHA_256, 4096),
            new UserScramCredentialDeletion("twice", ScramMechanism.SCRAM_SHA_256),
            new UserScramCredentialDeletion("bob", ScramMechanism.SCRAM_SHA_256),
            new UserScramCredentialDeletion("nobody", ScramMechanism.SCRAM_SHA_512));
        stage.change("refused", admin -> admin.alterUserScramCredentials(
            refused, new AlterUserScramCredentialsOptions()));
        stage.look("all", admin -> admin.describeUserScramCredentials(), "alice", "nobody");
        List<String> asked = List.of("alice", "nobody");
        stage.look("one and none", admin -> admin.describeUserScramCredentials(asked), "alice", "nobody");
        stage.look("one, twice", admin -> admin.describeUserScramCredentials(
            List.of("bob", "bob"), new DescribeUserScramCredentialsOptions()), "bob");
        stage.change("taken back", admin -> admin.alterUserScramCredentials(List.of(
            new UserScramCredentialDeletion("alice", ScramMechanism.SCRAM_SHA_256),
            new UserScramCredentialDeletion("bob", ScramMechanism.SCRAM_SHA_512))));
        stage.look("none", admin -> admin.describeUserScramCredentials());
    }

    private static UserScramCredentialUpsertion upsertion(String user, ScramMechanism mechanism, int iterations) {
        return new UserScramCredentialUpsertion(user, new ScramCredentialInfo(mechanism, iterations), "secret");
    }

    static void acls(Stage stage) throws Exception {
        AclBinding binding = new AclBinding(
            new ResourcePattern(ResourceType.TOPIC, "orders", PatternType.LITERAL),
            new AccessControlEntry("User:alice", "*", AclOperation.READ, AclPermissionType.ALLOW));
        List<AclBindingFilter> filters = List.of(binding.toFilter());
        stage.look("without an authorizer", admin -> admin.createAcls(List.of(binding)));
        stage.look("without an authorizer, with options", admin -> admin.createAcls(
            List.of(binding), new CreateAclsOptions()));
        stage.look("without an authorizer", admin -> admin.describeAcls(AclBindingFilter.ANY));
        stage.look("without an authorizer, with options", admin -> admin.describeAcls(
            AclBindingFilter.ANY, new DescribeAclsOptions()));
        stage.look("without an authorizer", admin -> admin.deleteAcls(filters));
        stage.look("without an authorizer, with options", admin -> admin.deleteAcls(
            filters, new DeleteAclsOptions()));
    }

    static void tokens(Stage stage) throws Exception {
        stage.look("without a key", admin -> admin.createDelegationToken());
        stage.look("without a key, with options", admin -> admin.createDelegationToken(
            new CreateDelegationTokenOptions().maxLifetimeMs(1_000)));
        stage.look("without a key", admin -> admin.renewDelegationToken(HMAC));
        stage.look("without a key, with options", admin -> admin.renewDelegationToken(
            HMAC, new RenewDelegationTokenOptions()));
        stage.look("without a key", admin -> admin.expireDelegationToken(HMAC));
        stage.look("without a key, with options", admin -> admin.expireDelegationToken(
            HMAC, new ExpireDelegationTokenOptions()));
        stage.look("without a key", admin -> admin.describeDelegationToken());
        stage.look("without a key, with options", admin -> admin.describeDelegationToken(
            new DescribeDelegationTokenOptions()));
    }
}
