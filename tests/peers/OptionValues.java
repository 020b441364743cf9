import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.coordinator.group.GroupConfig;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.apache.kafka.server.config.QuotaConfig;
import org.apache.kafka.server.metrics.ClientMetricsConfigs;
import org.apache.kafka.storage.internals.log.LogConfig;

/**
 * What Apache Kafka makes of values of its options, and of all the settings of a broker together.
 *
 * <p>Each line of standard input asks {@code {kind, name, text}}, an option and a value for it, or {@code {settings}}, a
 * broker's properties. The line that answers has the value as Kafka prints it, {@code refused} with Kafka's words, or
 * {@code failed} where Kafka trips over a value that is null.
 */
public final class OptionValues {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Map<String, ConfigDef> DEFINITIONS = Map.of(
        "broker", AbstractKafkaConfig.CONFIG_DEF,
        "quota", QuotaConfig.brokerQuotaConfigs(),
        "topic", LogConfig.configDefCopy(),
        "group", GroupConfig.configDef(),
        "client-metrics", ClientMetricsConfigs.configDef());

    private OptionValues() {
    }

    public static void main(String[] arguments) throws IOException {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        StringBuilder answers = new StringBuilder();
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            answers.append(MAPPER.writeValueAsString(answer(MAPPER.readTree(line)))).append('\n');
        }
        System.out.print(answers);
    }

    private static ObjectNode answer(JsonNode question) {
        ObjectNode answer = MAPPER.createObjectNode();
        try {
            if (question.has("settings")) {
                Properties settings = new Properties();
                question.get("settings").properties().forEach(
                    each -> settings.setProperty(each.getKey(), each.getValue().asText()));
                KafkaConfig.fromProps(settings, false);
                return answer;
            }
            ConfigDef.ConfigKey key = DEFINITIONS.get(question.get("kind").asText())
                .configKeys().get(question.get("name").asText());
            JsonNode text = question.get("text");
            Object value = text.isNull() ? null : ConfigDef.parseType(key.name, text.asText(), key.type);
            if (key.validator != null) {
                key.validator.ensureValid(key.name, value);
            }
            return answer.put("value", ConfigDef.convertToString(value, key.type));
        } catch (NullPointerException failure) {
            return answer.put("failed", failure.getMessage());
        } catch (RuntimeException refusal) {
            return answer.put("refused", refusal.getMessage());
        }
    }
}
