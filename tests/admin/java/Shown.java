package admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.Uuid;

/**
 * Any value of Kafka's clients as JSON: everything that its public methods tell, so that nothing can be forgotten.
 *
 * <p>A future is what it brings, a value or the class and message of an exception. Lists keep their order, which a
 * broker or the client has chosen; sets and other collections, whose order says nothing, are put in one.
 */
final class Shown {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    /** Longer than any call of a scenario may take by its own options. */
    private static final long WAIT_S = 30;
    private static final Set<String> SAY_NOTHING = Set.of(
        "hashCode", "toString", "getClass", "clone", "notify", "notifyAll", "wait", "toFilter");

    private Shown() {
    }

    static JsonNode of(Object value) throws InterruptedException {
        if (value == null) {
            return JSON.nullNode();
        }
        JsonNode plain = plain(value);
        if (plain != null) {
            return plain;
        }
        if (value instanceof KafkaFuture<?> future) {
            return outcome(future);
        }
        if (value instanceof Optional<?> optional) {
            return of(optional.orElse(null));
        }
        if (value instanceof Map<?, ?> map) {
            return object(map);
        }
        if (value instanceof List<?> list) {
            return array(list);
        }
        if (value instanceof Collection<?> collection) {
            return sorted(array(collection));
        }
        return value instanceof Throwable refusal ? refusal(refusal) : told(value);
    }

    /** Shows what a result says about each of the things that a call was about, by its methods of one argument. */
    static ObjectNode about(Object result, List<?> keys) throws InterruptedException {
        ObjectNode shown = JSON.objectNode();
        for (Method method : methods(result.getClass(), 1)) {
            for (Object key : keys) {
                if (method.getParameterTypes()[0] == key.getClass()) {
                    shown.set(method.getName() + "(" + key + ")", returned(method, result, key));
                }
            }
        }
        return shown;
    }

    static ObjectNode refusal(Throwable refusal) {
        return JSON.objectNode().put("class", refusal.getClass().getName()).put("message", refusal.getMessage());
    }

    private static JsonNode plain(Object value) {
        if (value instanceof Boolean truth) {
            return JSON.booleanNode(truth);
        }
        if (value instanceof Double || value instanceof Float) {
            return JSON.numberNode(((Number) value).doubleValue());
        }
        if (value instanceof Number number) {
            return JSON.numberNode(number.longValue());
        }
        if (value instanceof OptionalLong optional) {
            return optional.isPresent() ? JSON.numberNode(optional.getAsLong()) : JSON.nullNode();
        }
        if (value instanceof OptionalInt optional) {
            return optional.isPresent() ? JSON.numberNode(optional.getAsInt()) : JSON.nullNode();
        }
        if (value instanceof byte[] bytes) {
            return JSON.textNode(HexFormat.of().formatHex(bytes));
        }
        if (value instanceof Enum<?> constant) {
            return JSON.textNode(constant.name());
        }
        boolean speaksForItself = value instanceof CharSequence || value instanceof Uuid
            || value instanceof TopicPartition || value instanceof TopicPartitionReplica;
        return speaksForItself ? JSON.textNode(value.toString()) : null;
    }

    private static JsonNode outcome(KafkaFuture<?> future) throws InterruptedException {
        try {
            return JSON.objectNode().set("value", of(future.get(WAIT_S, TimeUnit.SECONDS)));
        } catch (ExecutionException refused) {
            return JSON.objectNode().set("refused", refusal(refused.getCause()));
        } catch (TimeoutException late) {
            throw new IllegalStateException("no answer within " + WAIT_S + " s", late);
        }
    }

    private static ObjectNode object(Map<?, ?> map) throws InterruptedException {
        Map<String, JsonNode> entries = new TreeMap<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            entries.put(String.valueOf(entry.getKey()), of(entry.getValue()));
        }
        ObjectNode shown = JSON.objectNode();
        entries.forEach(shown::set);
        return shown;
    }

    private static ArrayNode array(Collection<?> values) throws InterruptedException {
        ArrayNode shown = JSON.arrayNode();
        for (Object value : values) {
            shown.add(of(value));
        }
        return shown;
    }

    private static ArrayNode sorted(ArrayNode values) {
        ArrayNode shown = JSON.arrayNode();
        Stream.generate(values.elements()::next).limit(values.size())
            .sorted(Comparator.comparing(JsonNode::toString)).forEach(shown::add);
        return shown;
    }

    private static ObjectNode told(Object value) throws InterruptedException {
        ObjectNode shown = JSON.objectNode();
        for (Method method : methods(value.getClass(), 0)) {
            shown.set(method.getName(), returned(method, value));
        }
        return shown;
    }

    private static JsonNode returned(Method method, Object value, Object... arguments) throws InterruptedException {
        try {
            return of(method.invoke(value, arguments));
        } catch (InvocationTargetException thrown) {
            return JSON.objectNode().set("thrown", refusal(thrown.getCause()));
        } catch (IllegalAccessException hidden) {
            throw new IllegalStateException(method + " is public, but its class is not", hidden);
        }
    }

    /** Returns what a class tells by public methods of so many arguments, in the order of their names. */
    private static List<Method> methods(Class<?> told, int arguments) {
        return Arrays.stream(told.getMethods())
            .filter(method -> method.getParameterCount() == arguments && !method.isSynthetic())
            .filter(method -> !Modifier.isStatic(method.getModifiers()))
            .filter(method -> method.getReturnType() != void.class && method.getReturnType() != told)
            .filter(method -> !SAY_NOTHING.contains(method.getName()))
            .sorted(Comparator.comparing(Method::getName).thenComparing(Method::toString))
            .toList();
    }
}
